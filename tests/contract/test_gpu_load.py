"""How busy others keep the GPU, through NVIDIA's Python package and a stand-in for its library."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import stand_in

PROGRAM = Path(__file__).parent / "programs" / "gpu_load.py"


def test_what_others_take_counts_and_ours_does_not(tmp_path):
    pytest.importorskip("pynvml", reason="nvidia-ml-py is not installed")
    stand_in.run(PROGRAM, str(tmp_path / "load"), STAND_IN_NVML_LOAD=str(tmp_path / "load"))
