"""What a thread is granted that may have no real-time priority, as the kernel tells it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from sensorium.process import time_slice

if sys.platform != "linux":
    pytest.skip("reads Linux's time slices", allow_module_level=True)

ASKS = """
import os, resource, sys, threading
from sensorium.process import priority, time_slice
if os.sched_getscheduler(0) != os.SCHED_OTHER:
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
if os.geteuid() == 0:
    os.setgroups([])
    os.setuid(65534)
os.nice(3)

def ask(entered):
    granted = priority.raise_thread() if entered is None else type(entered.__enter__()).__name__
    done = threading.Event()
    threading.Thread(target=tell, args=(done,)).start()
    done.wait()
    print(threading.get_native_id(), granted, flush=True)
    sys.stdin.readline()
    if entered is not None:
        entered.__exit__()
        print(flush=True)
        sys.stdin.readline()

def tell(done):
    print(time_slice.of(0), flush=True)
    done.set()

thread = threading.Thread(target=ask, args=(priority.Raised() if sys.argv[1:] else None,))
thread.start()
thread.join()
"""
NEW = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2]) >= (6, 12)


def asking(*arguments: str) -> subprocess.Popen[str]:
    """A process of an ordinary user of niceness 3 whose thread has asked."""
    if os.sched_getscheduler(0) != os.SCHED_OTHER and os.geteuid():
        pytest.skip("the tests run in another scheduling class, which only root may leave")
    return subprocess.Popen(
        [sys.executable, "-c", ASKS, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def test_a_thread_without_the_right_to_real_time_has_a_short_slice_and_says_so() -> None:
    with asking() as process:
        assert process.stdout
        usual = int(process.stdout.readline())
        thread, granted = process.stdout.readline().rstrip().split(" ", 1)
        slice_ns = time_slice.of(int(thread))
        nice = os.getpriority(os.PRIO_PROCESS, int(thread))
        policy = os.sched_getscheduler(int(thread)) & ~os.SCHED_RESET_ON_FORK
        process.communicate("\n")
    assert policy == os.SCHED_OTHER
    assert nice == 3
    why = "SCHED_FIFO is not permitted (ulimit -r is 0)"
    if NEW:
        assert slice_ns == time_slice.SHORT_NS < usual
        assert granted == f"ordinary, short slice 0.1 ms: {why}"
    else:
        assert slice_ns != time_slice.SHORT_NS
        assert granted == f"ordinary: {why}"


@pytest.mark.skipif(not NEW, reason="Linux takes a slice from 6.12 on")
def test_a_raised_thread_has_its_usual_slice_again_afterwards() -> None:
    with asking("raised") as process:
        assert process.stdin
        assert process.stdout
        usual = int(process.stdout.readline())
        thread = int(process.stdout.readline().split()[0])
        assert time_slice.of(thread) == time_slice.SHORT_NS
        process.stdin.write("\n")
        process.stdin.flush()
        process.stdout.readline()
        assert time_slice.of(thread) == usual
        process.communicate("\n")


def test_of_a_thread_that_is_gone_nothing_is_told() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        assert time_slice.of(process.pid) == 0
