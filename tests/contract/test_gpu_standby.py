"""An engine whose GPU fails in every way goes on with the CPU, says why, and comes back by itself.

The driver and TensorRT are stand-ins, in a process of their own as the real ones are; the CPU's
engine is real. In each scenario every single result is compared with the CPU's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fixtures import stand_in, tensorrt_bindings

PROGRAM = Path(__file__).parent / "programs" / "gpu_standby.py"


@pytest.fixture(autouse=True)
def _binding():
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")


@pytest.mark.parametrize(
    "scenario",
    ["takes_over", "closed_while_it_loads", "killed", "stopped", "hangs", "lost", "cold",
     "other_version", "slower", "slower_for_nobody", "kept_off", "kept_off_by_another_thread"],
)
def test_a_failure_loses_nothing(scenario, tmp_path):
    stand_in.run(
        PROGRAM, scenario, str(tmp_path), STAND_IN_CUDA_FAULTS=str(tmp_path / "faults")
    )


def test_no_device_is_said(tmp_path):
    never(tmp_path, "CUDA_ERROR", STAND_IN_CUDA_DEVICES="0")


def test_no_driver_is_said(tmp_path):
    if Path("/proc/driver/nvidia").exists():
        pytest.skip("there is a driver")
    never(tmp_path, "NVIDIA's driver is not installed", LD_LIBRARY_PATH="")


def test_no_room_at_load_is_said(tmp_path):
    never(tmp_path, "are the game's", STAND_IN_CUDA_MEMORY=str(200 << 20))


def test_a_crash_in_every_run_is_survived(tmp_path):
    never(tmp_path, "crashed (SIGSEGV)", STAND_IN_TENSORRT="crash")


def test_the_real_tensorrt_that_dies_without_a_driver_is_survived(tmp_path):
    """TensorRT 11 itself ends its process with SIGSEGV here: seen in its lean runtime's wheels."""
    if Path("/proc/driver/nvidia").exists():
        pytest.skip("there is a driver")
    lean = tensorrt_bindings.lean()
    python = os.pathsep.join(
        [str(stand_in.HERE / "stand_in_modules" / "crashing"), str(lean), *filter(None, sys.path)]
    )
    never(
        tmp_path, "crashed (SIGSEGV)", BACKEND="tensorrt", PYTHONPATH=python,
        LD_LIBRARY_PATH=f"{stand_in.libraries()}:{lean / 'tensorrt_lean_libs'}",
    )


def never(folder, words, **more):
    stand_in.run(PROGRAM, "never", str(folder), WORDS=words, **more)


def test_low_memory_sends_engines_away_and_room_brings_them_back(tmp_path):
    pytest.importorskip("pynvml", reason="nvidia-ml-py is not installed")
    stand_in.run(
        PROGRAM, "memory", str(tmp_path), STAND_IN_NVML_FREE=str(tmp_path / "free")
    )


def test_a_killed_user_leaves_no_worker(tmp_path):
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), "parent", str(tmp_path)], stdout=subprocess.PIPE, text=True,
        env=stand_in.environment(),
    ) as user:
        assert user.stdout is not None
        worker = int(user.stdout.readline())
        user.kill()
        user.wait()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{worker}").exists()
