"""One scenario of an engine with its standby, on the stand-ins: `gpu_standby.py SCENARIO FOLDER`.

STAND_IN_CUDA_FAULTS, where a scenario needs it, is the file `faults` of that folder.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from fixtures import plans, small_models
from fixtures.waiting import eventually

from sensorium.health import Device
from sensorium.inference.device import Choice
from sensorium.inference.free_memory import FreeMemory
from sensorium.inference.gpu_budget import SharedBudget
from sensorium.inference.gpu_host import AGAIN_S, GpuHost
from sensorium.inference.gpu_residency import Residency
from sensorium.inference.gpu_sharing import Sharing
from sensorium.inference.memory_guard import MIB, MemoryGuard
from sensorium.inference.onnxruntime_engine import OnnxRuntimeEngine
from sensorium.inference.plans import Plan
from sensorium.inference.standby import StandbyEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence



class Rig:
    """A model on the stand-in GPU with its CPU engine behind it, and the truth."""

    def __init__(
        self, folder: Path, model=None, *, warm: bool = True, plan_prefix: bytes = b"",
        cpu_s: float = math.inf, again_s: Sequence[float] = AGAIN_S, limit: int = 0,
        residency: Residency = Residency(),  # noqa: B008 - it is frozen
    ) -> None:
        self.folder = folder
        model = model or small_models.cnn()
        (self.input,) = model.graph.input
        self.graph, plan = plans.write(folder, model)
        if plan_prefix:
            plan.write_bytes(plan_prefix + plan.read_bytes())
        self.described = plans.manifest(self.graph, model, "onnxruntime")
        self.loads = 0
        self.sharing = Sharing(calm_s=0.5)
        self.host = GpuHost(
            "cuda-bindings", lambda devices: Choice(devices[0].uuid, "the first"),
            MemoryGuard(512 * MIB, quiet_s=0.5), FreeMemory(),
            SharedBudget(folder / "gpu", limit), residency, self.sharing, again_s,
        )
        described = folder / "engine-rtx.json"
        backend = os.environ.get("BACKEND", "tensorrt-rtx")
        manifest = plans.manifest(plan, model, backend)
        described.write_text(manifest.to_json())
        self.place = self.host.place(Plan(manifest, described, plan, ""), cpu_s)
        self.engine = StandbyEngine(self.place, self._cpu(), self._cpu, warm=warm)
        self.truth = OnnxRuntimeEngine(self.described, self.graph)
        self.runs = 0

    def _cpu(self) -> OnnxRuntimeEngine:
        self.loads += 1
        return OnnxRuntimeEngine(self.described, self.graph)

    def run(self) -> Device:
        """One run, whose result must be right whoever computed it."""
        self.runs += 1
        shape = [size.dim_value for size in self.input.type.tensor_type.shape.dim]
        given = np.random.default_rng(self.runs).standard_normal(shape)
        feeds = {self.input.name: given.astype(np.float32)}
        (found,) = self.engine.run(feeds).values()
        (true,) = self.truth.run(feeds).values()
        np.testing.assert_allclose(found, true, rtol=1e-5)
        return self.engine.device

    def until(self, device: Device) -> None:
        """Runs until a device answers."""
        eventually(lambda: self.run() is device, lambda: self.engine.note, pause_s=0.01)

    def note(self, words: str) -> None:
        """Waits until the engine says why it is on the CPU."""
        self.until_true(lambda: words in self.engine.note)
        assert self.run() is Device.CPU

    def until_true(self, holds: Callable[[], bool]) -> None:
        """Runs until something holds."""
        def look() -> bool:
            self.run()
            return holds()

        eventually(look, lambda: self.engine.note, pause_s=0.01)

    def keep_off(self, names: frozenset[str]) -> None:
        self.sharing.kept_off = names

    def fault(self, word: str) -> None:
        (self.folder / "faults").write_text(word)

    def close(self) -> None:
        pid = self.host.pid
        self.engine.close()
        self.engine.close()
        self.host.close()
        assert not pid or not Path(f"/proc/{pid}").exists() or _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def takes_over(folder: Path) -> None:
    rig = Rig(folder)
    # Once a load ended the process: only what does so again and again is at fault itself.
    rig.place.crashes = 1
    assert rig.run() is Device.CPU
    rig.until(Device.GPU)
    assert rig.place.crashes == 0
    assert rig.engine.note == ""
    assert rig.engine.file_hash != rig.truth.file_hash
    for _ in range(20):
        assert rig.run() is Device.GPU
    rig.close()


class Warnings(logging.Handler):
    """Keeps what is warned of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


def closed_while_it_loads(folder: Path) -> None:
    """Who ends has no failure to tell of."""
    warnings = Warnings()
    logging.getLogger().addHandler(warnings)
    for number in range(4):
        own = folder / str(number)
        own.mkdir()
        rig = Rig(own)
        eventually(lambda rig=rig: rig.host.pid, "its process is there", pause_s=0.001)
        time.sleep(0.2 * number)
        rig.close()
    assert warnings.told == []


def killed(folder: Path) -> None:
    rig = Rig(folder)
    rig.until(Device.GPU)
    os.kill(rig.host.pid, signal.SIGSEGV)
    rig.note("crashed")
    assert rig.engine.file_hash == rig.truth.file_hash
    rig.until(Device.GPU)
    rig.close()


