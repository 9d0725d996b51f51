"""What our engine call adds to ONNX Runtime's own calls on the same graph with the same threads.

    python tests/benchmarks/engine_call.py [--json FILE] [--threads N]

Four calls take turns on the same inputs:

- ours: `sensorium.inference.store.load(name).run(feeds)`: names, types and shapes checked;
- run: `InferenceSession.run(None, feeds)` on a session with ONNX Runtime's own settings;
- same session: that call on the session that our engine holds. Two sessions of one file differ by
  up to 4 %, as their weights lie elsewhere in memory: what a call adds is the difference to this;
- io-binding: `run_with_iobinding` on buffers that were filled before: nothing is checked and
  nothing copied, so it is the least that a call can take.

Engines that are not built are built first.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnxruntime
from figures import Figures, percentiles
from onnx import TensorProto, helper
from turns import in_turns

from sensorium.inference import store
from sensorium.inference.feeds import FeedCheck
from sensorium.inference.manifest import Manifest, Tensor
from sensorium.inference.onnxruntime_engine import PROVIDER, OnnxRuntimeEngine
from sensorium_tools.build import build
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = (
    "gesture-recognizer", "silero-vad", "speech-embedding", "text-emotion", "face-emotion",
    "minilm",
)
CASES = ("ours", "run", "same session", "io-binding")
BUDGET_S = 12.0
ADDS_US = 15.0
SHORT_MS = 1.0


def identity(folder: Path) -> tuple[Manifest, Path]:
    """A graph that does nothing: 64 floats in, the same out."""
    port = {"elem_type": TensorProto.FLOAT, "shape": [1, 64]}
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "identity",
        [helper.make_tensor_value_info("x", **port)],
        [helper.make_tensor_value_info("y", **port)],
    )
    data = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    ).SerializeToString()
    file = folder / "identity.onnx"
    file.write_bytes(data)
    manifest = Manifest(
        name="identity", identity="", key="", backend="onnxruntime", precision="fp32",
        file=file.name, sha256=hashlib.sha256(data).hexdigest(), labels=(),
        inputs=(Tensor("x", (1, 64), "float32"),), outputs=(Tensor("y", (1, 64), "float32"),),
        axes={}, processor="", files={}, built_with={},
    )
    return manifest, file


def calls(
    engine: Any, manifest: Manifest, file: Path, threads: int
) -> dict[str, Callable[[], Any]]:
    """The four calls on zeros of the typical size."""
    feeds = FeedCheck(manifest).zeros()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session: Any = onnxruntime.InferenceSession(str(file), options, providers=[PROVIDER])
    held = engine._session
    binding = session.io_binding()
    for name, values in feeds.items():
        binding.bind_cpu_input(name, values)
    outputs = [
        onnxruntime.OrtValue.ortvalue_from_numpy(values) for values in session.run(None, feeds)
    ]
    for tensor, value in zip(manifest.outputs, outputs, strict=True):
        binding.bind_ortvalue_output(tensor.name, value)
    return {
        "ours": lambda: engine.run(feeds),
        "run": lambda: session.run(None, feeds),
        "same session": lambda: held.run(None, feeds),
        "io-binding": lambda: session.run_with_iobinding(binding),
    }


def compare(figures: Figures, name: str, spent: dict[str, list[int]]) -> None:
    """Adds a row and the limits of one engine."""
    p50 = {case: percentiles(times)["p50"] / 1e3 for case, times in spent.items()}
    ours, run, held, bound = (p50[case] for case in CASES)
    figures.row(
        name, ours, run, held, bound, ours - held, ours / run, ours / bound, len(spent["ours"])
    )
    figures.goal(f"{name}: adds to the same session's run, p50, us", ours - held, ADDS_US)
    if held < SHORT_MS * 1e3:
        figures.goal(f"{name}: ours / the same session's run, p50", ours / held, 1.0)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    threads = parser.parse_known_args()[0].threads
    figures = Figures(
        f"What an engine call adds, {threads} thread{'s' * (threads > 1)}",
        (
            "engine", *(f"{case} us" for case in CASES), "adds us", "ours / run",
            "ours / io-binding", "calls",
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        manifest, file = identity(Path(folder))
        engine: Any = OnnxRuntimeEngine(manifest, file, threads)
        compare(figures, "identity", in_turns(calls(engine, manifest, file, threads), BUDGET_S))
    for name in NAMES:
        manifest = build(store.find_card(name), Progress())
        file = store.built_folder(name) / manifest.file
        engine = store.load(name, threads)
        what = f"{name}{', varying sizes' if manifest.axes else ''}"
        compare(figures, what, in_turns(calls(engine, manifest, file, threads), BUDGET_S))
        engine.close()
    figures.show()


if __name__ == "__main__":
    main()
