"""A child that gets no processor is not taken for one that hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from fixtures.waiting import eventually

from sensorium.supervisor.processor_time import times
from sensorium.supervisor.silence import Silence

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells how long threads wait for a processor"
)
SPIN = "import os\nos.sched_setaffinity(0, {%d})\n%s\nwhile True: pass"
IDLE = "os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))"
SECOND = 1_000_000_000


def spinning(core: int, more: str = "pass") -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SPIN % (core, more)])


def waited(pid: int) -> int:
    return max(time.waited_ns for time in times(pid).values())


def test_a_process_without_a_processor_is_given_time_and_a_stopped_one_is_not() -> None:
    core = min(os.sched_getaffinity(0))
    with spinning(core, IDLE) as starved, spinning(core) as greedy:
        try:
            silence = Silence()
            assert not silence.is_too_long(starved.pid, 0, SECOND)
            before = waited(starved.pid)
            eventually(
                lambda: waited(starved.pid) - before > SECOND // 2,
                "it waits for a processor",
            )
            assert not silence.is_too_long(starved.pid, 0, 3 * SECOND + SECOND // 2)
            assert silence.is_too_long(starved.pid, 0, 61 * SECOND), "however long it waited"

            greedy.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, greedy.pid, os.WSTOPPED)
            stopped = Silence()
            assert not stopped.is_too_long(greedy.pid, 0, SECOND)
            assert stopped.is_too_long(greedy.pid, 0, 3 * SECOND + SECOND // 2)
            assert not stopped.is_too_long(greedy.pid, 3 * SECOND, 4 * SECOND), "it beat again"
        finally:
            starved.kill()
            greedy.kill()


def test_a_process_that_is_gone_waits_for_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    assert times(gone.pid) == {}
    assert Silence().is_too_long(gone.pid, 0, 4 * SECOND)
