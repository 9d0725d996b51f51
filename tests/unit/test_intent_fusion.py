"""The product over ways and moments, against the sum written out; and what it must not do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from sensorium.perception.attention_trace import HEAD
from sensorium.perception.intents.alignment import GAZE, POINTING, weights
from sensorium.perception.intents.deictic import Reference, Role
from sensorium.perception.intents.fusion import NONE, Fusion, Slot
from sensorium.perception.intents.gaze import Look
from sensorium.perception.intents.history import History, Seen, Way
from sensorium.perception.intents.place import place_of

STEP_NS = 50_000_000


def word(at_s: float, role: Role = Role.OBJECT, many: int = 0) -> Reference:
    start = int(at_s * 1e9)
    return Reference(role, many > 0, many, 0, "", start, start + 200_000_000)


def way(chances: np.ndarray, doubt: float, known: bool = True) -> Way:
    return Way(chances, np.full(len(chances), known), doubt, chances[:, -1])


def history(gaze: np.ndarray | None, pointing: np.ndarray | None = None) -> History:
    chances = gaze if gaze is not None else pointing
    assert chances is not None
    count, size = chances.shape
    even = way(np.full(chances.shape, 1 / size), 0.05, False)
    times = np.arange(1, count + 1) * STEP_NS
    looked, pointed = (way(one, 0.15) if one is not None else even for one in (gaze, pointing))
    return History(tuple(range(11, 10 + size)), times, looked, pointed, even, ())


def glances(*stretches: tuple[int, int], size: int = 4, sure: float = 0.9) -> np.ndarray:
    """Moments in which one column is likely, one stretch after the other."""
    rows = []
    for frames, column in stretches:
        row = np.full(size, (1 - sure) / (size - 1))
        row[column] = sure
        rows += [row] * frames
    return np.array(rows)


def written_out(seen: History, words: list[Reference]) -> dict[tuple[int, ...], float]:
    """The model of the module's docstring, as sums over all pairs of moments."""
    size = len(seen.ids) + 1
    sums = {}
    for things in itertools.product(range(size), repeat=2):
        if things[0] == things[1] < size - 1:
            continue
        made = 1.0
        for thing, one in zip(things, words, strict=True):
            none = 0.3 if one.role is Role.PLACE else 0.05
            made *= none if thing == size - 1 else (1 - none) / (size - 1)
        times = [
            weights(seen.times, seen.pointing.labels, one.start_ns * 1e-9, POINTING, 0)
            for one in words
        ]
        total = hit = 0.0
        for first in range(len(times[0])):
            for second in range(first + 1, len(times[0])):
                both = times[0][first] * times[1][second]
                total += both
                a, b = (
                    (1 - seen.pointing.doubt) * seen.pointing.chances[at, thing]
                    + seen.pointing.doubt / size
                    for at, thing in zip((first, second), things, strict=True)
                )
                hit += both * a * b
        cover = math.prod(float(row.sum()) for row in times)
        made *= cover * hit / total + (1 - cover) / size**2
        # What is not held or looked at is as even as what nobody knows.
        made /= size**4
        sums[things] = made
    whole = sum(sums.values())
    return {
        tuple(NONE if one == size - 1 else one for one in things): made / whole
        for things, made in sums.items()
    }


def test_two_words_are_the_sum_over_all_ordered_moments() -> None:
    seen = history(None, np.random.default_rng(1).dirichlet(np.full(4, 0.4), 40))
    words = [word(1.2), word(1.6, Role.PLACE)]
    found = Fusion(seen, [Slot(one, 1) for one in words]).readings()
    wanted = written_out(seen, words)
    assert len(found) == len(wanted)
    for reading in found:
        assert reading.chance == pytest.approx(wanted[reading.things], rel=1e-9)
    assert sum(reading.chance for reading in found) == pytest.approx(1)


def test_order_decides_where_both_glances_came_before_the_first_word() -> None:
    seen = history(glances((16, 2), (8, 0), (8, 1), (20, 2)))
    # Glances of 0.4 s, from 0.8 and from 1.2 s on.
    slots = [Slot(word(1.5), 1), Slot(word(1.85, Role.PLACE), 1)]
    assert Fusion(seen, slots).readings()[0].things == (0, 1)


