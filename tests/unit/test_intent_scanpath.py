"""Looks and the words that made them: against the process itself, drawn, and written out."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from sensorium.perception.intents import scanpath
from sensorium.perception.intents.looks import Looks
from sensorium.perception.intents.scanpath import Scanpath

BLUR_S = 0.02
BLINK_S = 0.15
"""Closed eyes hide a begin for so long."""


def looks(begins: list[float], end: float, blurs: np.ndarray | None = None) -> Looks:
    return Looks(
        np.array(begins), np.array([*begins[1:], end]), np.zeros((len(begins), 1)),
        np.full(len(begins), BLUR_S) if blurs is None else blurs,
    )


def drawn(
    chance: np.random.Generator, words: list[float], blinks: float
) -> tuple[list[float], np.ndarray, list[int]]:
    """Begins of looks, their blurs, and which of them the words made, by the model of the module.

    Args:
        chance: What happens.
        words: Begins of words, s.
        blinks: Share of the begins that are hidden by a blink.
    """

    def length() -> float:
        if chance.random() < scanpath.ODD:
            return float(chance.uniform(0, scanpath.ODD_S))
        return float(chance.lognormal(math.log(scanpath.LONG_S), scanpath.LONG_SD))

    begins, made, stays = [0.0], [], False
    for word in words:
        wish = word - chance.normal(scanpath.LEAD_S, scanpath.LEAD_SD)
        while not stays and (following := begins[-1] + length()) < wish:
            begins.append(following)
        begins.append(max(wish, begins[-1] + scanpath.LEAST_S))
        made.append(len(begins) - 1)
        stays = chance.random() < scanpath.STAYS
    if stays:
        begins.append(begins[-1] + float(chance.uniform(0.3, scanpath.ODD_S)))
    while begins[-1] < words[-1] + 2:
        begins.append(begins[-1] + length())
    hidden = chance.random(len(begins)) < blinks
    errors = np.where(
        hidden, chance.uniform(-BLINK_S / 2, BLINK_S / 2, len(begins)),
        chance.normal(0, BLUR_S, len(begins)),
    )
    found = np.maximum.accumulate(begins + errors).tolist()
    return found, np.where(hidden, BLINK_S / math.sqrt(12), BLUR_S), made


@pytest.mark.parametrize("blinks", [0.0, 0.5])
@pytest.mark.parametrize("words", [[2.5], [2.5, 2.9]])
def test_it_is_as_sure_as_it_is_right(words: list[float], blinks: float) -> None:
    """Of scanpaths that are drawn by the model its probabilities are frequencies."""
    chance = np.random.default_rng(1)
    sure, right = [], []
    for _ in range(150):
        begins, blurs, made = drawn(chance, words, blinks)
        path = Scanpath(looks(begins[:-1], begins[-1], blurs[:-1]), words)
        shares = np.bincount(path.look, path.shares[0], minlength=len(begins))
        sure.append(shares.max())
        right.append(shares.argmax() == made[0])
    error = math.sqrt(np.mean(right) * (1 - np.mean(right)) / len(right))
    assert abs(np.mean(sure) - np.mean(right)) < 3 * error + 0.03
    assert np.mean(right) > 0.65


def test_the_sum_over_rows_is_that_over_all_pairs_of_candidates() -> None:
    """A pair of one look tells of either thing, each as probably."""
    path = Scanpath(looks([0.0, 0.5, 1.2, 1.6, 2.4, 2.9, 3.3], 4.0), [2.3, 2.8])
    chance, even = np.random.default_rng(2), 0.2
    rows = [0.1 + chance.random(len(path.look)) for _ in range(2)]
    pairs = np.zeros((len(path.look), len(path.look)))
    for first, second in itertools.product(range(len(path.look)), repeat=2):
        # What there is more with a factor of 2 at one candidate of each word.
        twice = [[np.ones(len(path.look)) for _ in range(2)] for _ in range(4)]
        for bits, ones in enumerate(twice):
            ones[0][first] += bits & 1
            ones[1][second] += bits >> 1
        none, one, other, both = (path.chance(ones, 1.0) for ones in twice)
        pairs[first, second] = both - one - other + none
    assert pairs.min() > -1e-12
    # One look after the other; of a pair of one look no product is told.
    assert np.abs(pairs[path.look[:, None] >= path.look]).max() < 1e-12
    away = float((rows[0][:, None] * rows[1] * pairs).sum())
    stays = path.chance(rows, even) - away
    assert path.chance(rows, 2 * even) - away == pytest.approx(2 * stays)
    assert path.chance([2 * rows[0], 2 * rows[1]], even) == pytest.approx(4 * away + 2 * stays)
    given = path.given(rows, even)
    assert [one.sum() for one in given] == pytest.approx([1, 1])
    reached = np.zeros(len(path.look))
    for second in range(len(path.look)):
        more = rows[1].copy()
        more[second] *= 1 + 1e-6
        reached[second] = (path.chance([rows[0], more], even) / path.chance(rows, even) - 1) * 1e6
    # Where no pair is of one look the derivative is the probability.
    alone = [path.look.tolist().count(look) == 1 for look in path.look]
    assert given[1][alone] == pytest.approx(reached[alone], abs=1e-5)


def test_a_look_is_told_by_the_cut_before_it_and_by_its_length() -> None:
    """Two looks that begin as near to when they should: the second is long, and cut one."""
    begins = [0.0, 0.5, 1.0, 1.55, 1.8, 2.9]
    path = Scanpath(looks(begins, 3.3), [1.675 + scanpath.LEAD_S])
    shares = np.bincount(path.look, path.shares[0])
    assert int(shares.argmax()) == 4
    assert shares[4] > 2 * shares[3]


def test_a_begin_that_a_blink_hid_blurs_the_length_of_its_look() -> None:
    """The look that was cut began 0.07 s earlier than seen, in a blink: it was none too short."""
    begins, blurs = [0.0, 0.6, 1.2, 1.38, 2.9], np.full(5, 0.01)
    word = [1.38 + scanpath.LEAD_S - scanpath.LEAD_SD]
    shares = []
    for hidden in (0.01, BLINK_S / math.sqrt(12)):
        blurs[2] = hidden
        path = Scanpath(looks(begins, 3.3, blurs), word)
        shares.append(np.bincount(path.look, path.shares[0])[3])
    assert shares[1] > 3 * shares[0]


def test_who_stares_means_what_is_stared_at() -> None:
    for looked in (looks([0.0], 4.0), looks([0.0, 3.6], 4.0)):
        path = Scanpath(looked, [3.0])
        assert np.bincount(path.look, path.shares[0]).argmax() == 0
    path = Scanpath(looks([1.0], 1.0), [1.7])
    assert path.shares[0].sum() == pytest.approx(1)
