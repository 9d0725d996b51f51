"""Gestures of one's own, enrolled and shown by made wearers: F1, false ones a minute, CPU time.

Each wearer enrols six gestures (five recordings each, 10 s of free motion) and shows them later to
the whole sense, between other things. All wearers are made by this project, none is a recorded
person; none of these was used to choose a constant.

    python tests/benchmarks/own_gestures.py [--json FILE] [--wearers N] [--minutes M]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from figures import Figures

from sensorium.errors import EnrolmentError
from sensorium.health import Reason
from sensorium.perception import own_gestures
from sensorium.perception.gesture_enrolling import enrol, recording
from sensorium.perception.hand_embedding import embed
from sensorium.perception.hand_gesture import HandGesture, HandOptions
from sensorium.perception.sense import Sample
from sensorium.records.hands import OWN
from sensorium_tools.hand_poses import LEFT, RIGHT

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fixtures.hand_desk import FRAME_NS, HandDesk, joints
from fixtures.own_hands import OWN as POSES
from fixtures.own_hands import OwnWearer

SEED = 3_000_073
RECORDINGS, FREE_FRAMES, EVERY = 5, 900, 6
"""Of an enrolment: recordings of a gesture, frames of free motion, and which of these are kept."""
TIMES, HELD, BETWEEN = 6, 30, 12
"""How often each gesture is shown later, frames that it is held, and of rest before it."""
BEGIN = 1


class Played:
    """What came of all wearers.

    Attributes:
        table: Right, false and missed ones of each gesture: [6, 3].
        delays: From the first frame of a gesture to its begin, frames.
        false: Begins in free motion.
        minutes: Of free motion.
        cross: Macro F1 that the enrolments reported.
        refused: Enrolments that were refused.
    """

    def __init__(self) -> None:
        self.table = np.zeros((len(POSES), 3), np.int64)
        self.delays: list[int] = []
        self.false = 0
        self.minutes = 0.0
        self.cross: list[float] = []
        self.refused = 0


def enrolled(who: OwnWearer, played: Played) -> own_gestures.OwnGestures:
    """What the wearer enrols, one gesture after the other."""
    known, judged = own_gestures.none(), {}
    free = [embed(points.tolist(), who.side) for points in who.free(FREE_FRAMES)[::EVERY]]
    for name in POSES:
        shown = [
            recording([embed(one.tolist(), who.side) for one in who.holds(name, 15)])
            for _ in range(RECORDINGS)
        ]
        try:
            made = enrol(name, shown, free, known, {})
        except EnrolmentError as error:
            print(f"refused: {name}: {error.message}", file=sys.stderr)
            played.refused += 1
            continue
        known, judged = made.own, made.judged
    played.cross.append(float(np.mean([one.f1 for one in judged.values()])))
    return known


def play(who: OwnWearer, played: Played, minutes: float) -> None:
    """Shows each gesture between rests, then moves freely."""
    desk = HandDesk(HandOptions(movements=False))
    noise = np.random.default_rng(SEED)
    names = list(POSES)
    for turn in noise.permutation(np.repeat(np.arange(len(names)), TIMES)):
        for points in who.holds("rest", BETWEEN):
            desk.frame({who.side: joints(points, who.side)})
        told: list[tuple[int, str]] = []
        for at, points in enumerate(who.holds(names[turn], HELD)):
            told += [
                (at, one["name"].decode())
                for one in desk.frame({who.side: joints(points, who.side)})
                if one["action"] == OWN and one["event"] == BEGIN
            ]
        right = [at for at, name in told if name == names[turn]]
        played.delays += right[:1]
        played.table[turn, 0 if right else 2] += 1
        for _, name in told:
            if name != names[turn]:
                played.table[names.index(name), 1] += 1
    frames = round(minutes * 60e9 / FRAME_NS)
    for points in who.free(frames):
        played.false += sum(
            int(one["action"] == OWN and one["event"] == BEGIN)
            for one in desk.frame({who.side: joints(points, who.side)})
        )
    played.minutes += minutes


def cpu_ms(who: OwnWearer, rounds: int) -> float:
    """CPU time of a frame of both hands, ms; the sense's geometry included, its movements not."""
    desk = HandDesk(HandOptions(movements=False))
    streams = HandGesture(HandOptions(movements=False), {}, desk.desk.rings).streams()
    seen = [[joints(points * ((-1.0 if side == LEFT else 1.0), 1.0, 1.0), side)
             for points in who.free(64)] for side in (LEFT, RIGHT)]
    spent = 0

    def publish(*_: object, **__: object) -> None:
        """Publishing is measured elsewhere."""

    for turn in range(rounds):
        now_ns = desk.start_ns + turn * FRAME_NS
        for side, stream in enumerate(streams):
            sample = Sample(seen[side][turn % 64], now_ns, True, Reason.NONE, turn + 1)
            begun = time.process_time_ns()
            stream.process(sample, publish)
            spent += time.process_time_ns() - begun
    return spent / rounds / 1e6


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--wearers", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=0.5)
    options, _ = parser.parse_known_args()
    played = Played()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SENSORIUM_DATA_DIR"] = folder
        without_ms = cpu_ms(OwnWearer(np.random.default_rng(SEED)), 2000)
        for number in range(options.wearers):
            who = OwnWearer(np.random.default_rng([SEED, number]), (LEFT, RIGHT)[number % 2])
            own_gestures.write(own_gestures.place(), enrolled(who, played))
            play(who, played, options.minutes)
        with_ms = cpu_ms(OwnWearer(np.random.default_rng(SEED)), 2000)
    figures = Figures(
        f"Own gestures of {options.wearers} made wearers, {RECORDINGS} recordings each",
        ("what", "right", "false", "missed", "F1"),
    )
    right, false, missed = played.table.T
    f1 = 2.0 * right / np.maximum(2 * right + false + missed, 1)
    for name, row, value in zip(POSES, played.table, f1, strict=True):
        figures.row(name, *map(int, row), float(value))
    late_ms = np.array(played.delays) * FRAME_NS / 1e6
    for share in (50, 95):
        figures.row(f"first frame of a gesture to its begin, p{share}, ms", "", "", "",
                    float(np.percentile(late_ms, share)))
    figures.row("enrolments refused", "", "", played.refused, "")
    figures.row("macro F1 that the enrolments reported, mean", "", "", "",
                float(np.mean(played.cross)))
    figures.row("CPU of both hands without own gestures, ms a frame", "", "", "", without_ms)
    figures.row("with six of them", "", "", "", with_ms)
    figures.goal("macro F1", float(f1.mean()), 0.95, at_most=False)
    figures.goal("told a minute of free motion", played.false / played.minutes, 1.0)
    figures.show()


if __name__ == "__main__":
    main()
