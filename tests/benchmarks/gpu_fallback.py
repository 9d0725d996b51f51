"""How soon the CPU answers when the GPU fails, and what an engine in another process costs.

    python tests/benchmarks/gpu_fallback.py [--json FILE]

No GPU is involved: driver and TensorRT are the tests' stand-ins, in a process of their own as the
real ones are. What is measured is our own part: noticing, ending that process, the CPU's answer.
A hang is noticed after max(1 s, 10 x p99) of the engine's own runs, which is left out of its time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from figures import ROOT, Figures, percentiles

sys.path.append(str(ROOT / "tests" / "contract" / "programs"))

from fixtures import small_models, stand_in
from gpu_standby import Rig

from sensorium.health import Device
from sensorium.inference.patience import LEAST_S

ROUNDS = 10
RUNS = 2000
LIMIT_MS = 300.0


def main() -> None:
    """Measures in a child that finds the stand-ins, and prints."""
    done = subprocess.run(
        [sys.executable, __file__, "child"], stdout=subprocess.PIPE, check=True, text=True,
        env=stand_in.environment(STAND_IN_CUDA_FAULTS=os.devnull),
    )
    found: dict[str, Any] = json.loads(done.stdout)
    figures = Figures(
        "A GPU that fails (stand-ins, no GPU)", ("what", "p50 ms", "p99 ms", "max ms", "count")
    )
    for what, values in found.items():
        row = percentiles(values)
        figures.row(what, *(round(row[key], 3) for key in ("p50", "p99", "max")), len(values))
        if what in ("killed", "hangs", "device lost"):
            figures.goal(f"the CPU answers, {what}, slowest, ms", row["max"], LIMIT_MS)
    figures.show()


def child() -> None:
    """One JSON object: what was measured to its times in ms."""
    found = {
        "killed": [_fails("kill") for _ in range(ROUNDS)],
        "hangs": [_fails("stop") for _ in range(ROUNDS)],
        "device lost": [_fails("lost") for _ in range(ROUNDS)],
        **_round_trip(),
    }
    print(json.dumps(found))


def _fails(how: str) -> float:
    """The time of the one run in which the failure shows, in ms."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["STAND_IN_CUDA_FAULTS"] = str(folder / "faults")
        rig = Rig(folder)
        rig.until(Device.GPU)
        for _ in range(20):
            rig.run()
        if how == "lost":
            rig.fault("lost")
        else:
            os.kill(rig.host.pid, signal.SIGKILL if how == "kill" else signal.SIGSTOP)
        feeds = {"image": np.zeros((1, 3, 32, 32), np.float32)}
        begin = time.perf_counter()
        rig.engine.run(feeds)
        took = time.perf_counter() - begin
        assert rig.engine.device is Device.CPU
        rig.close()
    return (took - (LEAST_S if how == "stop" else 0.0)) * 1e3


def _round_trip() -> dict[str, list[float]]:
    """The same small model on the CPU in this process, and on the stand-in in the other."""
    with tempfile.TemporaryDirectory() as name:
        rig = Rig(Path(name), small_models.perceptron())
        rig.until(Device.GPU)
        feeds = {"x": np.zeros((1, 64), np.float32)}
        found = {
            "a small run on the CPU here": [_timed(rig.truth, feeds) for _ in range(RUNS)],
            "the same in the other process": [_timed(rig.engine, feeds) for _ in range(RUNS)],
        }
        rig.close()
    return found


def _timed(engine: Any, feeds: dict[str, Any]) -> float:
    begin = time.perf_counter()
    engine.run(feeds)
    return (time.perf_counter() - begin) * 1e3


if __name__ == "__main__":
    child() if sys.argv[1:] == ["child"] else main()
