"""Shapes and movements of made hands through the whole sense: F1, false ones, delay, CPU time.

All hands and wearers are made by this project, none is a recorded person. Those of the movements
are made as the evaluation's of calibration/motions, with other seeds: wearers, speeds, tremor and
noise that no training saw.

    python tests/benchmarks/hand_gestures.py [--json FILE] [--hands N] [--takes N]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from figures import Figures

from sensorium.health import Reason
from sensorium.perception.gesture import Gesture, GestureOptions
from sensorium.perception.hand_gesture import HandGesture, HandOptions
from sensorium.perception.hand_shapes import shapes
from sensorium.perception.sense import Sample
from sensorium.records.hands import MOVEMENTS, SHAPES
from sensorium_tools.evaluate.movement import LATE, Outcome, Told, counts, f1
from sensorium_tools.hand_poses import LEFT, RIGHT
from sensorium_tools.hands import to_record
from sensorium_tools.motion.take import TakeOptions, take

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fixtures import engines
from fixtures.hand_desk import FRAME_NS, HandDesk, head, joints
from fixtures.shapes import NONE, shown

OTHERS = {
    "height_m": (1.45, 2.0), "proportion": 0.06, "pace": (0.75, 1.3), "tremor_mm": (0.2, 1.0),
    "noise_mm": (2.0, 2.0), "drops": 0.02,
}
"""As in the evaluation of calibration/motions."""
SECONDS = 40.0
STEP_S = 1 / 30
MOVED = 3


def known_shapes(count: int) -> np.ndarray:
    """Right, false and missed ones of each shape and of none: [9, 3]."""
    table = np.zeros((len(SHAPES) + 1, 3), np.int64)
    noise = np.random.default_rng(1)
    begin = HandOptions().begin_score
    for place in range(count * len(table)):
        true = place % len(table)
        name = (*SHAPES, NONE)[true]
        scores = shapes(shown(name, (LEFT, RIGHT)[place % 2], noise).positions.tolist())
        best = int(np.argmax(scores))
        said = best if scores[best] >= begin else len(SHAPES)
        if said == true:
            table[true, 0] += 1
        else:
            table[said, 1] += 1
            table[true, 2] += 1
    return table


def played(count: int, moving: float, seed: int) -> tuple[np.ndarray, list[float], float, int]:
    """Takes through the sense: a table as `counts` has it, delays in ms, minutes, all told."""
    table, delays, minutes, told = np.zeros((len(MOVEMENTS), 3), np.int64), [], 0.0, 0
    options = TakeOptions(seconds=SECONDS, moving_share=moving, **OTHERS)
    for number in range(count):
        one = take(options, np.random.default_rng([seed, number]))
        desk = HandDesk()
        found, previous = [], int(one.times_ns[0]) - FRAME_NS
        for at, time_ns in enumerate(one.times_ns.tolist()):
            events = desk.frame(
                {one.side: joints(one.joints[at], one.side)}, after_ns=time_ns - previous,
                seen=head(one.heads[at], one.turns[at]),
            )
            previous = time_ns
            found += [
                (time_ns / 1e9, MOVEMENTS.index(event["name"].decode())) for event in events
                if event["event"] == MOVED and event["name"].decode() in MOVEMENTS
            ]
        truth = np.array([
            (done.begin / STEP_S, done.end / STEP_S, MOVEMENTS.index(done.name))
            for done in one.done
        ]).reshape(-1, 3)
        outcome = Outcome([Told(round(at / STEP_S), kind) for at, kind in found], 0)
        table += counts(outcome, truth)
        for done in one.done:
            late = [
                at - done.end for at, kind in found
                if MOVEMENTS[kind] == done.name and abs(at - done.end) < LATE * STEP_S
            ]
            delays += [1000.0 * late[0]] if late else []
        told += len(found)
        minutes += (one.times_ns[-1] - one.times_ns[0]) / 6e10
    return table, delays, minutes, told


def cpu_ms(rounds: int) -> tuple[float, float]:
    """CPU time of a frame of both hands in ms: this sense's, and with the sense `gesture`.

    The hands move and hold shapes, so that the engine is asked at each step.
    """
    desk = HandDesk()
    hands = {side: HandGesture(
        HandOptions(), {"hand-movement": engines.load("hand-movement")}, desk.desk.rings
    ).streams()[side - 1] for side in (LEFT, RIGHT)}
    canned = Gesture(
        GestureOptions(), {"gesture-recognizer": engines.load("gesture-recognizer")},
        desk.desk.rings,
    ).streams()
    noise = np.random.default_rng(2)
    seen = {side: [to_record(shown("point", side, noise), side) for _ in range(64)]
            for side in (LEFT, RIGHT)}
    for records in seen.values():
        for place, record in enumerate(records):
            record["joints"]["position"][0, :, 0] += 0.2 * np.sin(place / 64 * 2 * np.pi * 2)
    spent = [0, 0]

    def publish(*_: object, **__: object) -> None:
        """Publishing is measured elsewhere."""

    for turn in range(rounds):
        now_ns = desk.start_ns + (turn + 1) * FRAME_NS
        desk.desk.clock.set(now_ns)
        desk.desk.publish("head", head(), now_ns)
        for side, stream in hands.items():
            sample = Sample(seen[side][turn % 64], now_ns, True, Reason.NONE, turn + 1)
            begun = time.process_time_ns()
            stream.process(sample, publish)
            middle = time.process_time_ns()
            canned[side - 1].process(sample, publish)
            spent[0] += middle - begun
            spent[1] += time.process_time_ns() - begun
    return spent[0] / rounds / 1e6, spent[1] / rounds / 1e6


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hands", type=int, default=400)
    parser.add_argument("--takes", type=int, default=45)
    options, _ = parser.parse_known_args()
    engines.ensure_built("hand-movement")
    figures = Figures(
        f"Made hands: {options.hands} a shape, {options.takes} takes of {SECONDS:g} s",
        ("what", "right", "false", "missed", "F1"),
    )
    table = known_shapes(options.hands)
    static = f1(table)
    for name, row, value in zip((*SHAPES, NONE), table, static, strict=True):
        figures.row(name, *map(int, row), float(value))
    table, delays, _, _ = played(options.takes, 0.5, 2_000_071)
    dynamic = f1(table)
    for name, row, value in zip(MOVEMENTS, table, dynamic, strict=True):
        figures.row(name, *map(int, row), float(value))
    _, _, minutes, told = played(options.takes, 0.0, 2_000_072)
    alone, both = cpu_ms(3000)
    figures.goal("shapes, macro F1", float(static.mean()), 0.95, at_most=False)
    figures.goal("movements, macro F1", float(dynamic.mean()), 0.93, at_most=False)
    figures.goal("movements told a minute of free motion", told / minutes, 1.0)
    figures.goal("end of a movement to told, p95, ms", float(np.percentile(delays, 95)), 150.0)
    figures.goal("CPU of both hands, with the sense gesture, ms a frame", both, 1.0)
    figures.row("CPU of both hands, this sense alone, ms", "", "", "", alone)
    figures.show()


if __name__ == "__main__":
    main()
