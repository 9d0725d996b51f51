"""One scenario of engines that give way to frames on the GPU: `gpu_slices.py SCENARIO FOLDER`.

The stand-in takes STAND_IN_TENSORRT_ROW_S for each row, and writes the rows of each submission into
`runs` of the folder, the file that STAND_IN_TENSORRT_RUNS names.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from fixtures import plans, small_models
from fixtures.waiting import PATIENCE_S, eventually

from sensorium.errors import EngineError
from sensorium.health import Device
from sensorium.inference.device import Choice
from sensorium.inference.gpu_budget import SharedBudget
from sensorium.inference.gpu_host import GpuHost
from sensorium.inference.gpu_residency import Residency
from sensorium.inference.gpu_sharing import Sharing
from sensorium.inference.memory_guard import MemoryGuard
from sensorium.inference.onnxruntime_engine import OnnxRuntimeEngine
from sensorium.inference.plans import Plan
from sensorium.inference.standby import StandbyEngine

NO_FRAMES, ROOM, CLOSE, LATE = range(4)


class Game:
    """An engine of up to four rows, or of one, beside an app that tells its frames."""

    def __init__(self, folder: Path, slice_s: float, batch: int | str, calm_s: float = 0.5) -> None:
        self.runs = folder / "runs"
        self.sharing = Sharing(slice_s, calm_s)
        self.host = GpuHost(
            "cuda-bindings", lambda devices: Choice(devices[0].uuid, "the first"),
            MemoryGuard(0), lambda _: None, SharedBudget(folder, 0), Residency(), self.sharing,
        )
        model = small_models.cnn(batch=batch)
        graph, plan = plans.write(folder, model)
        described = plans.manifest(graph, model, "onnxruntime")
        manifest = plans.manifest(plan, model, "tensorrt-rtx")
        file = folder / "engine-rtx.json"
        file.write_text(manifest.to_json())
        self.truth = OnnxRuntimeEngine(described, graph)
        self.engine = StandbyEngine(
            self.host.place(Plan(manifest, file, plan, "")), OnnxRuntimeEngine(described, graph),
            lambda: OnnxRuntimeEngine(described, graph), warm=True,
        )
        self.until(Device.GPU)

    def run(self, rows: int = 1) -> tuple[Device, list[int]]:
        """Who answers, which must be right, and the rows of each submission."""
        self.runs.write_text("")
        given = np.random.default_rng().standard_normal((rows, 3, 32, 32)).astype(np.float32)
        (found,) = self.engine.run({"image": given}).values()
        (true,) = self.truth.run({"image": given}).values()
        assert found.shape == true.shape
        np.testing.assert_allclose(found, true, rtol=1e-4, atol=1e-6)
        return self.engine.device, [int(line) for line in self.runs.read_text().split()]

    def until(self, device: Device) -> None:
        eventually(lambda: self.run()[0] is device, lambda: self.engine.note, pause_s=0.01)

    def close(self) -> None:
        self.engine.close()
        self.host.close()


def pieces(folder: Path) -> None:
    """Beside an app's frames a run is cut into rows; joined they are what one run gives."""
    game = Game(folder, slice_s=0.1, batch="batch")
    assert game.run(4) == (Device.GPU, [4])
    for risk in (ROOM, CLOSE, LATE):
        game.sharing.set_risk(risk)
        for rows in (4, 3, 2, 1):
            assert game.run(rows) == (Device.GPU, [1] * rows)
    game.sharing.set_risk(NO_FRAMES)
    assert game.run(4) == (Device.GPU, [4])
    game.sharing.set_risk(ROOM)
    for wrong in (np.zeros((), np.float32), np.zeros((5, 3, 32, 32), np.float32)):
        with pytest.raises(EngineError, match="must be float32"):
            game.engine.run({"image": wrong})
    game.close()


def larger_pieces(folder: Path) -> None:
    """As many rows as the time suffices for."""
    game = Game(folder, slice_s=0.15, batch="batch")
    game.sharing.set_risk(ROOM)
    assert game.run(4) == (Device.GPU, [2, 2])
    assert game.run(3) == (Device.GPU, [1, 2])
    assert game.run(2) == (Device.GPU, [2])
    game.close()


def too_long(folder: Path) -> None:
    """What cannot be cut is the CPU's while frames are at risk, and a while longer."""
    game = Game(folder, slice_s=0.01, batch=1)
    game.sharing.set_risk(ROOM)
    assert game.run() == (Device.GPU, [1])
    for risk in (CLOSE, LATE):
        game.sharing.set_risk(risk)
        for _ in range(5):
            assert game.run() == (Device.CPU, [])
        assert "ms of the GPU, and frames are at risk" in game.engine.note
    pid = game.host.pid
    game.sharing.set_risk(NO_FRAMES)
    game.until(Device.GPU)
    assert game.engine.note == ""
    assert game.host.pid == pid
    game.close()


def one_row_too_long(folder: Path) -> None:
    """Nor is what takes too long even in the smallest pieces."""
    game = Game(folder, slice_s=0.01, batch="batch", calm_s=PATIENCE_S)
    game.sharing.set_risk(ROOM)
    assert game.run(2) == (Device.GPU, [1, 1])
    game.sharing.set_risk(LATE)
    assert game.run(2) == (Device.CPU, [])
    game.sharing.set_risk(ROOM)
    assert game.run(2) == (Device.CPU, [])
    game.close()


def no_limit(folder: Path) -> None:
    """With gpu_slice_ms = 0 nothing is cut, and nothing gives way."""
    game = Game(folder, slice_s=0.0, batch="batch")
    game.sharing.set_risk(LATE)
    assert game.run(4) == (Device.GPU, [4])
    game.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
