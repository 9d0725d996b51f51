"""Processes that keep to a corner of the PC while an app leaves cores free, and are freed."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from fixtures.waiting import eventually

from sensorium.clock import now_ns
from sensorium.supervisor.governing.background import Background, Lowerable
from sensorium.supervisor.governing.confinement import Confinement
from sensorium.supervisor.governing.crowd import Crowd

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform != "linux":
    pytest.skip("only Linux's processes are confined", allow_module_level=True)

ALL = frozenset(os.sched_getaffinity(0))
LAST = frozenset({max(ALL)})
several = pytest.mark.skipif(len(ALL) < 2, reason="this PC has one processor")
THREADS = """
import sys, threading, time
busy = int(sys.argv[1])
def work():
    while True:
        end = time.monotonic() + .004
        while time.monotonic() < end: pass
        time.sleep(.004)
for n in range(3):
    wait = threading.Event().wait
    threading.Thread(target=work if n < busy else wait, daemon=True).start()
print(flush=True)
for line in sys.stdin:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    print(flush=True)
"""


def started(stack: ExitStack, busy: int = 0) -> subprocess.Popen[str]:
    made = stack.enter_context(subprocess.Popen(
        [sys.executable, "-c", THREADS, str(busy)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ))
    stack.callback(made.kill)
    more(made, told=True)
    return made


def more(process: subprocess.Popen[str], *, told: bool = False) -> None:
    """One thread more."""
    assert process.stdin
    assert process.stdout
    if not told:
        process.stdin.write("\n")
        process.stdin.flush()
    assert process.stdout.readline() == "\n"


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with ExitStack() as stack:
        yield started(stack)


def allowed(pid: int) -> list[set[int]]:
    return [os.sched_getaffinity(int(name)) for name in os.listdir(f"/proc/{pid}/task")]


@several
def test_all_threads_keep_to_it_and_are_freed(process: subprocess.Popen[str]) -> None:
    confinement = Confinement()
    own = int(sorted(os.listdir(f"/proc/{process.pid}/task"))[-1])
    os.sched_setaffinity(own, {min(ALL)})
    confinement.keep([process.pid], LAST)
    assert allowed(process.pid) == [LAST] * 4
    assert confinement.holds(process.pid)
    more(process)
    assert allowed(process.pid) == [LAST] * 5
    confinement.keep([process.pid], frozenset())
    assert os.sched_getaffinity(own) == {min(ALL)}
    assert sorted(allowed(process.pid), key=len) == [{min(ALL)}, *[ALL] * 4]
    assert not confinement.holds(process.pid)


@several
def test_who_is_not_listed_any_more_or_ends_is_freed(process: subprocess.Popen[str]) -> None:
    confinement = Confinement()
    confinement.keep([process.pid], LAST)
    confinement.keep([], LAST)
    assert allowed(process.pid) == [ALL] * 4
    confinement.keep([process.pid], LAST)
    process.kill()
    process.wait()
    confinement.end()
    assert not confinement.cpus


@several
def test_what_the_owner_has_put_somewhere_stays_there(process: subprocess.Popen[str]) -> None:
    os.sched_setaffinity(process.pid, {min(ALL)})
    confinement = Confinement()
    confinement.keep([process.pid], LAST)
    assert os.sched_getaffinity(process.pid) == {min(ALL)}
    assert not confinement.holds(process.pid)


def test_another_process_of_that_number_is_left_alone() -> None:
    before = os.sched_getaffinity(0), os.sched_getaffinity(1)
    confinement = Confinement()
    confinement.keep([os.getpid(), 1], LAST)
    assert (os.sched_getaffinity(0), os.sched_getaffinity(1)) == before


def test_threads_of_an_app_that_run_are_counted() -> None:
    with ExitStack() as stack:
        app = started(stack, busy=2)
        crowd = Crowd()

        def busy() -> int | None:
            crowd.look(app.pid, now_ns())
            return crowd.busy

        assert busy() is None
        eventually(lambda: busy() == 2, lambda: f"two of its threads run, not {crowd.busy}")
        crowd.look(0, now_ns())
        assert crowd.busy is None


@several
def test_an_app_that_leaves_cores_free_has_them_to_itself(process: subprocess.Popen[str]) -> None:
    background = Background()
    one = Lowerable("fast", process.pid, ())
    with ExitStack() as stack:
        app = started(stack)

        def is_confined() -> bool:
            background.look([one], (), now_ns(), wanted=True, app=app.pid)
            return bool(background.shown["fast"]["cores"])

        eventually(is_confined, "it is known how many threads run")
        cores = set(background.shown["fast"]["cores"])
        assert cores < ALL
        assert allowed(process.pid) == [cores] * 4
        assert background.shown["fast"]["background"]
        background.look([one], (), now_ns(), wanted=False, app=app.pid)
        assert allowed(process.pid) == [ALL] * 4
        assert not background.shown["fast"]["background"]
        # For a while after it, where frames come first, but beside no other app.
        background.look([one], (), now_ns(), wanted=True, app=app.pid)
        background.look([one], (), now_ns(), wanted=False, app=app.pid, stays=True)
        assert allowed(process.pid) == [cores] * 4
        later = now_ns() + 600_000_000_000
        background.look([one], (), later, wanted=False, app=app.pid, stays=True)
        assert allowed(process.pid) == [ALL] * 4
        eventually(is_confined, "it is known how many threads run")
        background.look([one], (), now_ns(), wanted=False, app=0, stays=True)
        assert allowed(process.pid) == [ALL] * 4
        eventually(is_confined, "it is known how many threads run")
        background.end()
        assert allowed(process.pid) == [ALL] * 4
        assert not background.shown["fast"]["cores"]
