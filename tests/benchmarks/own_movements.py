"""Moving gestures of one's own, enrolled and made by made wearers: F1, false ones, delay, CPU time.

Each wearer enrols eight gestures (five recordings each, 20 s of free motion) and makes them later
before the whole sense, between other things and movements that the sense knows by itself; a tenth
of the recordings is spoilt by what the wearer does next. An enrolment that is refused is asked for
once more. All wearers are made by this project, none is a recorded person; none of these was used
to choose a constant. What tells gestures is compared with three others on the same motion, cut
where `movement_span` takes it to begin and end, which is a guess, too: class means of a fixed
embedding, of the movement engine's last layer, and of both together.

    python tests/benchmarks/own_movements.py [--json FILE] [--wearers N] [--minutes M] [--seed S]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from figures import ROOT, Figures

from sensorium.errors import EnrolmentError
from sensorium.perception import own_movements
from sensorium.perception.gesture_learning import learn
from sensorium.perception.hand_gesture import HandOptions
from sensorium.perception.hand_motion import FEATURES, WINDOW, HandMotion, Head
from sensorium.perception.known_gestures import KnownMovements
from sensorium.perception.movement_embedding import SPREAD
from sensorium.perception.movement_enrolling import enrol, recording
from sensorium.perception.movement_learning import Compared
from sensorium.perception.movement_telling import nearest
from sensorium.perception.own_motion import OwnMotion
from sensorium.perception.warping import matched
from sensorium.records.hands import OWN
from sensorium_tools.motion.take import TakeOptions

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fixtures.hand_desk import FRAME_NS, HandDesk, head, joints
from fixtures.own_moves import GESTURES, MovingWearer, pieces

SEED = 5_000_077
OTHERS = TakeOptions(
    height_m=(1.45, 2.0), proportion=0.06, pace=(0.75, 1.3), tremor_mm=(0.2, 1.0),
    noise_mm=(2.0, 2.0), drops=0.02,
)
"""As in the evaluation of calibration/motions."""
RECORDINGS, SECONDS, FREE_S, TIMES = 5, 3.0, 20.0, 4
EARLY_S, LATE_S = 0.2, 0.3
"""A gesture is known when it is told no more before or after its end; as the engine's movements."""
POINTS = 12
"""Of a motion in the fixed embedding."""
NAMES = list(GESTURES)


class Played:
    """What came of all wearers."""

    def __init__(self) -> None:
        self.table = np.zeros((len(NAMES), 3), np.int64)
        self.rivals = {name: np.zeros((len(NAMES), 3), np.int64) for name in RIVALS}
        self.delays: list[float] = []
        self.false = 0
        self.minutes = 0.0
        self.macros: list[float] = []
        self.cross: list[float] = []
        self.again = 0
        self.refused = 0


def enrolled(who: MovingWearer, played: Played) -> own_movements.OwnMovements:
    """What the wearer enrols, one gesture after the other."""
    known, judged = own_movements.none(), {}
    free = pieces(who.free(FREE_S))
    for name in NAMES:
        for last in (False, True):
            try:
                made = enrol(name, [_shown(who, name) for _ in range(RECORDINGS)], free, known, {})
            except EnrolmentError as error:
                print(f"refused: {name}: {error.message}", file=sys.stderr)
                played.again += not last
                played.refused += last
                continue
            known, judged = made.own, made.judged
            break
    played.cross.append(float(np.mean([one.f1 for one in judged.values()])))
    return known


def _shown(who: MovingWearer, name: str) -> own_movements.Recording:
    while True:
        try:
            return recording(pieces(who.recording(name, SECONDS)), SECONDS)
        except EnrolmentError:
            continue


def play(who: MovingWearer, noise: np.random.Generator, played: Played, minutes: float) -> None:
    """Makes each gesture between other things, then moves freely."""
    order = noise.permutation(np.repeat(np.arange(len(NAMES)), TIMES))
    table = np.zeros_like(played.table)
    for names in np.array_split(order, TIMES):
        take = who.plays([NAMES[at] for at in names])
        left = list(take.done)
        for at, name in _told(take):
            fits = [one for one in left
                    if one.name == name and -EARLY_S <= at - one.end <= LATE_S]
            if fits:
                left.remove(fits[0])
                played.delays.append(1000.0 * (at - fits[0].end))
            table[NAMES.index(name), 0 if fits else 1] += 1
        for one in left:
            table[NAMES.index(one.name), 2] += 1
    played.table += table
    played.macros.append(float(f1(table).mean()))
    played.false += len(_told(who.free(60.0 * minutes)))
    played.minutes += minutes


def _told(take) -> list[tuple[float, str]]:
    """Times in s, and names."""
    desk, told = HandDesk(HandOptions(movements=False)), []
    before = int(take.times_ns[0]) - FRAME_NS
    for at, time_ns in enumerate(take.times_ns.tolist()):
        told += [
            (time_ns / 1e9, one["own_name"].decode())
            for one in desk.frame(
                {take.side: joints(take.joints[at], take.side)}, after_ns=time_ns - before,
                seen=head(take.heads[at], take.turns[at]),
            ) if one["action"] == OWN
        ]
        before = time_ns
    return told


def fixed(steps: np.ndarray) -> np.ndarray:
    """A motion at `POINTS` even shares of its length, and how long it is."""
    at = np.linspace(0, len(steps) - 1, POINTS)
    values = np.stack([np.interp(at, np.arange(len(steps)), part) for part in steps.T], axis=1)
    return np.array([*values.ravel(), 4.0 * np.log(len(steps) / 30.0)])


