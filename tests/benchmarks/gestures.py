"""How often kinematic hands are known by their gesture, and by which convention of handedness.

Every hand has normal noise on each joint angle and on the wrist's three axes, and a size of its
own. These are our own hands, not recorded ones: the figures say that the landmarks reach the
model as it expects them, not how well it knows people's hands.

    python tests/benchmarks/gestures.py [--json FILE]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
from figures import Figures

from sensorium.perception.gesture import CALLED_LEFT
from sensorium.perception.hand_landmarks import LANDMARKS, landmarks
from sensorium_tools.hand_poses import GESTURES, LEFT, POSES, RIGHT, held, vary
from sensorium_tools.hands import hand
from sensorium_tools.quaternion import multiply, turn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fixtures import engines

HANDS = 1000
ANGLE_DEG, WRIST_DEG = 4.0, 12.0
AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
RESTING = "None"


def interval(hits: int, count: int) -> str:
    """Wilson's 95 % interval of a share, in percent."""
    z, share = 1.96, hits / count
    middle = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    low, high = ((middle + way * spread) / (1 + z * z / count) for way in (-1, 1))
    return f"{100 * low:.1f}..{100 * high:.1f}"


def main() -> None:
    """Measures and prints."""
    engine = engines.load("gesture-recognizer")
    figures = Figures(
        f"{HANDS} hands a gesture, noise {ANGLE_DEG} deg a joint, {WRIST_DEG} deg a wrist axis",
        ("shown", "known %", "95 %", "mean score", "mirrored %", "its mean score", "taken for"),
    )
    points = np.zeros((1, LANDMARKS, 3), np.float32)
    for label in (*GESTURES, RESTING):
        noise = np.random.default_rng(0)
        index = engine.labels.index(label)
        pose = POSES[GESTURES[label][0]] if label in GESTURES else POSES["rest"]
        hits, scores, wrong = {True: 0, False: 0}, {True: [], False: []}, {}
        for place in range(HANDS):
            side = (LEFT, RIGHT)[place % 2]
            facing = held(label, side) if label in GESTURES else turn(AXES[0], 0.0)
            for axis in AXES:
                facing = multiply(turn(axis, noise.normal(0, WRIST_DEG)), facing)
            made = hand(
                vary(pose, noise, ANGLE_DEG), side, (0, 1.2, -0.4), tuple(facing),
                noise.uniform(0.85, 1.1),
            )
            landmarks(made.positions.tolist(), side, points)
            for ours in (True, False):
                called_left = CALLED_LEFT[side] if ours else 1.0 - CALLED_LEFT[side]
                feeds = {"hand": points, "handedness": np.full((1, 1), called_left, np.float32)}
                result = engine.run(feeds)["scores"][0]
                best = int(result.argmax())
                hits[ours] += best == index
                scores[ours].append(float(result[index]))
                if ours and best != index:
                    wrong[engine.labels[best]] = wrong.get(engine.labels[best], 0) + 1
        figures.row(
            label, 100 * hits[True] / HANDS, interval(hits[True], HANDS), np.mean(scores[True]),
            100 * hits[False] / HANDS, np.mean(scores[False]),
            ", ".join(f"{name} {count}" for name, count in wrong.items()),
        )
    figures.show()


if __name__ == "__main__":
    main()
