"""Installed engines beside their fp32 graph, the model as downloaded, OpenVINO and LiteRT.

    python tests/benchmarks/engine_peers.py [NAME ...] [--json FILE] [--seconds N]

Each engine runs as the daemon runs it, batch 1 at its typical sizes, with one thread and with two;
all sides take turns on the same inputs. A ratio is a side's p50 over ours: above 1, ours is faster.

- fp32: our graph in fp32, in ONNX Runtime;
- as downloaded: the ONNX file of the card's source, in ONNX Runtime with its own settings;
- OpenVINO: our fp32 graph, and our installed graph where that is INT8, one stream, latency first;
- LiteRT: the TFLite files of the card's source with XNNPACK, one after the other.

OpenCV, which once read darknet's files, does so no more (5.0). `speech_accuracy.py` has the rest of
Whisper. Engines that are not built are built first; what a build said of accuracy stands beside the
times.
"""

from __future__ import annotations

import argparse
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from figures import Figures, percentiles
from turns import in_turns

from sensorium.inference import store
from sensorium.inference.onnxruntime_engine import PROVIDER
from sensorium_tools import build as building
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.graphs import graph
from sensorium_tools.progress import Progress
from sensorium_tools.sources import read_weights
from sensorium_tools.verify.error import snr_db

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sensorium.inference.card import Card

    Feeds = dict[str, NDArray[Any]]
    Call = Callable[[], Any]

THREADS = (1, 2)
SIDES = ("fp32", "as downloaded", "OpenVINO fp32", "OpenVINO int8", "LiteRT")
MUST_GAIN = ("yolov3-tiny", "efficientnet-lite0", "face-emotion", "whisper-tiny-en-encoder")
"""Engines that shall be faster in INT8, within a point of their metric."""
MAY_LOSE = 0.01
SAME_DB = 60.0
"""A peer that is further from the fp32 graph than that computes something else."""


def inputs(card: Card) -> Feeds:
    """Feeds of the typical sizes: 0 to 1 from a fixed seed, whole numbers 0."""
    noise = np.random.default_rng(0)
    return {
        port.name: noise.random(card.sizes(port), np.float32)
        if port.type == "float32"
        else np.zeros(card.sizes(port), port.type)
        for port in card.inputs
    }


def as_downloaded(weights: list[bytes], feeds: Feeds, threads: int) -> Call:
    """ONNX Runtime on the source's own file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(weights[0], options, providers=[PROVIDER])
    return lambda: session.run(None, feeds)


def openvino_run(card: Card, data: bytes, threads: int) -> Callable[[Feeds], Feeds]:
    """OpenVINO on a card's graph: outputs by name, valid until the next run."""
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(data), "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False,
        },
    )
    request = compiled.create_infer_request()
    names = [port.name for port in card.outputs]

    def run(feeds: Feeds) -> Feeds:
        found = request.infer(feeds, share_inputs=True, share_outputs=True)
        return {name: found[place] for place, name in enumerate(names)}

    return run


def litert(weights: list[bytes], threads: int) -> Call:
    """LiteRT on the source's files, each on noise of its own input's shape."""
    from ai_edge_litert.interpreter import Interpreter

    parts = [Interpreter(model_content=data, num_threads=threads) for data in weights]
    noise = np.random.default_rng(0)
    fed = []
    for part in parts:
        part.allocate_tensors()
        fed.append([
            (port["index"], noise.random(port["shape"]).astype(port["dtype"]))
            for port in part.get_input_details()
        ])
    outputs = [[port["index"] for port in part.get_output_details()] for part in parts]

    def run() -> None:
        for part, values, places in zip(parts, fed, outputs, strict=True):
            for place, value in values:
                part.set_tensor(place, value)
            part.invoke()
            for place in places:
                part.get_tensor(place)

    return run


