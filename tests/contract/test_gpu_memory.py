"""Engines share the GPU's memory: within a budget, and not longer than they are used.

Driver and TensorRT are stand-ins in a process of their own; the CPU's engines are real, and every
result is compared with theirs.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import stand_in

PROGRAM = Path(__file__).parent / "programs" / "gpu_memory.py"


@pytest.mark.parametrize(
    "scenario",
    ["fits", "shrinks", "comes_late", "shared", "scratch", "idle", "kept_warm",
     "idle_without_standby", "kept_off_is_idle", "in_mid_run", "damaged"],
)
def test_the_gpus_memory(scenario, tmp_path):
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    stand_in.run(PROGRAM, scenario, str(tmp_path))


def test_an_engine_is_loaded_while_others_run_all_the_time(tmp_path):
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    stand_in.run(PROGRAM, "loaded_beside_runs", str(tmp_path), STAND_IN_TENSORRT_ROW_S="0.001")


def test_who_is_too_large_sends_nobody_away(tmp_path):
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    stand_in.run(PROGRAM, "one_too_large", str(tmp_path), STAND_IN_CUDA_MEMORY="100000")
