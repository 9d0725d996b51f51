"""One scenario of the TensorRT engine on the stand-ins: `gpu_engine.py SCENARIO FOLDER`."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

import numpy as np
import pytest
from fixtures import plans, small_models

from sensorium.errors import EngineError, GpuLost, GpuMemory
from sensorium.health import Device
from sensorium.inference.gpu import Gpu
from sensorium.inference.onnxruntime_engine import OnnxRuntimeEngine
from sensorium.inference.tensorrt_engine import TensorRtEngine


def alive() -> int:
    gc.collect()
    return int(ctypes.CDLL("libcuda.so.1").stand_in_alive())


def loaded(folder: Path, model=None, gpu: Gpu | None = None) -> tuple[TensorRtEngine, Path]:
    model = model or small_models.cnn()
    graph, plan = plans.write(folder, model)
    described = plans.manifest(plan, model, "tensorrt-rtx")
    return TensorRtEngine(described, plan, 1, gpu, "stand_in_tensorrt"), graph


def image(batch: int = 1):
    return np.random.default_rng(batch).standard_normal((batch, 3, 32, 32)).astype(np.float32)


def same(folder: Path) -> None:
    engine, graph = loaded(folder)
    assert engine.device is Device.GPU
    cpu = OnnxRuntimeEngine(plans.manifest(graph, small_models.cnn(), "onnxruntime"), graph)
    addresses = set()
    for seed in range(3):
        given = image() + seed
        found = engine.run({"image": given})["scores"]
        addresses.add(found.ctypes.data)
        np.testing.assert_allclose(found, cpu.run({"image": given})["scores"], rtol=1e-5)
    assert len(addresses) == 1, "a run must not allocate"
    before = alive()
    engine.run({"image": image()})
    assert alive() == before
    engine.close()
    engine.close()
    assert alive() == 0
    with pytest.raises(EngineError) as caught:
        engine.run({"image": image()})
    assert "closed" in caught.value.message


def varies(folder: Path) -> None:
    engine, _ = loaded(folder, small_models.cnn(batch="batch"))
    whole = engine.run({"image": image(4)})["scores"].copy()
    for batch in (1, 3, 4, 2):
        found = engine.run({"image": image(4)[:batch]})["scores"]
        assert found.shape == (batch, 10)
        np.testing.assert_allclose(found, whole[:batch], rtol=1e-4, atol=1e-6)
    for batch in (0, 5):
        refuses(engine, {"image": np.zeros((batch, 3, 32, 32), np.float32)}, "must be float32")
    engine.close()
    assert alive() == 0


def bad_feeds(folder: Path) -> None:
    engine, _ = loaded(folder)
    refuses(engine, {}, "inputs are image")
    refuses(engine, {"picture": image()}, "inputs are image")
    refuses(engine, {"image": image().astype(np.float64)}, "float64")
    refuses(engine, {"image": image()[0]}, "must be float32")
    refuses(engine, {"image": image(2)}, "must be float32")
    engine.close()


def refuses(engine: TensorRtEngine, feeds, words: str) -> None:
    with pytest.raises(EngineError) as caught:
        engine.run(feeds)
    assert words in caught.value.message, caught.value.message


def other_version(folder: Path) -> None:
    model = small_models.cnn()
    _, plan = plans.write(folder, model)
    described = plans.manifest(plan, model, "tensorrt-rtx")
    plan.write_bytes(b"stand-in plan 0\n" + plan.read_bytes())
    with pytest.raises(EngineError) as caught:
        TensorRtEngine(described, plan, 1, None, "stand_in_tensorrt")
    assert "VERSION_MISMATCH" in caught.value.message
    assert caught.value.remedy == "sensorium-engines build small"
    assert alive() == 0


def other_ports(folder: Path) -> None:
    _, plan = plans.write(folder, small_models.cnn())
    described = plans.manifest(plan, small_models.perceptron(), "tensorrt-rtx")
    with pytest.raises(EngineError) as caught:
        TensorRtEngine(described, plan, 1, None, "stand_in_tensorrt")
    assert "['image']" in caught.value.message
    assert alive() == 0


def no_room(folder: Path) -> None:
    """STAND_IN_CUDA_MEMORY is less than the buffers take."""
    too_large(folder, None)


def reserve(folder: Path) -> None:
    too_large(folder, Gpu(reserve_mib=8 * 1024))


def too_large(folder: Path, gpu: Gpu | None) -> None:
    with pytest.raises(GpuMemory):
        loaded(folder, gpu=gpu)
    assert alive() == 0


def lost(folder: Path) -> None:
    engine, _ = loaded(folder)
    ctypes.CDLL("libcuda.so.1").stand_in_lose(1)
    with pytest.raises(GpuLost):
        engine.run({"image": image()})
    engine.close()


def cache(folder: Path) -> None:
    for _ in range(2):
        engine, _ = loaded(folder)
        engine.close()
    (kept,) = folder.glob("*.jit")
    assert kept.name == "small.plan.8.6.jit"
    kept.write_bytes(b"of another version")
    engine, _ = loaded(folder)
    engine.close()
    assert b"compiled" in kept.read_bytes()


def plain(folder: Path) -> None:
    """A runtime without the extras of TensorRT for RTX."""
    same(folder)
    assert not list(folder.glob("*.jit"))


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