class Bench:
    """One engine with its peers.

    Args:
        card: Of the engine; it is built where it is not.
        seconds: To spend on each count of threads.
    """

    def __init__(self, card: Card, seconds: float) -> None:
        progress = Progress()
        manifest = building.build(card, progress)
        self.precision = manifest.precision
        self._card, self._seconds = card, seconds
        self._fp32 = graph(card, progress)
        self._installed = (store.built_folder(card.name) / manifest.file).read_bytes()
        self._weights = read_weights(card, progress)

    def int8(self) -> dict[str, Any]:
        """What the build's report says of INT8; empty where none was made."""
        rows = (building.report(self._card) or {}).get("precisions", [])
        return next((row for row in rows if row["name"] == "int8" and row.get("p50_ms")), {})

    def run(self, threads: int) -> tuple[dict[str, float], dict[str, float]]:
        """p50 of each side in ms; and each peer's signal to noise against our fp32 graph in dB."""
        card, feeds = self._card, inputs(self._card)
        engine = store.load(card.name, threads)
        fp32 = GraphRun(card.name, self._fp32, threads)
        cases: dict[str, Call] = {
            "ours": lambda: engine.run(feeds), "fp32": lambda: fp32(feeds),
        }
        near: dict[str, float] = {}
        if card.conversion.converter == "onnx":
            cases["as downloaded"] = as_downloaded(self._weights, feeds, threads)
        if importlib.util.find_spec("openvino"):
            graphs = {"fp32": self._fp32, self.precision: self._installed}
            for precision in {"fp32", self.precision} & {"fp32", "int8"}:
                run = openvino_run(card, graphs[precision], threads)
                near[f"OpenVINO {precision}"] = snr_db(fp32, run, [feeds])
                cases[f"OpenVINO {precision}"] = lambda run=run: run(feeds)
        if card.conversion.converter == "tflite" and importlib.util.find_spec("ai_edge_litert"):
            cases["LiteRT"] = litert(self._weights, threads)
        spent = in_turns(cases, self._seconds)
        engine.close()
        return {side: percentiles(times)["p50"] / 1e6 for side, times in spent.items()}, near


def said(row: dict[str, Any]) -> str:
    """The accuracy of INT8 in a few words."""
    for key, word in (("loss", "loses"), ("agreement", "agrees")):
        share = row.get(key)
        if share:
            return "{} {value:.3f} ({low:.3f} to {high:.3f})".format(word, **share)
    return ""


def limits(figures: Figures, name: str, row: dict[str, Any], gain: float, threads: int) -> None:
    """Adds what an engine that must gain by INT8 has to reach."""
    figures.goal(f"{name}, {threads} threads: fp32 / installed", gain, 1.0, at_most=False)
    loss = row.get("loss")
    if threads == THREADS[0] and loss:
        figures.goal(f"{name}: loss of its metric in INT8", loss["value"], MAY_LOSE)
    elif threads == THREADS[0] and row:
        figures.goal(
            f"{name}: disagreement with fp32 in INT8", 1 - row["agreement"]["value"], MAY_LOSE
        )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="engines; none: all")
    parser.add_argument("--seconds", type=float, default=6.0, help="for each count of threads")
    parser.add_argument("--json", help="see figures.py")
    options = parser.parse_args()
    figures = Figures(
        "Engines beside their peers",
        (
            "engine", "installed", "threads", "ours ms", *(f"{side} / ours" for side in SIDES),
            "int8 in the report",
        ),
    )
    for name in options.names or store.names():
        bench = Bench(store.find_card(name), options.seconds)
        row = bench.int8()
        for threads in THREADS:
            p50, near = bench.run(threads)
            figures.row(
                name, bench.precision, threads, p50["ours"],
                *(p50[side] / p50["ours"] if side in p50 else "" for side in SIDES),
                f"{row['state']}; {row['speedup']:.2f} x; {said(row)}" if row else "",
            )
            if name in MUST_GAIN:
                limits(figures, name, row, p50["fp32"] / p50["ours"], threads)
            if near.get("OpenVINO fp32", SAME_DB) < SAME_DB:
                figures.goal(
                    f"{name}: OpenVINO's signal to noise against our fp32 graph, dB",
                    near["OpenVINO fp32"], SAME_DB, at_most=False,
                )
    figures.show()


if __name__ == "__main__":
    main()
