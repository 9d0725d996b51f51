"""Whether a process runs, by its number."""

from __future__ import annotations

import os
import subprocess
import sys

from sensorium.channels.running import is_running


def test_a_process_runs_until_it_has_ended() -> None:
    assert is_running(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert is_running(child.pid)
        child.communicate(b"\n")
        pid = child.pid
    assert not is_running(pid)
    assert not is_running(2**40)
