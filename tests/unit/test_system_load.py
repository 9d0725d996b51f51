"""What is read of the system's load: from files as Linux writes them, and from this system."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sensorium.inference.governor.gpu_load import GpuLoad
from sensorium.inference.governor.pressure import Pressure
from sensorium.inference.governor.system_load import SystemLoad

if TYPE_CHECKING:
    from pathlib import Path

SECOND_NS = 1_000_000_000


def write(
    proc: Path, waited_us: int, busy: int, idle: int, own: int, *, nice: int = 0, own_nice: int = 0
) -> None:
    """Files of /proc: `nice` is busy time of nice processes, `own_nice` our own niceness."""
    (proc / "pressure").mkdir(exist_ok=True)
    (proc / "7").mkdir(exist_ok=True)
    for what in ("cpu", "memory"):
        (proc / "pressure" / what).write_text(
            f"some avg10=70.33 avg60=81.90 avg300=73.96 total={waited_us}\n"
            "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        )
    (proc / "stat").write_text(
        f"cpu  {busy} {nice} 0 {idle} 0 0 0 0 5 5\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
    )
    (proc / "7" / "stat").write_text(f"7 (a) b) S {'0 ' * 10}{own} 0 0 0 20 {own_nice} 1\n")


@pytest.mark.skipif(sys.platform == "win32", reason="what Linux tells in files")
def test_our_own_load_is_not_that_of_others(tmp_path: Path) -> None:
    second = os.sysconf("SC_CLK_TCK")
    load = SystemLoad(proc=tmp_path)
    write(tmp_path, 1_000_000, 10 * second, 20 * second, 3 * second)
    assert load.read([7], SECOND_NS) is None
    # In two seconds of two processors three were busy, one of them with us.
    write(tmp_path, 1_500_000, 13 * second, 21 * second, 4 * second)

    assert load.read([7, 8], 3 * SECOND_NS) == Pressure(0.25, 0.5, 0.25, None)
    assert load.read([7], 3 * SECOND_NS + 1) is None
    load.forget()
    assert load.read([7], 9 * SECOND_NS) is None
    assert load.read([7], 10 * SECOND_NS) == Pressure(0.0, None, 0.0, None)


@pytest.mark.skipif(sys.platform == "win32", reason="what Linux tells in files")
def test_programs_that_come_last_by_themselves_are_no_reason(tmp_path: Path) -> None:
    second = os.sysconf("SC_CLK_TCK")
    load = SystemLoad(proc=tmp_path)
    write(tmp_path, 0, 0, 0, 0, own_nice=10)
    load.read([7], SECOND_NS)
    # Both processors were busy all the time: half a second each with others, the rest with what is
    # nice, of which ours are a part.
    write(tmp_path, 900_000, second, 0, second, nice=second, own_nice=10)
    assert load.read([7], 2 * SECOND_NS) == Pressure(0.9, 0.5, 0.9, None)


@pytest.mark.skipif(sys.platform == "win32", reason="what Linux tells in files")
def test_what_linux_does_not_tell_is_not_known(tmp_path: Path) -> None:
    load = SystemLoad(proc=tmp_path)
    load.read([7], 0)
    assert load.read([7], SECOND_NS) == Pressure()

    write(tmp_path, 0, 1, 1, 0)
    for name in ("stat", "7/stat", "pressure/cpu"):
        (tmp_path / name).write_text("?\n")
    load.read([7], 2 * SECOND_NS)
    assert load.read([7], 3 * SECOND_NS) == Pressure(None, None, 0.0, None)


def test_this_system_tells_how_busy_it_is() -> None:
    load = SystemLoad()
    assert load.read([os.getpid()], 0) is None
    time.sleep(0.2)
    pressure = load.read([os.getpid()], SECOND_NS)

    assert pressure is not None
    assert pressure.others_busy is not None
    assert 0.0 <= pressure.others_busy <= 1.0
    assert pressure.gpu_busy is None


def test_a_gpu_that_is_not_there_is_not_known() -> None:
    assert GpuLoad("GPU-00000000-0000-0000-0000-000000000000").others_busy([1]) is None