def stopped(folder: Path) -> None:
    """The process hangs as a driver's call does: it answers no signal but the last."""
    rig = Rig(folder)
    rig.until(Device.GPU)
    hung = rig.host.pid
    os.kill(hung, signal.SIGSTOP)
    rig.note("no answer within 1.0 s")
    rig.until(Device.GPU)
    assert rig.host.pid != hung
    rig.close()


def hangs(folder: Path) -> None:
    comes_and_goes(folder, "hang", "no answer within 1.0 s")


def lost(folder: Path) -> None:
    comes_and_goes(folder, "lost", "LAUNCH_FAILED")


def comes_and_goes(folder: Path, fault: str, words: str) -> None:
    """A fault of the driver, after which the GPU is used again."""
    rig = Rig(folder)
    rig.until(Device.GPU)
    rig.fault(fault)
    rig.note(words)
    rig.fault("")
    rig.until(Device.GPU)
    rig.close()


def cold(folder: Path) -> None:
    """Without standby the CPU's engine is loaded for a failure alone."""
    rig = Rig(folder, warm=False)
    assert rig.loads == 1
    rig.until(Device.GPU)
    rig.fault("lost")
    assert rig.run() is Device.CPU
    assert rig.loads == 2
    rig.fault("")
    rig.until(Device.GPU)
    rig.close()


def never(folder: Path) -> None:
    """Whatever keeps the GPU from it, the CPU answers; WORDS are in the reason."""
    rig = Rig(folder)
    rig.note(os.environ["WORDS"])
    assert rig.run() is Device.CPU
    rig.close()


def other_version(folder: Path) -> None:
    rig = Rig(folder, plan_prefix=b"of another version")
    rig.note("VERSION_MISMATCH")
    rig.close()


def slower(folder: Path) -> None:
    """The GPU is busy when the engine is measured, and again later; then it is not."""
    rig = Rig(folder, cpu_s=0.01, again_s=(0.2, 0.5))
    rig.fault("slow")
    rig.note("the CPU is faster: 10.00 ms")
    place = rig.place
    rig.until_true(lambda: place.slower >= 3)
    assert rig.run() is Device.CPU
    rig.fault("")
    rig.until(Device.GPU)
    assert place.slower == 0
    assert rig.engine.note == ""
    rig.close()


def slower_for_nobody(folder: Path) -> None:
    """What was slower is measured again for who uses it, and never beside frames at risk."""
    rig = Rig(folder, cpu_s=0.01, again_s=(0.2,))
    rig.fault("slow")
    rig.note("the CPU is faster: 10.00 ms")
    place = rig.place
    eventually(lambda: not rig.host.pid, "its process ends", pause_s=0.01)
    told = place.slower
    time.sleep(1.5)
    assert place.slower == told
    rig.sharing.set_risk(3)
    rig.fault("")
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        assert rig.run() is Device.CPU
    assert not rig.host.pid
    assert place.slower == told
    rig.sharing.set_risk(0)
    rig.until(Device.GPU)
    rig.close()


def kept_off(folder: Path) -> None:
    """The GPU is left to the game from the very next run on, and taken back as soon."""
    rig = Rig(folder)
    rig.until(Device.GPU)
    pid = rig.host.pid
    for _ in range(20):
        rig.keep_off(frozenset({"another", "small"}))
        assert rig.run() is Device.CPU
        assert "left to the game's frames" in rig.engine.note
        rig.keep_off(frozenset({"another"}))
        assert rig.run() is Device.GPU
        assert rig.engine.note == ""
    assert rig.host.pid == pid
    rig.keep_off(frozenset({"small"}))
    rig.fault("lost")
    assert rig.run() is Device.CPU
    os.kill(pid, signal.SIGKILL)
    rig.until_true(lambda: not rig.host.pid)
    rig.fault("")
    # What is kept off is not loaded meanwhile.
    time.sleep(1.5)
    assert not rig.host.pid
    rig.keep_off(frozenset())
    rig.until(Device.GPU)
    rig.close()


def kept_off_by_another_thread(folder: Path) -> None:
    """No run fails and none is wrong while another thread changes its mind all the time."""
    rig = Rig(folder)
    rig.until(Device.GPU)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            rig.keep_off(frozenset({"small"}))
            time.sleep(0.001)
            rig.keep_off(frozenset())
            time.sleep(0.001)

    thread = threading.Thread(target=change)
    thread.start()
    seen = {rig.run() for _ in range(1000)}
    stop.set()
    thread.join()
    assert seen == {Device.CPU, Device.GPU}
    assert rig.run() is Device.GPU
    rig.close()


def memory(folder: Path) -> None:
    """The game takes the GPU's memory, and gives it back."""
    free = folder / "free"
    free.write_text(str(2048 * MIB))
    rig = Rig(folder)
    rig.until(Device.GPU)
    free.write_text(str(100 * MIB))
    rig.note("100 MiB of the GPU's memory are free, 512 are the game's")
    eventually(lambda: not rig.host.pid, "its process ends", pause_s=0.01)
    free.write_text(str(2048 * MIB))
    rig.until(Device.GPU)
    rig.close()


def parent(folder: Path) -> None:
    """Prints the worker's process and is killed by its test."""
    rig = Rig(folder)
    rig.until(Device.GPU)
    print(rig.host.pid, flush=True)
    while True:
        rig.run()


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
