"""One scenario of engines that share the stand-in GPU's memory: `gpu_memory.py SCENARIO FOLDER`."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from fixtures import plans, small_models
from fixtures.waiting import eventually

from sensorium.health import Device
from sensorium.inference.device import Choice
from sensorium.inference.gpu_budget import SharedBudget
from sensorium.inference.gpu_host import GpuHost
from sensorium.inference.gpu_residency import Residency
from sensorium.inference.gpu_sharing import Sharing
from sensorium.inference.memory_guard import MemoryGuard
from sensorium.inference.onnxruntime_engine import OnnxRuntimeEngine
from sensorium.inference.plans import Plan, least_memory
from sensorium.inference.standby import StandbyEngine

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.inference.manifest import Manifest

SCRATCH = 4096
"""That the stand-in's engines reckon in."""


class Bench:
    """Engines of several names on one host; each run of any is held against the CPU's."""

    def __init__(
        self, folder: Path, limit: int, *names: str, idle_s: float = 0.0, warm: str = "",
        standby: bool = True,
    ) -> None:
        self.folder = folder
        self.host = GpuHost(
            "cuda-bindings", lambda devices: Choice(devices[0].uuid, "the first"),
            MemoryGuard(0), lambda _: None, SharedBudget(folder / "gpu", limit),
            Residency(idle_s, frozenset(filter(None, [warm]))), Sharing(),
        )
        model = small_models.cnn()
        self.graph, plan = plans.write(folder, model)
        manifest = plans.manifest(plan, model, "tensorrt-rtx")
        self.described = plans.manifest(self.graph, model, "onnxruntime")
        self.truth = self._cpu("truth")
        self.engines = {}
        for name in names:
            self.add(name, plan, manifest, standby=standby)

    def add(self, name: str, plan: Path, manifest: Manifest, *, standby: bool = True) -> None:
        """One more engine, of a plan for the GPU and the one graph for the CPU."""
        own = replace(manifest, name=name)
        file = self.folder / f"{name}.json"
        file.write_text(own.to_json())
        place = self.host.place(Plan(own, file, plan, "", least_memory(own, plan.stat().st_size)))
        self.engines[name] = StandbyEngine(
            place, self._cpu(name), lambda: self._cpu(name), warm=standby
        )

    def _cpu(self, name: str) -> OnnxRuntimeEngine:
        return OnnxRuntimeEngine(replace(self.described, name=name), self.graph)

    def run(self, name: str) -> Device:
        given = np.random.default_rng().standard_normal((1, 3, 32, 32)).astype(np.float32)
        (found,) = self.engines[name].run({"image": given}).values()
        (true,) = self.truth.run({"image": given}).values()
        np.testing.assert_allclose(found, true, rtol=1e-5)
        return self.engines[name].device

    def on_gpu(self, *names: str) -> set[str]:
        """Those that the GPU answers, of these or all; each is run in their order."""
        return {name for name in names or self.engines if self.run(name) is Device.GPU}

    def until(self, holds: Callable[[], object]) -> None:
        eventually(
            holds, lambda: str({name: one.note for name, one in self.engines.items()}), pause_s=0.01
        )

    def keep_off(self, names: frozenset[str]) -> None:
        self.host.sharing.kept_off = names

    def used(self) -> int:
        """What is written down."""
        return sum(int(path.read_text()) for path in (self.folder / "gpu").glob("*-*"))

    def close(self) -> None:
        for engine in self.engines.values():
            engine.close()
        self.host.close()
        assert not list((self.folder / "gpu").glob("*-*"))


def need(folder: Path) -> int:
    """What one of the engines takes."""
    model = small_models.cnn()
    _, plan = plans.write(folder, model)
    manifest = plans.manifest(plan, model, "tensorrt-rtx")
    return least_memory(manifest, plan.stat().st_size) + SCRATCH


