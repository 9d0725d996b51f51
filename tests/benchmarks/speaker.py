"""How often the wearer and other voices are confused: by length of speech, and by noise.

    python tests/benchmarks/speaker.py [--json FILE] [--calibrate]

Every voice enrols with six sentences and is then the wearer, all others are not. Three ways are
compared on the same sound: Resemblyzer's vectors as upstream makes them with one threshold; the
same with adaptive symmetric normalisation by a cohort (AS-norm, Matejka et al. 2017); and ours
(steady noise taken out, enrolled clean and in noise, a threshold of the wearer's own that rises
with the length). The constants of ours come from the calibration voices, which `--calibrate` shows.
A peer that is a package of its own does not stand here: the original needs torch.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from figures import Figures
from speaker_voices import (
    CALIBRATION,
    EVALUATION,
    NOISES,
    SECONDS,
    SENTENCES,
    cuts,
    noisy,
    same,
    sounds,
)

from sensorium.errors import EnrolmentError
from sensorium.inference import store
from sensorium.perception import enrolling
from sensorium.perception.speaker_features import model_inputs, voice
from sensorium.perception.voiceprint import ENGINE, voiceprint
from sensorium_tools.evaluate.speaker import equal_error_rate

if TYPE_CHECKING:
    from sensorium.perception.enrolment import Enrolment

COHORT = 8
"""The cohort's nearest voices that AS-norm takes."""
LEAST_S = 3.0
GROUPS = {"people": ("people",), "synthesisers": ("espeak-ng", "flite", "festival"),
          "all": ("people", "espeak-ng", "flite", "festival")}


@dataclass
class Voice:
    """One voice: how it enrolled, and what it said, both ways."""

    name: str
    enrolment: Enrolment
    plain: np.ndarray
    sentences: list[np.ndarray]
    tests: dict[tuple[int, str], list[np.ndarray]] = field(default_factory=dict)
    plain_tests: dict[tuple[int, str], list[np.ndarray]] = field(default_factory=dict)


def upstream(sound: np.ndarray, engine) -> np.ndarray:
    """The vector as Resemblyzer makes it."""
    return voice([
        engine.run({"mel": np.ascontiguousarray(part)})["embedding"][0].copy()
        for part in model_inputs(sound)
    ])


def enrolled(name: str, engine) -> Voice | None:
    """A voice that has enrolled and spoken."""
    noise = np.random.default_rng([7, *name.encode()])
    pieces, heard, rest = sounds(name), [], []
    for sound in pieces:
        if len(heard) < SENTENCES and len(sound) >= LEAST_S * 16_000:
            try:
                heard.append(enrolling.hear(sound, engine))
                continue
            except EnrolmentError as error:
                print(f"{name}: {error}", file=sys.stderr)
        rest.append(sound)
    if len(heard) < SENTENCES or not rest:
        return None
    made = enrolling.enrol(heard, engine, "", "")
    found = Voice(name, made, voice([upstream(one.sound, engine) for one in heard]),
                  [one.clean for one in heard])
    for seconds in SECONDS:
        said = cuts(rest, seconds, noise)
        for kind, below_db in NOISES.items():
            now = [noisy(sound, below_db, noise) for sound in said]
            found.tests[seconds, kind] = [voiceprint(sound, engine) for sound in now]
            found.plain_tests[seconds, kind] = [upstream(sound, engine) for sound in now]
    print(f"{name}: {made.seconds:.0f} s enrolled", file=sys.stderr)
    return found


def trials(voices: list[Voice], keys, score) -> tuple[np.ndarray, np.ndarray]:
    """All scores of everyone's tests against everyone's enrolment, and which are one voice."""
    values, mates = [], []
    for wearer in voices:
        for other in voices:
            mate = same(wearer.name, other.name)
            if mate is None:
                continue
            for key in keys:
                got = score(wearer, other, key)
                values += got
                mates += [mate] * len(got)
    return np.array(values), np.array(mates)


def plain(wearer: Voice, other: Voice, key) -> list[float]:
    return [float(wearer.plain @ test) for test in other.plain_tests[key]]


