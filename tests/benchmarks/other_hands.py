"""Shapes of hands that this project did not make: right, false, missed, F1.

    python tests/benchmarks/other_hands.py [--hands N] [--json FILE]

Two makers: the poses of IWER, Meta's emulated WebXR device (relaxed, pinch and point), with 2 mm of
noise on each joint, the wrist turned by up to 30 degrees about each axis and hands of 0.8 to 1.12
times the size; and the hands that the OpenXR runtime, Monado, makes of five curls, as its own
driver of hand-held controllers does, read back through the daemon. Monado's fingers only curl: they
pinch nothing. Nothing was tuned on IWER's; when Monado's loose fists were first seen here, one in
six was told as a pinch, since the thumb comes to lie on the index finger, and the rule that sets
such fists apart is owed to them. A hand counts as what it is told to be: its highest score, where
that begins a shape.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figures
from fixtures import iwer_hands
from fixtures.clients import python_client
from fixtures.remote_driver import LEFT, RIGHT
from stage import Stage, until

from sensorium.clock import now_ns
from sensorium.perception.hand_gesture import HandOptions
from sensorium.perception.hand_shapes import shapes
from sensorium.records.hands import SHAPES
from sensorium_tools.evaluate.movement import f1
from sensorium_tools.quaternion import multiply, rotate, turn

if TYPE_CHECKING:
    from fixtures.remote_driver import Controller
    from numpy.typing import NDArray

APP = "benchmark"
NONE = len(SHAPES)
NAMES = (*SHAPES, "none")
NOISE_M, WRIST_DEG = 0.002, 30.0
AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
CURLED, STRAIGHT, RELAXED = (0.85, 1.0), (0.0, 0.15), (0.2, 0.45)
"""Of a finger that Monado is told of: 0 straight, 1 closed."""
CURLS = {
    "grab": (CURLED,) * 5,
    "point": (CURLED, CURLED, CURLED, STRAIGHT, CURLED),
    "none": (RELAXED,) * 5,
}
"""Of little, ring, middle, index finger and thumb: the order in which Monado 25 takes them."""
SETTLED_NS = 50_000_000
"""After it was told of, a hand of the runtime is the new one."""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hands", type=int, default=200, help="of each pose; default: 200")
    options, _ = parser.parse_known_args()
    figures = Figures(
        f"Hands of others: {options.hands} of each pose",
        ("maker", "what", "right", "false", "missed", "F1"),
    )
    for maker, table in (
        ("IWER", of_iwer(options.hands)), ("Monado", of_monado(options.hands)),
    ):
        shown = np.flatnonzero(table[:, 0] + table[:, 2])
        scores = f1(table)
        for place in np.flatnonzero(table.sum(axis=1)):
            figures.row(maker, NAMES[place], *map(int, table[place]), float(scores[place]))
        figures.goal(f"{maker}: macro F1", float(scores[shown].mean()), 0.95, at_most=False)
    figures.show()


def told(points: NDArray[np.float64]) -> int:
    """The place in `NAMES` of what a hand shows."""
    scores = shapes(points.tolist())
    best = int(np.argmax(scores))
    return best if scores[best] >= HandOptions().begin_score else NONE


def note(table: NDArray[np.int64], true: int, said: int) -> None:
    """Counts one hand: right, false and missed ones of each."""
    if said == true:
        table[true, 0] += 1
    else:
        table[said, 1] += 1
        table[true, 2] += 1


def wrist(noise: np.random.Generator) -> NDArray[np.float64]:
    """A turn by up to `WRIST_DEG` about each axis; quaternion xyzw."""
    facing = np.array([0.0, 0.0, 0.0, 1.0])
    for axis in AXES:
        facing = multiply(turn(axis, float(noise.uniform(-WRIST_DEG, WRIST_DEG))), facing)
    return facing


def of_iwer(count: int) -> NDArray[np.int64]:
    """Its poses, seen badly."""
    table = np.zeros((len(NAMES), 3), np.int64)
    noise = np.random.default_rng(7)
    for name, shape in iwer_hands.POSES.items():
        for number in range(count):
            points = iwer_hands.pose(name, left=number % 2 == 0)
            points = rotate(wrist(noise), points * noise.uniform(0.8, 1.12))
            points += noise.normal(0.0, NOISE_M, points.shape)
            note(table, NAMES.index(shape), told(points))
    return table


def of_monado(count: int) -> NDArray[np.int64]:
    """The runtime's own hands, as the daemon gives them to an app."""
    table = np.zeros((len(NAMES), 3), np.int64)
    noise = np.random.default_rng(8)
    with Stage() as stage:
        stage.remote.send()
        with stage.daemon as daemon, daemon.client() as owner:
            owner.request("grant", action="allow", app=APP, classes="motion")
            session = python_client().connect(APP, str(daemon.runtime_dir))
            channels = [session.channel(name) for name in ("hand_left", "hand_right")]
            for name, curls in CURLS.items():
                for number in range(count):
                    hands: list[Controller] = [LEFT, RIGHT]
                    hands[number % 2] = replace(
                        hands[number % 2], orientation=tuple(wrist(noise)),
                        curl=tuple(float(noise.uniform(*curl)) for curl in curls),
                    )
                    stage.remote.send(left=hands[0], right=hands[1])
                    points = settled(channels[number % 2])
                    points += noise.normal(0.0, NOISE_M, points.shape)
                    note(table, NAMES.index(name), told(points))
            session.close()
    return table


def settled(channel: Any) -> NDArray[np.float64]:
    """A hand's joints, m, some frames from now."""
    from_ns = now_ns() + SETTLED_NS
    seen: list[NDArray[np.float64]] = []

    def fresh() -> bool:
        read = channel.read(now_ns())
        if read.status.name == "NEW" and read.sample.capture_ns >= from_ns:
            joints = read.record.to_dict()["joints"]
            seen.append(np.array([joint["position"] for joint in joints], float))
        return bool(seen)

    until(fresh, "the hand")
    return seen[-1]


if __name__ == "__main__":
    main()