def fits(folder: Path) -> None:
    """Two of three fit; the third comes when one of them has gone."""
    one = need(folder)
    bench = Bench(folder, 3 * one - 1, "a", "b", "c")
    bench.until(lambda: len(bench.on_gpu()) == 2)
    assert bench.used() == 2 * one
    (left,) = set(bench.engines) - bench.on_gpu()
    note = bench.engines[left].note
    assert "of the GPU's memory, engines may take" in note, note
    assert "inference.gpu_budget_mib" in note
    for _ in range(20):
        assert len(bench.on_gpu()) == 2
        assert bench.used() <= 3 * one - 1
        time.sleep(0.1)
    gone = next(iter(bench.on_gpu()))
    bench.engines.pop(gone).close()
    bench.until(lambda: left in bench.on_gpu())
    bench.until(lambda: bench.used() == 2 * one)
    bench.close()


def shrinks(folder: Path) -> None:
    """With less, the one that was not used for longest leaves first; what is kept warm, last."""
    one = need(folder)
    bench = Bench(folder, 3 * one, "a", "b", "c", warm="b")
    bench.until(lambda: len(bench.on_gpu()) == 3)
    pid = bench.host.pid
    bench.on_gpu("b", "c", "a")
    bench.host.set_budget(2 * one)
    bench.until(lambda: bench.used() == 2 * one)
    assert bench.on_gpu() == {"a", "b"}
    bench.host.set_budget(one)
    bench.until(lambda: bench.used() == one)
    assert bench.on_gpu() == {"b"}
    assert bench.host.pid == pid
    bench.host.set_budget(one - 1)
    bench.until(lambda: not bench.host.pid)
    assert bench.on_gpu() == set()
    bench.host.set_budget(0)
    bench.until(lambda: len(bench.on_gpu()) == 3)
    bench.close()


def comes_late(folder: Path) -> None:
    """A limit where there was none counts what is there already."""
    one = need(folder)
    bench = Bench(folder, 0, "a", "b")
    bench.until(lambda: len(bench.on_gpu()) == 2)
    bench.on_gpu("a", "b")
    bench.host.set_budget(2 * one - 1)
    bench.until(lambda: bench.used() == one)
    assert bench.on_gpu() == {"b"}
    bench.close()


def shared(folder: Path) -> None:
    """What another process takes is not left to this one."""
    one = need(folder)
    other = SharedBudget(folder / "gpu", 2 * one)
    other.keep(one + SCRATCH + 1)
    bench = Bench(folder, 2 * one, "a")
    for _ in range(20):
        assert bench.on_gpu() == set()
        assert not bench.host.pid, "what cannot fit needs no process"
        time.sleep(0.1)
    other.keep(one)
    bench.until(lambda: bench.on_gpu() == {"a"})
    other.close()
    bench.close()


def scratch(folder: Path) -> None:
    """What TensorRT reckons in is known only when it has the plan: then it is refused, too."""
    one = need(folder)
    bench = Bench(folder, one - 1, "a")
    bench.until(lambda: "engines may take" in bench.engines["a"].note)
    for _ in range(20):
        assert bench.on_gpu() == set()
        assert bench.used() == 0
        time.sleep(0.1)
    bench.until(lambda: not bench.host.pid)
    bench.host.set_budget(one)
    bench.until(lambda: bench.on_gpu() == {"a"})
    bench.close()


def idle(folder: Path) -> None:
    """Who is not used leaves, and with the last one the process; all come back when used."""
    bench = Bench(folder, 1 << 30, "a", "b", idle_s=1.0)
    bench.until(lambda: len(bench.on_gpu()) == 2)
    bench.until(lambda: bench.run("a") is Device.GPU and bench.engines["b"].note)
    assert bench.engines["b"].note == "nobody used it for 1 s"
    bench.until(lambda: not bench.host.pid)
    bench.until(lambda: bench.used() == 0)
    time.sleep(1.0)
    assert not bench.host.pid
    assert bench.run("b") is Device.CPU
    bench.until(lambda: bench.run("b") is Device.GPU)
    assert bench.engines["a"].note
    bench.until(lambda: bench.run("a") is Device.GPU)
    bench.close()


def kept_warm(folder: Path) -> None:
    """What is to be kept warm stays without use."""
    bench = Bench(folder, 0, "a", "b", idle_s=0.5, warm="a")
    bench.until(lambda: len(bench.on_gpu()) == 2)
    bench.until(lambda: bench.engines["b"].note)
    time.sleep(1.5)
    assert bench.engines["a"].note == ""
    assert bench.run("a") is Device.GPU
    bench.close()


