"""The engines of a process: which of them may be on the GPU, and when. Driver: a stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import counting_engine, stand_in

PROGRAM = Path(__file__).parent / "programs" / "gpu_engines.py"
BRIDGES = PROGRAM.with_name("gpu_bridges.py")


@pytest.fixture(autouse=True)
def _binding():
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")


@pytest.mark.parametrize("scenario", ["keep_off", "frames_at_risk", "the_governor_knows", "never"])
def test_the_gpu_is_left_to_the_game_on_request(scenario, tmp_path):
    counting_engine.write(tmp_path)
    stand_in.run(PROGRAM, scenario, SENSORIUM_CACHE_DIR=str(tmp_path))


def test_what_bridges_run_leaves_the_gpu_too(tmp_path):
    counting_engine.write(tmp_path)
    stand_in.run(BRIDGES, str(tmp_path), SENSORIUM_CACHE_DIR=str(tmp_path))
