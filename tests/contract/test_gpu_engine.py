"""The TensorRT engine on stand-ins of the driver and of TensorRT: its own steps, not theirs.

What TensorRT and a GPU do is not shown here. That the calls are those of the real bindings is.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import stand_in

PROGRAM = Path(__file__).parent / "programs" / "gpu_engine.py"


@pytest.fixture(autouse=True)
def _binding():
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")


@pytest.mark.parametrize(
    "scenario",
    ["same", "varies", "bad_feeds", "other_version", "other_ports", "reserve", "lost", "cache"],
)
def test_an_engine(scenario, tmp_path):
    stand_in.run(PROGRAM, scenario, str(tmp_path))


def test_without_the_extras_of_rtx_it_runs_as_well(tmp_path):
    stand_in.run(PROGRAM, "plain", str(tmp_path), STAND_IN_TENSORRT="plain")


def test_out_of_memory_at_load_gives_all_back(tmp_path):
    stand_in.run(PROGRAM, "no_room", str(tmp_path), STAND_IN_CUDA_MEMORY="10000")
