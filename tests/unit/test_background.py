"""Processes that go to the background, come back, and are rescued where they get nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fixtures.waiting import eventually

from sensorium.clock import now_ns
from sensorium.inference.governor.decision import Governed
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.process import idle_class
from sensorium.supervisor.governing.background import Background, Lowerable

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform != "linux":
    pytest.skip("reads Linux's scheduling classes", allow_module_level=True)

NICE = 5
THREADS = """
import os, sys, threading
os.nice(%d)
for _ in range(3):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print(flush=True)
for line in sys.stdin:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    print(flush=True)
"""
SPIN = """
import os
os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
os.sched_setaffinity(0, {%d})
print(flush=True)
while True: pass
"""
"""In no idle class, though the tests themselves may be in it."""
ASKED = "from sensorium.process.idle_class import may_come_back; print(may_come_back(int({nice})))"
SENSES = (Governed("speech", Tempo(Slowing.DEFERRED, 50, 1000), ""),)
permitted = pytest.mark.skipif(
    not idle_class.may_come_back(0), reason="the system lets nothing leave the idle class"
)


def started(stack: ExitStack, code: str) -> subprocess.Popen[str]:
    """A Python that has begun what it does."""
    made = stack.enter_context(subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ))
    stack.callback(made.kill)
    assert made.stdout
    assert made.stdout.readline() == "\n"
    return made


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with ExitStack() as stack:
        yield started(stack, THREADS % NICE)


def classes(pid: int) -> list[int]:
    return [os.sched_getscheduler(int(name)) for name in os.listdir(f"/proc/{pid}/task")]


def look(background: Background, pid: int, *, wanted: bool = True) -> dict[str, object]:
    background.look([Lowerable("slow", pid, ("speech",))], SENSES, now_ns(), wanted=wanted)
    return background.shown["slow"]


@permitted
def test_all_threads_go_and_come_back_with_their_niceness(process: subprocess.Popen[str]) -> None:
    background = Background()
    assert not look(background, process.pid, wanted=False)["background"]
    assert look(background, process.pid)["background"]
    assert classes(process.pid) == [os.SCHED_IDLE] * 4
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    process.stdout.readline()
    assert classes(process.pid) == [os.SCHED_IDLE] * 5
    assert not look(background, process.pid, wanted=False)["background"]
    assert classes(process.pid) == [os.SCHED_OTHER] * 5
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    assert {os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in tasks} == {NICE}


@permitted
def test_what_ends_or_is_not_listed_any_more_is_taken_back(
    process: subprocess.Popen[str],
) -> None:
    background = Background()
    look(background, process.pid)
    background.look([], SENSES, now_ns(), wanted=True)
    assert set(classes(process.pid)) == {os.SCHED_OTHER}
    look(background, process.pid)
    background.end()
    assert set(classes(process.pid)) == {os.SCHED_OTHER}
    assert not background.shown["slow"]["background"]
    look(background, process.pid)
    process.kill()
    process.wait()
    look(background, process.pid, wanted=False)
    background.end()


@permitted
def test_a_process_without_senses_goes_and_comes_back_too(process: subprocess.Popen[str]) -> None:
    background = Background()
    service = [Lowerable("service", process.pid, ())]
    background.look(service, SENSES, now_ns(), wanted=True)
    assert background.shown["service"]["background"]
    background.look(service, SENSES, now_ns(), wanted=False)
    assert set(classes(process.pid)) == {os.SCHED_OTHER}


def test_a_number_that_another_process_has_is_left_alone() -> None:
    before = os.sched_getscheduler(0), os.sched_getscheduler(1)
    assert idle_class.lower(os.getpid())
    assert idle_class.lower(1)
    assert (os.sched_getscheduler(0), os.sched_getscheduler(1)) == before


@permitted
def test_who_is_begun_in_the_background_may_leave_it() -> None:
    seen: list[int] = []

    def run() -> None:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        idle_class.leave()
        seen.append(os.sched_getscheduler(0))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [os.SCHED_OTHER]


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv"
)
@pytest.mark.parametrize(
    ("limit", "nice", "may"), [(0, 5, False), (14, 5, False), (15, 5, True), (1, 19, True)]
)
def test_whether_it_would_come_back_is_as_the_kernel_has_it(
    limit: int, nice: int, may: bool
) -> None:
    """sched(7): 20 less the niceness must be within RLIMIT_NICE."""
    if subprocess.run(["prlimit", f"--nice={limit}", "true"], check=False).returncode:
        pytest.skip("this system lets nobody raise RLIMIT_NICE")
    said = subprocess.run(
        [
            "prlimit", f"--nice={limit}", "setpriv", "--bounding-set", "-sys_nice",
            "--inh-caps", "-sys_nice", sys.executable, "-c", ASKED.format(nice=nice),
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.strip() == str(may)


@permitted
def test_who_gets_nothing_beside_spinning_threads_is_rescued_for_a_while() -> None:
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        starved = started(stack, SPIN % cores[0])
        for core in cores * 2:
            started(stack, SPIN % core)
        background = Background()
        eventually(
            lambda: look(background, starved.pid)["rescued"], "it is rescued", pause_s=0.5
        )
        assert not background.shown["slow"]["background"]
        assert classes(starved.pid) == [os.SCHED_OTHER]
        eventually(
            lambda: look(background, starved.pid)["background"], "it goes again", pause_s=0.5
        )
        assert classes(starved.pid) == [os.SCHED_IDLE]
        background.end()
        assert classes(starved.pid) == [os.SCHED_OTHER]


@permitted
def test_who_sleeps_is_not_rescued(process: subprocess.Popen[str]) -> None:
    background = Background()
    for _ in range(6):
        assert look(background, process.pid)["rescued"] == 0
        threading.Event().wait(0.3)
    background.end()
