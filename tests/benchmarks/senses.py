"""What one record costs each sense, and its engine beside the same model run in other ways.

    python tests/benchmarks/senses.py [--json FILE]
"""

from __future__ import annotations

import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from figures import Figures, percentiles

from sensorium import records
from sensorium.health import Reason
from sensorium.inference import store
from sensorium.perception.gesture import Gesture, GestureOptions
from sensorium.perception.sense import Sample
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium_tools.hand_poses import POSES, RIGHT, held, vary
from sensorium_tools.hands import hand, to_record

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[[int], object]

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fixtures import engines
from fixtures.senses import no_rings

ROUNDS, A_ROUND = 60, 50


def measure(calls: dict[str, Call]) -> dict[str, tuple[dict[str, float], float]]:
    """Percentiles of wall time in us, and mean CPU time of all threads in us, of each call.

    The calls take turns, so that all meet the same machine.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    used_ns = dict.fromkeys(calls, 0)
    for turn in range(ROUNDS + 2):
        for name, call in calls.items():
            before_ns = time.process_time_ns()
            spans = []
            for place in range(A_ROUND):
                start_ns = time.perf_counter_ns()
                call(turn * A_ROUND + place)
                spans.append((time.perf_counter_ns() - start_ns) / 1000)
            if turn >= 2:
                used_ns[name] += time.process_time_ns() - before_ns
                times[name] += spans
    return {
        name: (percentiles(times[name]), used_ns[name] / ROUNDS / A_ROUND / 1000) for name in calls
    }


def bare(model: bytes) -> onnxruntime.InferenceSession:
    """A session with one thread and no other setting."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def built(name: str) -> bytes:
    """The bytes of a built engine."""
    return (store.built_folder(name) / engines.ensure_built(name).file).read_bytes()


def litert(files: tuple[bytes, ...], feeds: dict[str, np.ndarray]) -> Call:
    """The original gesture files in Google's own interpreter."""
    from ai_edge_litert.interpreter import Interpreter

    first, second = (Interpreter(model_content=data, num_threads=1) for data in files)
    first.allocate_tensors()
    second.allocate_tensors()
    places = {detail["name"]: detail["index"] for detail in first.get_input_details()}
    embedding = first.get_output_details()[0]["index"]
    taken = second.get_input_details()[0]["index"]
    result = second.get_output_details()[0]["index"]

    def run(_turn: int) -> object:
        for name, values in feeds.items():
            first.set_tensor(places[name], values)
        first.invoke()
        second.set_tensor(taken, first.get_tensor(embedding))
        second.invoke()
        return second.get_tensor(result)

    return run


def silent(*_: object, **__: object) -> None:
    """Takes the place of a channel: publishing is measured elsewhere."""


def gesture_frames() -> list[np.ndarray]:
    """A hand in motion: 64 records, no two alike."""
    noise = np.random.default_rng(0)
    turned = tuple(held("Victory", RIGHT))
    return [
        to_record(hand(vary(POSES["victory"], noise, 3.0), RIGHT, (0, 1.2, -0.4), turned), RIGHT)
        for _ in range(64)
    ]


def sound_blocks() -> list[np.ndarray]:
    """64 blocks of noise."""
    noise = np.random.default_rng(0)
    blocks = []
    for place in range(64):
        record = records.AUDIO.zeros()
        record["samples"] = noise.normal(0, 0.1, 512)
        record["first_sample"] = place * 512
        blocks.append(record)
    return blocks


def gesture_calls() -> dict[str, Call]:
    """The gesture engine, its peers, and the whole sense."""
    noise = np.random.default_rng(1)
    feeds = {
        "hand": noise.normal(size=(1, 21, 3)).astype(np.float32),
        "handedness": np.ones((1, 1), np.float32),
    }
    unused = {"world_hand": np.zeros((1, 21, 3), np.float32)}
    engine = engines.load("gesture-recognizer")
    session = bare(built("gesture-recognizer"))
    sense = Gesture(GestureOptions(), {"gesture-recognizer": engine}, no_rings())
    stream = sense.streams()[RIGHT - 1]
    frames = gesture_frames()
    nothing = Sample(frames[0], 0, False, Reason.INACTIVE, 1)

    def one_hand(turn: int) -> None:
        sample = Sample(frames[turn % 64], turn * 11_000_000, True, Reason.NONE, turn)
        stream.process(sample, silent)

    return {
        "our engine": lambda _: engine.run(feeds),
        "bare onnxruntime": lambda _: session.run(None, feeds),
        "ai-edge-litert": litert(engines.weights("gesture-recognizer"), {**feeds, **unused}),
        "whole sense, a hand": one_hand,
        "whole sense, no hand": lambda _: stream.process(nothing, silent),
    }


def voice_calls() -> dict[str, Call]:
    """The voice engine, its peers, and the whole sense."""
    noise = np.random.default_rng(1)
    feeds = {
        "input": noise.normal(0, 0.1, (1, 576)).astype(np.float32),
        "state": np.zeros((2, 1, 128), np.float32),
    }
    with_rate = {**feeds, "sr": np.array(16_000, np.int64)}
    engine = engines.load("silero-vad")
    session = bare(built("silero-vad"))
    with zipfile.ZipFile(engines.wheel("silero-vad")) as archive:
        combined = bare(archive.read("silero_vad/data/silero_vad.onnx"))
    stream = VoiceActivity(VoiceOptions(), {"silero-vad": engine}, no_rings()).streams()[0]
    blocks = sound_blocks()

    def one_block(turn: int) -> None:
        sample = Sample(blocks[turn % 64], turn * 32_000_000, True, Reason.NONE, turn)
        stream.process(sample, silent)

    return {
        "our engine": lambda _: engine.run(feeds),
        "bare onnxruntime": lambda _: session.run(None, feeds),
        "the wheel's combined graph": lambda _: combined.run(None, with_rate),
        "whole sense, a block": one_block,
    }


def main() -> None:
    """Measures and prints."""
    figures = Figures(
        "A record through each sense",
        ("sense", "what", "p50 us", "p99 us", "p99.9 us", "max us", "CPU us", "a second",
         "% of a core"),
    )
    rates_hz = {"whole sense, no hand": 20.0}
    for sense, calls, rate_hz in (
        ("gesture", gesture_calls(), 180.0), ("voice", voice_calls(), 16_000 / 512)
    ):
        measured = measure(calls)
        for what, (wall, cpu) in measured.items():
            rate = rates_hz.get(what, rate_hz)
            cells = (wall[key] for key in ("p50", "p99", "p99.9", "max"))
            figures.row(sense, what, *cells, cpu, rate, cpu * rate / 10_000)
        ours, plain, *_ = (wall["p50"] for wall, _ in measured.values())
        figures.goal(f"{sense}: our engine / bare onnxruntime, p50", ours / plain, 1.0)
    figures.show()


if __name__ == "__main__":
    main()
