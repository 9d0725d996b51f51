"""Evidence over fixations: the ratio test against its definition, means, noise, followed scenes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.looking import EYE, aside, at_angles, scene, towards
from scipy import stats

from sensorium.perception.targets.evidence import Evidence
from sensorium.perception.targets.jump import split
from sensorium.perception.targets.scene import Scene, SceneReader
from sensorium.perception.targets.view import views

NOISE = math.radians(1.0)


def made(*angles: tuple[float, float]) -> Scene:
    found = SceneReader().read(scene([at_angles(*angle) for angle in angles]))
    assert isinstance(found, Scene)
    return found


def feed(
    evidence: Evidence, things: Scene, angle: tuple[float, float], noise: np.ndarray,
    leader: int = -1,
) -> None:
    evidence.follow(things)
    for sample in noise:
        ray = aside(towards(at_angles(*angle)), *sample)
        evidence.take(views(things.form, [(EYE, ray)])[0], leader)


def means(evidence: Evidence) -> np.ndarray:
    return evidence.sums[:3].T / evidence.count


def scatters(evidence: Evidence) -> np.ndarray:
    return evidence.sums[3] - (evidence.sums[:3] ** 2).sum(axis=0) / evidence.count


def log_likelihood(values: np.ndarray) -> float:
    """Of values (n, 2) around their own mean, for noise of variance 1 an axis."""
    return float(stats.norm.logpdf(values - values.mean(axis=0)).sum())


def test_a_split_is_where_a_second_mean_gains_most_and_its_ratio_twice_that_in_log_likelihood(
) -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        count = int(random.integers(3, 40))
        most = int(random.integers(1, min(count, 11)))
        values = random.normal(size=(count, 2)) + random.normal(0, 3, 2)
        values[-int(random.integers(1, count)):] += random.normal(0, 1, 2)
        gains = [
            2 * (log_likelihood(values[:-number]) + log_likelihood(values[-number:])
                 - log_likelihood(values))
            for number in range(1, most + 1)
        ]
        flat = np.column_stack((values, np.zeros((count, 2))))
        newest, sums = flat[::-1].tolist(), flat.sum(axis=0).tolist()
        number, ratio = split(newest, sums, count, most)
        assert number == np.argmax(gains) + 1
        assert ratio == pytest.approx(max(gains))
    assert split([], [0.0] * 4, 1, 0) == (0, 0.0)


def test_the_alarm_is_as_rare_by_chance_as_it_says() -> None:
    """Of a chi square with 2 degrees of freedom; 10 tests a sample, counted over one fixation."""
    chance = stats.chi2.sf(20.0, 2)
    assert chance == pytest.approx(1 / 22_000, rel=0.01)
    random = np.random.default_rng(2)
    evidence, things = Evidence(NOISE), made((0, 0))
    begins, samples = 0, 1800
    for noise in random.normal(0, NOISE, (samples, 1, 2)):
        before = evidence.count
        feed(evidence, things, (0, 0), noise)
        begins += evidence.count <= 10 < before
    assert begins <= stats.poisson.ppf(0.999, 10 * chance * samples)


@pytest.mark.parametrize(("degrees", "most"), [(3.0, 9), (6.0, 4), (15.0, 2)])
def test_a_saccade_in_noise_is_found_soon_and_what_came_before_it_is_dropped(
    degrees: float, most: int
) -> None:
    random = np.random.default_rng(3)
    delays = []
    for _ in range(25):
        evidence, things = Evidence(NOISE), made((0, 0), (degrees, 0))
        feed(evidence, things, (0, 0), random.normal(0, NOISE, (25, 2)))
        for frame in range(1, 40):
            feed(evidence, things, (degrees, 0), random.normal(0, NOISE, (1, 2)))
            if evidence.count <= frame:
                break
        delays.append(frame)
        assert abs(frame - evidence.count) <= 6
    assert np.percentile(delays, 90) <= most


def test_the_mean_error_is_that_of_the_fixation_alone() -> None:
    evidence, things = Evidence(NOISE), made((0, 0), (3, 0))
    feed(evidence, things, (-6, 0), np.zeros((20, 2)))
    feed(evidence, things, (1, 0), np.zeros((20, 2)))
    assert evidence.count == 20
    assert np.degrees(np.linalg.norm(means(evidence), axis=1)) == pytest.approx([1, 2], abs=1e-4)


def test_the_noise_is_learned_within_limits_and_saccades_are_none() -> None:
    random = np.random.default_rng(4)
    things = made((0, 0), (20, 0))
    for degrees, expected in ((1.0, 1.0), (0.6, 0.6), (0.01, 0.25), (5.0, 2.0)):
        evidence = Evidence(NOISE)
        for turn in range(4):
            noise = random.normal(0, math.radians(degrees), (60, 2))
            feed(evidence, things, (20.0 * (turn % 2), 0), noise)
        found = math.degrees(math.sqrt(evidence.variance))
        assert found == pytest.approx(expected, rel=0.25)


def test_a_new_target_has_the_evidence_as_if_it_had_been_there() -> None:
    random = np.random.default_rng(5)
    noise = random.normal(0, NOISE, (8, 2))
    early, late = Evidence(NOISE), Evidence(NOISE)
    all_of_them = made((0, 0), (2, 1), (-4, 0))
    feed(early, all_of_them, (0, 0), noise)
    first = SceneReader().read(scene([at_angles(0, 0)]))
    assert isinstance(first, Scene)
    feed(late, first, (0, 0), noise)
    for evidence in (early, late):
        feed(evidence, all_of_them, (0, 0), noise[:1])
    assert means(late) == pytest.approx(means(early), abs=1e-9)
    assert scatters(late) == pytest.approx(scatters(early), abs=1e-9)


def test_the_others_keep_their_evidence_when_targets_come_go_and_change_places() -> None:
    random = np.random.default_rng(6)
    places = [at_angles(*angle) for angle in ((0, 0), (2, 1), (-4, 0))]
    written = scene(places)
    before = SceneReader().read(written)
    written["targets"][0, :3] = written["targets"][0, [2, 0, 1]]
    written["targets"]["id"][0, 2] = 9
    after = SceneReader().read(written)
    assert isinstance(before, Scene)
    assert isinstance(after, Scene)
    evidence = Evidence(NOISE)
    feed(evidence, before, (0, 0), random.normal(0, NOISE, (30, 2)))
    found = means(evidence)
    evidence.follow(after)
    assert means(evidence)[:2] == pytest.approx(found[[2, 0]])


def test_a_target_that_the_eye_pursues_keeps_one_fixation() -> None:
    """It moves by 20 degrees a second; the one beside it stays."""
    random = np.random.default_rng(7)
    evidence = Evidence(math.radians(0.3))
    for frame in range(90):
        angle = (20 * frame / 90, 0.0)
        noise = random.normal(0, math.radians(0.3), (1, 2))
        feed(evidence, made(angle, (10, 0)), angle, noise, leader=0)
    assert 44 < evidence.count <= 45
    spent = scatters(evidence)
    assert spent[0] < 0.1 * spent[1]
    assert spent[0] < 0.1 * evidence.still()


def test_a_target_that_jumps_to_a_resting_ray_is_there_and_one_that_creeps_up_is_noticed() -> None:
    evidence = Evidence(NOISE)
    rest = np.zeros((900, 2))
    feed(evidence, made((60, 0), (4, 0)), (0, 0), rest)
    feed(evidence, made((0, 0), (4, 0)), (0, 0), rest[:1])
    assert np.degrees(np.linalg.norm(means(evidence)[0])) < 0.01
    for step in range(40):
        feed(evidence, made((0, 0), (4 - 0.1 * step, 0)), (0, 0), rest[:1])
    feed(evidence, made((0, 0), (0, 0)), (0, 0), rest[:45])
    assert np.degrees(np.linalg.norm(means(evidence)[1])) < 1