def ours(wearer: Voice, other: Voice, key) -> list[float]:
    threshold = wearer.enrolment.threshold(key[0])
    return [wearer.enrolment.score(test) - threshold for test in other.tests[key]]


def raw(wearer: Voice, other: Voice, key) -> list[float]:
    return [wearer.enrolment.score(test) for test in other.tests[key]]


def normalised(cohort: np.ndarray):
    """AS-norm of the plain scores."""
    def nearest(vector: np.ndarray) -> tuple[float, float]:
        top = np.sort(cohort @ vector)[-COHORT:]
        return float(top.mean()), float(top.std())

    def score(wearer: Voice, other: Voice, key) -> list[float]:
        mean, deviation = nearest(wearer.plain)
        found = []
        for test in other.plain_tests[key]:
            value, (its_mean, its_deviation) = float(wearer.plain @ test), nearest(test)
            found.append(0.5 * ((value - mean) / deviation + (value - its_mean) / its_deviation))
        return found

    return score


def at_equal_error(values: np.ndarray, mates: np.ndarray) -> float:
    """The threshold at which misses and false accepts are as frequent."""
    bounds = np.sort(values)
    missed = np.searchsorted(np.sort(values[mates]), bounds) / mates.sum()
    accepted = 1 - np.searchsorted(np.sort(values[~mates]), bounds) / (~mates).sum()
    return float(bounds[np.argmin(np.abs(missed - accepted))])


def agreements(voices: list[Voice]) -> tuple[np.ndarray, np.ndarray]:
    """How alike the sentences of an enrolment are: of one voice, and of every mix of two."""
    mixes = [
        enrolling.agreement([*one.sentences[strangers:], *other.sentences[:strangers]])
        for one in voices for other in voices if one is not other
        for strangers in range(1, SENTENCES // 2 + 1)
    ]
    return np.array([enrolling.agreement(one.sentences) for one in voices]), np.array(mixes)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calibrate", action="store_true",
                        help="show the constants that follow from the calibration voices")
    calibrate = parser.parse_known_args()[0].calibrate
    engine = store.load(ENGINE)
    calibration = [made for name in CALIBRATION if (made := enrolled(name, engine))]
    if calibrate:
        for seconds in SECONDS:
            keys = [(seconds, kind) for kind in NOISES]
            print(seconds, "s:", round(at_equal_error(*trials(calibration, keys, raw)), 3))
        one, two = agreements(calibration)
        print(f"agreement of one voice: {one.min():.3f} at least; of two voices over that of "
              f"`enrolling.AGREEMENT`: {np.mean(two >= enrolling.AGREEMENT):.3f} of {len(two)}")
        return
    voices = [made for name in EVALUATION if (made := enrolled(name, engine))]
    as_norm = normalised(np.array([each.plain for each in calibration]))
    figures = Figures(
        "Speaker: equal error rate, and errors at the threshold",
        ("voices", "speech s", "noise", "upstream EER", "AS-norm EER", "ours EER", "missed",
         "accepted", "trials"),
    )
    for group, kinds in GROUPS.items():
        members = [each for each in voices if each.name.partition("/")[0] in kinds]
        if len(members) < 2:
            continue
        every = [(seconds, kind) for seconds in SECONDS for kind in NOISES]
        for label, kind, keys in [
            *((str(seconds), kind, [(seconds, kind)]) for seconds, kind in every),
            ("2 and 4", "all", [key for key in every if key[0] > 1]), ("all", "all", every),
        ]:
            values, mates = trials(members, keys, ours)
            figures.row(
                group, label, kind, equal_error_rate(*trials(members, keys, plain)),
                equal_error_rate(*trials(members, keys, as_norm)),
                equal_error_rate(values, mates), float(np.mean(values[mates] < 0)),
                float(np.mean(values[~mates] >= 0)), len(values),
            )
    long = [(seconds, kind) for seconds in SECONDS[1:] for kind in NOISES]
    rates = [equal_error_rate(*trials(voices, long, how)) for how in (ours, plain)]
    figures.goal("equal error rate over upstream's, 2 s and more", rates[0] / rates[1], 1.0)
    figures.show()


if __name__ == "__main__":
    main()