def idle_without_standby(folder: Path) -> None:
    bench = Bench(folder, 0, "a", idle_s=0.5, standby=False)
    for _ in range(3):
        bench.until(lambda: bench.run("a") is Device.GPU)
        bench.until(lambda: not bench.host.pid)
        assert bench.run("a") is Device.CPU
    bench.close()


def kept_off_is_idle(folder: Path) -> None:
    """Runs that are the CPU's do not keep an engine in the GPU's memory."""
    bench = Bench(folder, 0, "a", idle_s=1.0)
    bench.until(lambda: bench.run("a") is Device.GPU)
    bench.keep_off(frozenset({"a"}))
    bench.until(lambda: bench.run("a") is Device.CPU and not bench.host.pid)
    bench.keep_off(frozenset())
    bench.until(lambda: bench.run("a") is Device.GPU)
    bench.close()


def in_mid_run(folder: Path) -> None:
    """It is sent away again and again while another thread runs it: no run fails."""
    bench = Bench(folder, 0, "a", "b")
    bench.until(lambda: len(bench.on_gpu()) == 2)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            bench.host.set_budget(1)
            time.sleep(0.05)
            bench.host.set_budget(0)
            time.sleep(0.3)

    thread = threading.Thread(target=change)
    thread.start()
    end = time.monotonic() + 8
    seen = {Device.CPU: 0, Device.GPU: 0}
    while time.monotonic() < end or not all(seen.values()):
        seen[bench.run("a")] += 1
    stop.set()
    thread.join()
    bench.close()


def one_too_large(folder: Path) -> None:
    """An engine for which the GPU has no memory leaves those there that have some."""
    model = small_models.cnn(batch=64)
    (folder / "large").mkdir()
    _, plan = plans.write(folder / "large", model)
    bench = Bench(folder, 0, "a", "b")
    bench.add("large", plan, plans.manifest(plan, model, "tensorrt-rtx"))
    bench.until(lambda: len(bench.on_gpu("a", "b")) == 2)
    pid = bench.host.pid
    for _ in range(20):
        assert bench.on_gpu("a", "b") == {"a", "b"}
        assert "MiB" in bench.engines["large"].note or "MEMORY" in bench.engines["large"].note
        time.sleep(0.1)
    assert bench.host.pid == pid
    bench.close()


def loaded_beside_runs(folder: Path) -> None:
    """Engines are loaded and measured while others run all the time: none has to leave."""
    sys.setswitchinterval(1e-5)
    busy = ("a1", "a2", "a3")
    bench = Bench(folder, 0, *busy)
    bench.until(lambda: len(bench.on_gpu()) == len(busy))
    pid = bench.host.pid
    _, plan = plans.write(folder, small_models.cnn())
    manifest = plans.manifest(plan, small_models.cnn(), "tensorrt-rtx")
    stop = threading.Event()

    def run(name: str) -> None:
        given = np.zeros((1, 3, 32, 32), np.float32)
        while not stop.is_set():
            bench.engines[name].run({"image": given})

    threads = [threading.Thread(target=run, args=(name,)) for name in busy]
    for thread in threads:
        thread.start()
    for number in range(3):
        bench.add(f"b{number}", plan, manifest)
        bench.until(lambda number=number: not bench.engines[f"b{number}"].note)
    stop.set()
    for thread in threads:
        thread.join()
    assert bench.on_gpu() == set(bench.engines)
    assert bench.host.pid == pid
    bench.close()


def damaged(folder: Path) -> None:
    """A share that cannot be read keeps engines off the GPU, and says so, until it can be."""
    one = need(folder)
    other = SharedBudget(folder / "gpu", 4 * one)
    other.keep(one)
    (share,) = (folder / "gpu").glob("*-*")
    told = share.read_bytes()
    share.write_bytes(b"x" * len(told))
    bench = Bench(folder, 4 * one, "a")
    bench.until(lambda: "it holds no number" in bench.engines["a"].note)
    assert bench.on_gpu() == set()
    share.write_bytes(told)
    bench.until(lambda: bench.on_gpu() == {"a"})
    other.close()
    bench.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
