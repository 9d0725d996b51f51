"""How eye movements are told, beside other programs and people; what the filter does; the cost.

The recordings are of people, by EyeLink trackers at 500 and 1,000 Hz, given to the sense at 90 Hz
as a headset would. No labelled recording of a headset's own eye tracker is known to us.

    python tests/benchmarks/gaze.py [--labelled FOLDER] [--development] [--noise DEGREES ...]
        [--json FILE]

A package ships the recordings that the first rows are of, with the labels of the tracker's own
parser. `--labelled` names the folder `annotated_data/data used in the article` of the data of
Andersson et al., labelled by two people ("One algorithm to rule them all?", Behavior Research
Methods 49, 2017; GPL-3.0, so not shipped here): every other recording is for choosing values
(`--development`), the rest for the figures. What tells saccades in noise was chosen by the former
alone; the values of older parts may have been chosen by some of both.

White noise is added in each axis, 0 to 1 degree or what `--noise` names. That of headsets' own
trackers is not all white: theirs may be smoothed, which hides a part of it from the measure.
REMoDNaV knows all samples at 1,000 Hz, those that come later, too; it is not asked about the
labelled recordings, whose losses at the ends it does not take.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import math
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figures, percentiles

from sensorium import records
from sensorium.health import Reason
from sensorium.perception.eye_movement import EyeMovement
from sensorium.perception.eyes.directions import degrees_between
from sensorium.perception.eyes.one_euro import OneEuroDirection
from sensorium.perception.eyes.options import GazeOptions
from sensorium.perception.sense import Sample

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fixtures import recorded_eyes
from fixtures.gazes import Noise, aim, gaze_record, head_record, saccade
from fixtures.recorded_eyes import BLINK, FIXATION, NONE, PURSUIT, SACCADE, Recording
from fixtures.senses import no_rings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Labels = NDArray[np.int64]

HZ = 90.0
NOISES = (0.0, 0.1, 0.25, 0.5, 1.0)
"""Degrees in each axis."""
OURS = {
    "i_vdt": GazeOptions(),
    "i_vt": GazeOptions(classifier="i_vt"),
    "i_dt": GazeOptions(classifier="i_dt", min_fixation_ms=100),
}
PEER = "REMoDNaV, offline"
REMODNAV = {"FIXA": FIXATION, "PURS": PURSUIT, "SACC": SACCADE, "ISAC": SACCADE}
PEOPLE = {1: FIXATION, 2: SACCADE, 4: PURSUIT, 5: BLINK}
"""Of Andersson et al.; oscillations after saccades and what is undefined are left out."""


def with_noise(recording: Recording, degrees: float, seed: int) -> Recording:
    """White noise in each axis."""
    noise = np.random.default_rng(seed).normal(0, degrees, recording.degrees.shape)
    return replace(recording, degrees=recording.degrees + noise)


def all_with_noise(recordings: list[Recording], degrees: float) -> list[Recording]:
    """Each with noise of its own; as they are without."""
    if not degrees:
        return recordings
    return [with_noise(each, degrees, 5 + place) for place, each in enumerate(recordings)]


def by_us(recording: Recording, options: GazeOptions) -> tuple[Labels, Labels]:
    """Our labels and the other one's, at 90 Hz."""
    return recorded_eyes.compare(recording, recorded_eyes.play(recording, HZ, options), HZ)


def by_remodnav(recording: Recording) -> tuple[Labels, Labels]:
    """REMoDNaV's labels and the other one's, at the recording's rate."""
    found = np.full(len(recording.labels), NONE)
    for event in recorded_eyes.by_remodnav(recording):
        first, last = (round(event[key] * recording.hz) for key in ("start_time", "end_time"))
        found[first:last] = REMODNAV.get(event["label"], NONE)
    return found, recording.labels


def labelled(folder: Path, coder: str, development: bool) -> Iterator[tuple[str, Recording]]:
    """Kind of stimulus and recording, as one of the two people labelled them."""
    from scipy.io import loadmat

    for kind in ("img", "dots", "video"):
        for place, file in enumerate(sorted((folder / kind).glob(f"*_{coder}.mat"))):
            if (place % 2 == 0) != development:
                continue
            data = loadmat(file)["ETdata"][0, 0]
            width, height = data["screenDim"][0]
            across, down = data["screenRes"][0]
            x, y, labels = data["pos"][:, 3:6].T
            lost = (x == 0) & (y == 0)
            right, up = (x - across / 2) * width / across, (down / 2 - y) * height / down
            degrees = np.degrees(np.arctan(np.stack([right, up], 1) / data["viewDist"][0, 0]))
            degrees[lost] = np.nan
            names = np.array([PEOPLE.get(int(label), NONE) for label in labels])
            yield kind, Recording(float(data["sampFreq"][0, 0]), degrees, names)


def agreement(pairs: list[tuple[Labels, Labels]]) -> tuple[Any, ...]:
    """Samples, kappa of each movement and the saccades' F1, where the other one says something."""
    theirs = np.concatenate([other for _, other in pairs])
    ours = np.concatenate([one for one, _ in pairs])
    said = (theirs != NONE) & (theirs != BLINK)
    one, other = ours[said], theirs[said]
    return (
        len(other),
        *(
            recorded_eyes.kappa_of(label, one, other) if label in other else math.nan
            for label in (FIXATION, SACCADE, PURSUIT)
        ),
        recorded_eyes.f1(SACCADE, ours, theirs),
    )