class LastLayer:
    """What the movement engine's last layer but one says of the 1.6 s before a motion's end."""

    def __init__(self) -> None:
        model = onnx.load(str(ROOT / "engines" / "hand-movement" / "hand-movement.onnx"))
        inner = next(node for node in model.graph.node if node.output[0] == "scores").input[0]
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(inner))
        self._session = onnxruntime.InferenceSession(model.SerializeToString())
        self._inner = inner

    def __call__(self, steps: np.ndarray) -> np.ndarray:
        heard = (steps * SPREAD)[-WINDOW:, :FEATURES].astype(np.float32)
        heard = np.concatenate([np.repeat(heard[:1], WINDOW - len(heard), axis=0), heard])
        (made,) = self._session.run([self._inner], {"steps": heard[None]})
        return np.asarray(made, np.float64).ravel()


RIVALS = ("time warping", "class means", "engine's last layer", "class means and last layer")


def compare(who: MovingWearer, known: own_movements.OwnMovements, played: Played) -> None:
    """Tells later motion that is cut at the begin and end of its span, in four ways."""
    last = LastLayer()

    def both(steps: np.ndarray) -> np.ndarray:
        return np.concatenate([fixed(steps), last(steps)])

    gestures = [one.recordings for one in known.gestures]
    names = [one.name for one in known.gestures]

    def cuts(pieces_: list[np.ndarray]) -> list[np.ndarray]:
        return [one[at : at + 30] for one in pieces_ for at in range(0, len(one) - 30, 15)]

    later = [(name, one.steps[one.span.first : one.span.after])
             for name in names for one in [_shown(who, name) for _ in range(TIMES)]]
    later += [("", one) for one in cuts(pieces(who.free(30.0)))]
    limits = Compared(gestures, known.free).limits()
    patterns = [one.steps[one.span.first : one.span.after] for shown in gestures for one in shown]
    whose = np.array([at for at, shown in enumerate(gestures) for _ in shown])
    far = np.array([
        nearest(match, whose, np.ones(len(whose), bool), len(gestures)).costs.min(0) / limits
        for match in matched(patterns, [steps for _, steps in later])
    ])
    said = {RIVALS[0]: np.where(far.min(1) <= 1.0, far.argmin(1), -1)}
    for rival, embed in zip(RIVALS[1:], (fixed, last, both), strict=True):
        learnt = learn(
            [[embed(one.steps[one.span.first : one.span.after])[None] for one in shown]
             for shown in gestures],
            np.array([embed(steps) for steps in cuts(list(known.free))]),
        )
        said[rival] = learnt.told(np.array([embed(steps) for _, steps in later]))
    for rival, told in said.items():
        for (name, _), found in zip(later, told.tolist(), strict=True):
            right = found >= 0 and names[found] == name
            if found >= 0:
                played.rivals[rival][NAMES.index(names[found]), 0 if right else 1] += 1
            if name and not right:
                played.rivals[rival][NAMES.index(name), 2] += 1


def f1(table: np.ndarray) -> np.ndarray:
    """Of each row of right, false and missed ones; 0 where nothing was told."""
    right, false, missed = table.T
    return 2.0 * right / np.maximum(2 * right + false + missed, 1)


def cpu_ms(who: MovingWearer) -> float:
    """CPU time of what own movements add to a frame of both hands at 90 Hz, ms."""
    known = KnownMovements(own_movements.place())
    own = OwnMotion(known)
    take = who.free(20.0, 90)
    motion = HandMotion(take.side)
    spent = 0
    for time_ns, points, place, turn in zip(
        take.times_ns.tolist(), take.joints.tolist(), take.heads.tolist(), take.turns.tolist(),
        strict=True,
    ):
        steps = motion.push(time_ns, points, Head.of(tuple(place), tuple(turn)))
        begun = time.process_time_ns()
        if own.awaited(time_ns):
            own.update(points, time_ns, steps)
        spent += time.process_time_ns() - begun
    return 2.0 * spent / len(take.times_ns) / 1e6


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--wearers", type=int, default=6)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=SEED)
    options, _ = parser.parse_known_args()
    played = Played()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SENSORIUM_DATA_DIR"] = folder
        for number in range(options.wearers):
            noise = np.random.default_rng([options.seed, number])
            who = MovingWearer(noise, OTHERS)
            known = enrolled(who, played)
            own_movements.write(own_movements.place(), known)
            play(who, noise, played, options.minutes)
            compare(who, known, played)
        cost_ms = cpu_ms(who)
    figures = Figures(
        f"Own moving gestures of {options.wearers} made wearers, {RECORDINGS} recordings each",
        ("what", "right", "false", "missed", "F1"),
    )
    values = f1(played.table)
    for name, row, value in zip(NAMES, played.table, values, strict=True):
        figures.row(name, *map(int, row), float(value))
    figures.row("macro F1 of the worst wearer", "", "", "", min(played.macros))
    for rival, table in played.rivals.items():
        figures.row(f"cut at its span: {rival}", *map(int, table.sum(0)),
                    float(f1(table).mean()))
    for share in (50, 95):
        figures.row(f"told after a gesture's end, p{share}, ms", "", "", "",
                    float(np.percentile(played.delays, share)))
    figures.row("enrolments refused once, and twice", "", played.again, played.refused, "")
    figures.row("macro F1 that the enrolments reported, mean", "", "", "",
                float(np.mean(played.cross)))
    figures.row(f"CPU of both hands with {len(NAMES)} gestures, ms a frame more", "", "", "",
                cost_ms)
    figures.goal("macro F1", float(values.mean()), 0.90, at_most=False)
    figures.goal("told a minute of free motion", played.false / played.minutes, 1.0)
    figures.goal("told after its end, p95, ms", float(np.percentile(played.delays, 95)), 150.0)
    figures.show()


if __name__ == "__main__":
    main()
