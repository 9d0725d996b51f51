"""Looks: stretches of one thing, when the eyes went there, blinks, and beliefs that flicker."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.looking import at_angles, towards

from sensorium.perception.attention_trace import EYES
from sensorium.perception.intents.history import History, Seen, Way
from sensorium.perception.intents.looks import BLUR_S, looks_of
from sensorium.perception.intents.stillness import stills

STEP_NS = 50_000_000


def history(labels: list[int], rays: tuple[Seen, ...] = ()) -> History:
    """Moments of 50 ms that show one target each; below 0: nobody knows."""
    size = max(0, *labels) + 2
    chances = np.full((len(labels), size), 0.1 / (size - 1))
    known = np.array([label >= 0 for label in labels])
    for row, label in zip(chances, labels, strict=True):
        row[label] = 0.9
    way = Way(chances, known, 0.15, chances[:, -1])
    times = np.arange(len(labels)) * STEP_NS
    return History(tuple(range(1, size)), times, way, way, way, rays)


def rays(*stretches: tuple[float, float | None], drift: float = 0.0) -> tuple[Seen, ...]:
    """Rays of the eyes at 90 Hz: for so long, s, so many degrees to the right; None: there is none.

    With noise of half a degree, and saccades of 21 ms and 2.2 ms a degree, but in a blink.
    """
    chance, made, start, before = np.random.default_rng(3), [], 0.0, None
    for lasts, angle in stretches:
        for n in range(round(start * 90), round((start + lasts) * 90)):
            if angle is None:
                continue
            there = 1.0
            if before is not None:
                there = min(1.0, (n / 90 - start) / (0.021 + 0.0022 * abs(angle - before)))
            at = angle + drift * n / 90 - (1 - there) * (angle - (before or 0.0))
            ray = towards(at_angles(at + chance.normal(0, 0.5), chance.normal(0, 0.5)))
            made.append(Seen(round(n / 90 * 1e9), (1, 1), EYES, -1, np.zeros(3), np.array(ray)))
        start += lasts
        before = angle
    return tuple(made)


@pytest.mark.parametrize(
    ("labels", "begins", "seen"),
    [
        ([0] * 6 + [1] * 6, [0, 0.3], [0, 1]),
        # A target that is passed is the way to the next one, one that flickers is none.
        ([0] * 6 + [2] + [1] * 6, [0, 0.3], [0, 1]),
        ([0] * 6 + [1] + [0] * 6, [0], [0]),
        # Eyes that blink have not gone away.
        ([0] * 6 + [-1] * 3 + [0] * 6 + [1] * 4, [0, 0.75], [0, 1]),
        ([0] * 6 + [-1] * 12 + [0] * 6, [0, 0.9], [0, 0]),
        ([0], [0], [0]), ([-1, 0, -1], [0.05], [0]), ([-1, -1], [], []),
    ],
)
def test_looks_are_stretches_of_one_thing(
    labels: list[int], begins: list[float], seen: list[int]
) -> None:
    found = looks_of(history(labels))
    assert found.begins.tolist() == pytest.approx(begins, abs=1e-9)
    assert found.chances.argmax(axis=1).tolist() == seen if seen else not len(found.chances)
    assert (found.ends >= found.begins).all()


def test_a_look_begins_when_the_eyes_leave_for_it() -> None:
    """A saccade of 20 degrees takes 65 ms; what is believed follows later."""
    found = looks_of(history([0] * 8 + [1] * 6, rays((0.3, 0.0), (0.4, 20.0))))
    assert found.begins[1] == pytest.approx(0.3, abs=0.015)
    assert found.blurs[1] == BLUR_S
    assert found.chances.argmax(axis=1).tolist() == [0, 1]


def test_looks_of_a_quarter_of_a_second_are_all_found() -> None:
    angles = [0.0, 8.0, -10.0, 25.0, -25.0, -17.0, 0.0, 30.0]
    labels = [label for label in range(8) for _ in range(5)]
    found = looks_of(history(labels, rays(*((0.25, angle) for angle in angles))))
    assert found.begins.tolist() == pytest.approx([0.25 * n for n in range(8)], abs=0.025)
    assert found.chances.argmax(axis=1).tolist() == list(range(8))


def test_eyes_that_follow_something_have_not_left_it() -> None:
    found = looks_of(history([0] * 24, rays((1.2, 0.0), drift=15.0)))
    assert found.begins.tolist() == [0]


def test_what_is_believed_of_eyes_that_are_still_is_one_look() -> None:
    seen = looks_of(history([0] * 6 + [1] * 8, rays((0.7, 10.0))))
    assert seen.begins.tolist() == [0]
    # The later belief counts.
    assert seen.chances[0].argmax() == 1
    moved = looks_of(history([0] * 6 + [1] * 8, rays((0.3, 10.0), (0.4, 14.0))))
    assert len(moved.begins) == 2


def test_a_look_that_a_blink_hides_began_at_any_time_in_it() -> None:
    """What is believed meanwhile is not seen, and what is seen just before counts."""
    eyes = rays((0.3, 0.0), (0.05, 10.0), (0.15, None), (0.1, 10.0), (0.3, 30.0))
    found = looks_of(history([0] * 6 + [3] * 4 + [1] * 2 + [2] * 6, eyes))
    assert found.chances.argmax(axis=1).tolist() == [0, 1, 2]
    eyes = rays((0.3, 0.0), (0.2, None), (0.4, 9.0))
    hidden = looks_of(history([0] * 6 + [3] * 3 + [1] * 9, eyes))
    assert hidden.begins[1] == pytest.approx(0.4, abs=0.02)
    assert hidden.blurs[1] == pytest.approx(0.2 / math.sqrt(12), rel=0.1)


def test_eyes_that_were_gone_for_long_look_anew() -> None:
    found = looks_of(history([0] * 30, rays((0.5, 0.0), (0.5, None), (0.5, 0.0))))
    assert found.begins.tolist() == pytest.approx([0.0, 0.75], abs=0.02)


def test_no_or_few_rays_are_no_times_of_stillness() -> None:
    assert stills(np.zeros(0), np.zeros((0, 3))) == []
    ray = np.array([[0.0, 0.0, -1.0]])
    assert stills(np.zeros(1), ray) == []
    # A runtime that tells a sample twice.
    times = np.repeat(np.arange(30) / 30, 2)
    assert len(stills(times, np.repeat(ray, 60, axis=0))) == 1
