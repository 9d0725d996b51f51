"""Peak memory of one engine, in a process of its own: `python -m ...memory GRAPH THREADS FEEDS`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.graph_run import GraphRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium_tools.quantise.recorder import Feeds

_RUNS = 3
TIMEOUT_S = 120.0


def peak_mib(
    name: str, model: bytes, feeds: Feeds, threads: int, timeout_s: float = TIMEOUT_S
) -> float:
    """What loading and running a graph adds to a process's resident memory, at its peak.

    Args:
        name: Of the engine, in messages.
        model: The serialised graph.
        feeds: Inputs of one run.
        threads: Threads inside one run.
        timeout_s: The process is ended after so long.

    Returns:
        MiB.

    Raises:
        EngineError: When the process fails, or does not end.
    """
    with tempfile.TemporaryDirectory() as folder:
        graph, inputs = Path(folder) / "model.onnx", Path(folder) / "feeds.npz"
        graph.write_bytes(model)
        # numpy's stubs take any keyword for `allow_pickle`.
        np.savez(inputs, **feeds)  # type: ignore[arg-type]
        try:
            done = subprocess.run(
                [sys.executable, "-m", __name__, str(graph), str(threads), str(inputs)],
                capture_output=True, text=True, check=False, timeout=timeout_s,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"{name}: {_RUNS} runs gave no end within {timeout_s:g} s, so its memory cannot be "
                "measured", "the model is too large for this PC, or the PC is busy: try again",
            ) from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise EngineError(f"{name}: the process that measures its memory failed: {last}")
    return float(json.loads(done.stdout)["peak_mib"])


def _peak_bytes() -> int:
    """Peak resident memory of this process so far."""
    if sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        class Counters(ctypes.Structure):
            """PROCESS_MEMORY_COUNTERS of psapi.h."""

            _fields_ = [
                ("size", wintypes.DWORD), ("faults", wintypes.DWORD),
                ("peak", ctypes.c_size_t), ("rest", ctypes.c_size_t * 7),
            ]

        counters = Counters(ctypes.sizeof(Counters))
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        kernel.K32GetProcessMemoryInfo.argtypes = (
            wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD
        )
        kernel.K32GetProcessMemoryInfo(
            kernel.GetCurrentProcess(), ctypes.byref(counters), ctypes.sizeof(counters)
        )
        return int(counters.peak)
    # Not getrusage: its peak is that of the process that this one was forked from.
    status = Path("/proc/self/status").read_text("utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main(arguments: Sequence[str]) -> int:
    """Measures one graph and writes one line of JSON."""
    graph, threads, inputs = arguments
    with np.load(inputs) as file:
        feeds = {name: file[name] for name in file.files}
    before = _peak_bytes()
    run = GraphRun("engine", Path(graph).read_bytes(), int(threads))
    for _ in range(_RUNS):
        run(feeds)
    sys.stdout.write(json.dumps({"peak_mib": (_peak_bytes() - before) / (1 << 20)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
