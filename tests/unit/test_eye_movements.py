"""Eye movements by I-VT, I-DT and ours, against published procedures and others' programs."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import recorded_eyes
from fixtures.gazes import aim
from fixtures.recorded_eyes import BLINK, FIXATION, SACCADE, SACCADE_ENDED
from scipy.spatial.transform import Rotation

from sensorium.perception.eyes.angular_speed import AngularSpeed
from sensorium.perception.eyes.dispersion_threshold import DispersionThreshold
from sensorium.perception.eyes.movements import GazePoint, Movement
from sensorium.perception.eyes.options import GazeOptions
from sensorium.perception.eyes.running_median import RunningMedian
from sensorium.perception.eyes.segment import drift
from sensorium.perception.eyes.velocity_threshold import VelocityThreshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.eyes.movements import Classifier

STEP_NS = 11_111_111
NAN = math.nan


def fixations(
    classifier: Classifier, degrees: NDArray[np.float64], speeds: list[float] | None = None
) -> list[tuple[int, int]]:
    """First and last sample of each fixation that a classifier tells."""
    found: dict[int, int] = {}
    for place, (x, y) in enumerate(degrees.tolist()):
        speed = speeds[place] if speeds else NAN
        point = GazePoint(place * STEP_NS, aim(x, y), speed, speed)
        if classifier.update(point) == Movement.FIXATION:
            found[classifier.since_ns // STEP_NS] = place
    return list(found.items())


def i_dt(degrees: NDArray[np.float64], threshold: float, samples: int) -> list[tuple[int, int]]:
    """Table 3 of Salvucci & Goldberg (ETRA 2000), with all samples at hand."""
    found = []
    start = 0
    while start + samples <= len(degrees):
        end = start + samples
        if dispersion(degrees[start:end]) > threshold:
            start += 1
            continue
        while end < len(degrees) and dispersion(degrees[start : end + 1]) <= threshold:
            end += 1
        found.append((start, end - 1))
        start = end
    return found


def dispersion(window: NDArray[np.float64]) -> float:
    return float(np.sum(np.ptp(window, axis=0)))


@pytest.mark.parametrize("threshold", [0.5, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_i_dt_is_the_published_procedure(seed: int, threshold: float) -> None:
    random = np.random.default_rng(seed)
    centres = np.repeat(random.uniform(-4, 4, (25, 2)), random.integers(3, 40, 25), axis=0)
    degrees = centres + random.normal(0, 0.08, centres.shape)
    found = fixations(DispersionThreshold(threshold, 8 * STEP_NS), degrees)
    assert found == i_dt(degrees, threshold, 9)
    assert len(found) > 10


def test_i_dt_follows_gaze_around_the_wearer() -> None:
    """The plane in which it measures moves along: there is no edge and no pole."""
    places = [(0, 0), (60, 10), (130, -20), (180, 5), (-120, 60), (-30, 85), (20, -88)]
    degrees = np.repeat(np.array(places, float), 20, axis=0)
    found = fixations(DispersionThreshold(1.0, 8 * STEP_NS), degrees)
    assert found == [(20 * n, 20 * n + 19) for n in range(7)]


def test_i_vt_parts_at_the_threshold_and_leaves_out_what_is_short() -> None:
    speeds = [NAN, 5, 5, 5, 5, 29.9, 30.0, 300, 40, 5, 5, 5, 50, 5, 5, 5, 5, 5, 5]
    classifier = VelocityThreshold(30.0, 4 * STEP_NS)
    degrees = np.zeros((len(speeds), 2))
    assert fixations(classifier, degrees, speeds) == [(1, 5), (13, 18)]


def test_speeds_are_of_gaze_in_the_world_of_the_eye_in_the_head_and_of_the_head() -> None:
    speed = AngularSpeed()
    for place in range(12):
        seconds = place / 90
        head = Rotation.from_rotvec([0, -math.radians(40 * seconds), 0])
        quaternion = tuple(head.as_quat().tolist())
        gaze = head.apply(aim(10 * seconds))
        found = speed.update(round(seconds * 1e9), tuple(gaze.tolist()), quaternion)
    assert found == pytest.approx((50, 10, 40), abs=0.01)
    assert found.saccade == pytest.approx(10, abs=0.01)


def test_a_drift_is_the_line_of_least_squares() -> None:
    random = np.random.default_rng(2)
    seconds = np.sort(random.uniform(0, 0.2, 18))
    x, y = 12.0 * seconds + random.normal(0, 0.2, 18), -7.0 * seconds + random.normal(0, 0.2, 18)
    found = drift([(round(s * 1e9), *place) for s, *place in zip(seconds, x, y, strict=True)])
    assert found.x == pytest.approx(np.polyfit(seconds, x, 1)[0], rel=1e-5)
    assert found.y == pytest.approx(np.polyfit(seconds, y, 1)[0], rel=1e-5)
    assert found.spread == pytest.approx(np.std(seconds) * math.sqrt(18), rel=1e-5)


def test_a_running_median_is_the_median_of_the_newest() -> None:
    values = np.random.default_rng(3).integers(0, 9, 60).astype(float)
    running = RunningMedian(7)
    for place, value in enumerate(values.tolist()):
        running.add(value)
        newest = values[max(0, place - 6) : place + 1]
        assert running.median == np.sort(newest)[len(newest) // 2]


@functools.cache
def compared(classifier: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Our labels and the parser's of the recording, at 90 of its 1,000 Hz."""
    recording = recorded_eyes.eyelink("test_2_raw")
    minimum = 100 if classifier == "i_dt" else 60
    options = GazeOptions(classifier=classifier, min_fixation_ms=minimum)
    return recorded_eyes.compare(recording, recorded_eyes.play(recording, 90, options), 90)