def test_nothing_is_known_where_nothing_was_traced_at_the_words_time() -> None:
    seen = history(glances((10, 0)))
    early, late = (Fusion(seen, [Slot(word(at), 1)]).known for at in (0.6, 5.0))
    assert (early, late) == ([True], [False])
    none = way(np.zeros((0, 1)), 0.1)
    nobody = History((), np.zeros(0, np.int64), none, none, none, ())
    fusion = Fusion(nobody, [Slot(word(1.0), 1)])
    assert fusion.known == [False]
    assert fusion.readings()[0].things == (NONE,)
    assert Fusion(nobody, []).readings() == []


def test_many_things_of_one_word_are_different_ones() -> None:
    gaze = glances(*((8, one) for one in range(6)), (8, 6), size=8)
    slots = [Slot(word(1.4, many=6), 6, nth) for nth in range(6)]
    things = Fusion(history(gaze), slots).readings()[0].things
    assert len(set(things)) == 6


def test_what_was_not_attended_to_is_not_made_up_for_a_number() -> None:
    """Of six that were said two were looked at; or fewer looks than things were seen at all."""
    for gaze in (glances((20, 2), (8, 0), (8, 1), (20, 7), size=8), glances((12, 0), size=8)):
        slots = [Slot(word(1.3, many=6), 6, nth) for nth in range(6)]
        (reading,) = Fusion(history(gaze), slots).readings()
        named = {thing for thing in reading.things if thing != NONE}
        assert named <= {0, 1, 2}
        assert 0 <= reading.chance <= 1


def test_gaze_with_fewer_looks_than_things_says_nothing() -> None:
    pointed = glances((10, 3), (6, 0), (20, 1))
    short = glances((5, 2))
    both = history(short, pointed[:5])
    slots = [Slot(word(0.3), 1), Slot(word(0.6), 1)]
    found = Fusion(both, slots).readings()
    assert sum(reading.chance for reading in found) == pytest.approx(1)


def test_a_head_that_whirls_looks_at_no_place() -> None:
    rays = tuple(
        Seen(int(at * 1e9), (1, 1), HEAD, -1, np.zeros(3), np.eye(3)[axis])
        for axis, at in enumerate((0.2, 0.3, 0.4))
    )
    none = way(np.zeros((0, 1)), 0.1)
    whirled = History((), np.zeros(0, np.int64), none, none, none, rays)
    there, look = word(0.8, Role.PLACE), Look(100_000_000, 500_000_000, 1.0)
    with np.errstate(all="raise"):
        assert place_of(there, 0, whirled, None, 2.0, look) is None


def test_weights_cover_what_is_traced() -> None:
    """All where all is traced; less where the time that a word is about is missing."""
    times = np.arange(0, 6, 0.01)
    labels = np.zeros(len(times), np.int64)
    assert weights(times, labels, 3.0, GAZE, 0).sum() == pytest.approx(1, abs=1e-3)
    early = times[times < 3.0 + GAZE.mean + GAZE.middle]
    assert weights(early, labels[: len(early)], 3.0, GAZE, 0).sum() == pytest.approx(0.5, abs=0.05)
    # A gap stands for nothing.
    gap = np.array([0.0, 0.05, 4.0, 4.05])
    assert weights(gap, np.zeros(4, np.int64), 2.5, GAZE, 0).sum() < 0.01
    assert len(weights(np.zeros(0), np.zeros(0, np.int64), 2.5, GAZE, 0)) == 0


def test_the_glance_that_begins_when_the_word_does_is_the_most_probable() -> None:
    """Of three of 0.5 s, and of a long one with a short look elsewhere behind the word."""
    times = np.arange(0, 3, 0.05)
    labels = np.minimum((times / 0.5).astype(int), 5)
    made = weights(times, labels, 1.1, POINTING, 0)
    sums = [made[labels == label].sum() for label in range(6)]
    assert int(np.argmax(sums)) == 2
    # The second of two things is pointed at after the first.
    made = weights(times, labels, 1.1, POINTING, 1)
    assert made[labels == 3].sum() > weights(times, labels, 1.1, POINTING, 0)[labels == 3].sum()
    stare = np.where((times > 2.05) & (times < 2.3), 1, 0)
    made = weights(times, stare, 2.0 - 0.7, POINTING, 0)
    assert made[stare == 0].sum() > made[stare == 1].sum()
