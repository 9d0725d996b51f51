"""Beside an app's frames no submission to the GPU is long, or else it is the CPU's.

Driver and TensorRT are stand-ins in a process of their own; the CPU's engine is real, and every
result is compared with its. A row takes the stand-in 60 ms, so that a busy machine changes nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import stand_in

PROGRAM = Path(__file__).parent / "programs" / "gpu_slices.py"


@pytest.mark.parametrize(
    "scenario", ["pieces", "larger_pieces", "too_long", "one_row_too_long", "no_limit"]
)
def test_frames_come_first(scenario, tmp_path):
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    stand_in.run(
        PROGRAM, scenario, str(tmp_path), STAND_IN_TENSORRT_ROW_S="0.06",
        STAND_IN_TENSORRT_RUNS=str(tmp_path / "runs"),
    )
