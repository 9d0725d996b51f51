"""Looks: stretches of one thing, when the eyes went there, blinks, and beliefs that flicker."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.looking import at_angles, towards

from sensorium.perception.attention_trace import EYES
from sensorium.perception.intents.history import History, Seen, Way
from sensorium.perception.intents.looks import looks_of

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


def rays(*angles: float | None) -> tuple[Seen, ...]:
    """Rays of the eyes in each moment, so many degrees to the right; None: there is none."""
    return tuple(
        Seen(at * STEP_NS, (1, 1), EYES, -1, np.zeros(3), np.array(towards(at_angles(angle, 0))))
        for at, angle in enumerate(angles) if angle is not None
    )


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
    """A saccade of 20 degrees takes 65 ms; what is believed may follow later."""
    seen = history([0] * 8 + [1] * 6, rays(*[0.0] * 6, 20.0, *[20.0] * 7))
    begin = looks_of(seen).begins[1]
    # Between the last ray there and the first one here, half a saccade earlier.
    assert 0.25 - 0.0325 <= begin <= 0.30 - 0.0325


def test_what_is_believed_of_eyes_that_are_still_is_one_look() -> None:
    seen = looks_of(history([0] * 6 + [1] * 8, rays(*[10.0] * 14)))
    assert seen.begins.tolist() == [0]
    # The later belief counts.
    assert seen.chances[0].argmax() == 1
    moved = looks_of(history([0] * 6 + [1] * 8, rays(*[10.0] * 6, *[14.0] * 8)))
    assert len(moved.begins) == 2


def test_what_is_believed_in_a_blink_is_not_seen() -> None:
    """The eyes close on one thing, and open on another that they leave at once."""
    eyes = rays(*[0.0] * 6, None, None, None, 10.0, *[30.0] * 6)
    found = looks_of(history([0] * 6 + [3] * 3 + [1] + [2] * 6, eyes))
    assert found.chances.argmax(axis=1).tolist() == [0, 1, 2]