def parser_rows(figures: Figures, noises: Sequence[float]) -> None:
    """Against the tracker's own parser, clean and with a headset's noise."""
    clean = [recorded_eyes.eyelink(name) for name in ("test_raw", "test_2_raw")]
    for noise in noises:
        noisy = all_with_noise(clean, noise)
        what = f"the parser; {noise:g} deg of noise added" if noise else "the tracker's own parser"
        found = {
            name: agreement([by_us(each, options) for each in noisy])
            for name, options in OURS.items()
        }
        if not noise and importlib.util.find_spec("remodnav") is not None:
            found[PEER] = agreement([by_remodnav(each) for each in noisy])
        for name, cells in found.items():
            figures.row(what, name, *cells)
        best = max(found["i_vt"][1], found["i_dt"][1])
        figures.goal(f"{what}: fixations' kappa over the better of I-VT and I-DT",
                     found["i_vdt"][1] - best, 0.0, at_most=False)


def people_rows(
    figures: Figures, folder: Path, development: bool, noises: Sequence[float]
) -> None:
    """Against people, and people against one another."""
    first = list(labelled(folder, "RA", development))
    second = list(labelled(folder, "MN", development))
    for kind in ("img", "dots", "video"):
        recordings = [each for name, each in first if name == kind]
        others = [each for name, each in second if name == kind]
        what = f"people, {kind}"
        # One of the two sometimes has a sample or two more at the end.
        figures.row(what, "the other person", *agreement([
            (b.labels[: len(a.labels)], a.labels[: len(b.labels)])
            for a, b in zip(recordings, others, strict=True)
        ]))
        for noise in noises:
            noisy = all_with_noise(recordings, noise)
            told = f"{what}; {noise:g} deg of noise added" if noise else what
            for name, options in OURS.items():
                figures.row(told, name, *agreement([by_us(each, options) for each in noisy]))


def filter_rows(figures: Figures) -> None:
    """What is left of the noise while gaze rests, and how late a saccade's end is seen."""
    options = GazeOptions()
    way = [aim(0)] * 180 + saccade(aim(0), aim(20), HZ) + [aim(20)] * 180
    end = len(way) - 180
    for noise in (0.0, 0.3, 1.0):
        path = Noise(noise).on(way) if noise else way
        filter_ = OneEuroDirection(options.min_cutoff_hz, options.beta)
        out = [
            filter_.update(direction, 10**9 + round(n * 1e9 / HZ))
            for n, direction in enumerate(path)
        ]
        left = rms(out[90:180], aim(0)) / rms(path[90:180], aim(0)) if noise else math.nan
        reached = next(
            (n for n, each in enumerate(out[end:]) if degrees_between(each, aim(20)) < 2), None
        )
        late = "never" if reached is None else f"{1000 * reached / HZ:.0f} ms"
        figures.row(
            f"one-euro filter, {noise:g} deg of noise", f"noise left: {left:.2f}", "",
            f"20 deg within 2: after {late}", "", "", "",
        )


def rms(directions: list[Any], centre: Any) -> float:
    """Root mean square of the distances, degrees."""
    return math.sqrt(np.mean([degrees_between(each, centre) ** 2 for each in directions]))


def cost_rows(figures: Figures) -> None:
    """CPU of the sense for a record, with what it publishes left out."""
    path = Noise(0.3).on([*saccade(aim(-10), aim(10), HZ), *[aim(10)] * 40] * 60)
    eye = ((-0.031, 1.6, 0.0), (0.031, 1.6, 0.0))
    for what, pair in (("gaze and head", False), ("both eyes and head", True)):
        head, gaze = EyeMovement(GazeOptions(), {}, no_rings()).streams()
        spent: dict[str, Sequence[float]] = {"gaze": [], "head": []}
        for n, direction in enumerate(path):
            at = 10**10 + round(n * 1e9 / HZ)
            eyes = ((eye[0], direction), (eye[1], direction)) if pair else None
            for name, stream, record in (
                ("head", head, head_record(0.0)),
                ("gaze", gaze, gaze_record(direction, openness=1.0, eyes=eyes)),
            ):
                sample = Sample(record, at, True, Reason.NONE, n + 1)
                before = time.thread_time_ns()
                stream.process(sample, _nowhere)
                spent[name].append((time.thread_time_ns() - before) / 1000)
        both = [a + b for a, b in itertools.zip_longest(spent["gaze"], spent["head"])]
        found = percentiles(both)
        figures.row(
            f"CPU a frame, {what}", f"p50 {found['p50']:.0f} us, p99 {found['p99']:.0f} us", "",
            "", "", "", "",
        )
        figures.goal(f"CPU a frame, {what}, mean, ms", float(np.mean(both)) / 1000, 0.25)


def _nowhere(channel: str, record: np.ndarray, capture_ns: int, **_: object) -> None:
    assert record.dtype in (records.EYE_MOVEMENT.dtype, records.EYE_MOVEMENT_EVENT.dtype)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--noise", type=float, nargs="+", default=NOISES)
    options, _ = parser.parse_known_args()
    figures = Figures(
        "Eye movements told at 90 Hz: agreement (Cohen's kappa, F1 of saccades) with others",
        ("labels by", "told by", "samples", "fixations", "saccades", "pursuits", "saccades, F1"),
    )
    if options.labelled:
        people_rows(figures, options.labelled, options.development, options.noise)
    if not options.development:
        parser_rows(figures, options.noise)
        filter_rows(figures)
        cost_rows(figures)
    figures.show()


if __name__ == "__main__":
    main()