@pytest.mark.parametrize(("classifier", "least"), [("i_vdt", 0.65), ("i_vt", 0.65)])
def test_saccades_of_people_are_those_that_the_trackers_own_parser_finds(
    classifier: str, least: float
) -> None:
    """Kappa of 1 cannot be: a saccade of 30 ms is 3 samples at 90 Hz, each end within one."""
    ours, theirs = compared(classifier)
    seen = (theirs == FIXATION) | (theirs == SACCADE)
    assert recorded_eyes.kappa_of(SACCADE, ours[seen], theirs[seen]) >= least


def test_ours_finds_nearly_all_samples_of_the_parsers_fixations() -> None:
    ours, theirs = compared("i_vdt")
    assert np.mean(ours[theirs == FIXATION] == FIXATION) > 0.9


def test_in_noise_ours_finds_the_parsers_saccades_and_i_vt_none() -> None:
    clean = recorded_eyes.eyelink("test_2_raw")
    noise = np.random.default_rng(1).normal(0, 0.5, clean.degrees.shape)
    noisy = replace(clean, degrees=clean.degrees + noise)
    found = {}
    for name in ("i_vdt", "i_vt"):
        player = recorded_eyes.play(noisy, 90, GazeOptions(classifier=name))
        ours, theirs = recorded_eyes.compare(noisy, player, 90)
        found[name] = recorded_eyes.kappa_of(SACCADE, ours, theirs)
    assert found["i_vdt"] >= 0.3
    assert found["i_vt"] <= 0.05


def test_blinks_of_people_are_found_by_the_gap_that_they_leave() -> None:
    ours, theirs = compared("i_vdt")
    found = [BLINK in ours[a:b] for a, b in recorded_eyes.runs(theirs, BLINK)]
    assert len(found) >= 15
    assert np.mean(found) >= 0.8


# It asks numpy for records by their old name.
@pytest.mark.filterwarnings("ignore:numpy.core is deprecated:DeprecationWarning")
def test_saccades_are_those_of_remodnav() -> None:
    """Dar, Wagner & Hanke (Behavior Research Methods 53, 2021), with all samples, offline."""
    pytest.importorskip("remodnav")
    recording = recorded_eyes.eyelink("test_2_raw")
    ours = recorded_eyes.play(recording, 90).events(SACCADE_ENDED)
    # It calls the lid's way a saccade, too.
    blinks = recording.labels == BLINK
    theirs = [
        event for event in recorded_eyes.by_remodnav(recording)
        if event["label"] in ("SACC", "ISAC") and event["amp"] >= 1.0
        and not blinks[round(event["start_time"] * 1000) : round(event["end_time"] * 1000)].any()
    ]
    first_ns = int(recording.times_ns()[0])
    spans = [tuple((one[key] - first_ns) / 1e9 for key in ("begin_ns", "end_ns")) for one in ours]
    found = [
        any(a <= each["end_time"] + 0.012 and each["start_time"] <= b + 0.012 for a, b in spans)
        for each in theirs
    ]
    assert len(theirs) > 30
    assert np.mean(found) >= 0.9
