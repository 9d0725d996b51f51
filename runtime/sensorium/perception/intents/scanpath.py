"""Which looks words are about: a scanpath as a process that the words' wish to see interrupts.

Who speaks looks first. Speakers turn their eyes to a thing about 0.9 s before they begin to say
its name (Griffin and Bock, "What the eyes say about speaking", Psychological Science 11, 2000);
"this" and "that" need no name to be found, and who says "move it there" looked at it 0.63 s before
(mean; Kaur et al., "Where is 'it'? Event synchronization in gaze-speech input systems", ICMI 2003).
So we take 0.7 s.

The eyes wander: fixations follow one another, of a log-normal length. At a time before the word
that is normally distributed the wish to see its thing cuts the fixation, though none gets shorter
than the time that a saccade takes to be prepared. Having seen the thing the eyes wander on, or stay
until the next wish, or the utterance's end, or longer. So the looks before and behind tell, by
their lengths, as much as the time before the word does. What is wished for may be looked at
already: then the begin cannot be seen, and all times within the look count.

It is a semi-Markov model (Yu, "Hidden semi-Markov models", Artificial Intelligence 174, 2010) whose
segments are the looks: the sum over all rows of looks in the words' order is made forwards and
backwards, in time O(words * looks^2).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.intents.looks import Looks

    Array = NDArray[np.float64]

LEAD_S, LEAD_SD = 0.7, 0.25
"""From the begin of a look to that of its word. The deviation is our own figure: neither source
gives that of single looks."""
LONG_S, LONG_SD = 0.38, 0.35
"""Median, and deviation of the logarithm, of a fixation's length: 0.4 s on average. In scenes it
is 0.33 s with a long tail (Henderson, Trends in Cognitive Sciences 7, 2003); that who speaks looks
a little longer is our own figure."""
LEAST_S = 0.25
"""No fixation is cut before: a saccade takes 0.2 s to be prepared (Carpenter, "Movements of the
eyes", 1988), and some time to be made."""
STAYS = 0.5
"""Probability that the eyes stay; our own figure."""
ODD, ODD_S = 0.2, 2.0
"""Probability that a look is as long as anything up to so many seconds; our own figures."""
AGAIN = 0.2
"""Probability that the wish is for what is looked at already; our own figure."""
_STEP_S = 0.1
"""Begins that are not seen are tried so far apart."""
_TINY = 1e-12

_ROOT = math.sqrt(2 * math.pi)
_GRID = np.linspace(-6, 6, 1201)
_PHI = np.array([0.5 * (1 + math.erf(z / math.sqrt(2))) for z in _GRID])
_STEPS = np.linspace(-2.5, 2.5, 11)
_BELL = np.exp(-0.5 * _STEPS**2) / np.exp(-0.5 * _STEPS**2).sum()


class Scanpath:
    """The looks of an utterance's time as the words' wishes may have made them.

    Args:
        looks: In their order.
        starts: Begin of the word of each thing, in order, s; at least one.

    Attributes:
        look: Shape (C,): the look of each candidate, ascending in time. The first of each look is
            its begin, the others are begins that are not seen.
        shares: For each thing the probability of each candidate, shape (C,), before it is known
            what the looks are at.
    """

    def __init__(self, looks: Looks, starts: Sequence[float]) -> None:
        self._begins, self._end = looks.begins, float(looks.ends[-1])
        self._begun_blurs = looks.blurs
        edges = [*self._begins.tolist(), self._end]
        made = [
            (look, time) for look, (begin, end) in enumerate(pairwise(edges))
            for time in _times(begin, end)
        ]
        self.look = np.array([look for look, _ in made], np.intp)
        self._times = np.array([time for _, time in made])
        self._seen = self._times == self._begins[self.look]
        # Begins that are not seen are as far apart as they are blurred: their sum is that of all.
        self._blurs = np.where(self._seen, looks.blurs[self.look], _STEP_S / _ROOT)
        # Which look is cut by the begin: the one before, or the own one.
        self._cuts = self.look - self._seen
        self._gaps = np.diff(edges)
        self._path = self._products()
        # Things of one word have one begin.
        links = {start: self._link(start) for start in dict.fromkeys(starts[1:])}
        self._begun = self._first(starts[0])
        same = self.look[:, None] == self.look
        parts = {start: (link * ~same, link * same) for start, link in links.items()}
        self._steps = [parts[start] for start in starts[1:]]
        self._last = self._after()
        ones = np.ones(len(made))
        total = self._sum([ones] * len(starts), 1.0)
        self.possible = total > 0
        self._scale = 1 / total if self.possible else 0.0
        self.shares = self.given([ones] * len(starts), 1.0)

    def chance(self, rows: Sequence[Array], even: float) -> float:
        """The mean, over all rows of looks, of a product.

        No look is at two things: where two words are about one look, it tells of either of them.

        Args:
            rows: For each thing its factor at each candidate, shape (C,); above 0.
            even: The factor of a thing of which a look does not tell.
        """
        return self._sum(rows, even) * self._scale

    def given(self, rows: Sequence[Array], even: float) -> list[Array]:
        """For each thing the probability of each candidate, given such factors."""
        steps = [
            away * row + stays * (0.5 * even * (1 + row / before[:, None]))
            for (away, stays), before, row in zip(self._steps, rows, rows[1:], strict=False)
        ]
        ahead = [self._begun * rows[0]]
        for step in steps:
            ahead.append(ahead[-1] @ step)
        behind = [self._last]
        for step in reversed(steps):
            behind.append(step @ behind[-1])
        made = [one * two for one, two in zip(ahead, reversed(behind), strict=True)]
        return [one / max(float(one.sum()), _TINY) for one in made]

    def _sum(self, rows: Sequence[Array], even: float) -> float:
        reached = self._begun * rows[0]
        for (away, stays), before, row in zip(self._steps, rows, rows[1:], strict=False):
            other = (reached @ stays) + (reached / before) @ stays * row
            reached = (reached @ away) * row + 0.5 * even * other
        return float(reached @ self._last)

    def _products(self) -> Array:
        """Logarithm of the density of wandering from the first look's begin to each, and on."""
        each = np.log(_length(self._gaps))
        # Nobody knows when the first one began, and how long the last one will last.
        each[-1] = math.log(float(_lasts(self._gaps[-1:])[0]))
        each[0] = 0.0
        return np.concatenate(([0.0], np.cumsum(each)))

    def _first(self, start: float) -> Array:
        at = np.maximum(self._cuts, 0)
        made: Array = np.exp(self._path[at]) * self._cut(
            self._begins[at], self._begun_blurs[at], start, 0.0
        )
        # Before the first look nothing is known: the wish came at any time before.
        made[0] = float(_phi(np.array((self._times[0] - start + LEAD_S) / LEAD_SD))) / ODD_S
        return made

    def _link(self, start: float) -> Array:
        """From each candidate of a thing to each of the next one's, shape (C, C)."""
        source = self.look[:, None]
        cuts = np.broadcast_to(self._cuts, (len(self.look), len(self.look)))
        # From the one to the other: it stayed, or its own length was not over yet.
        direct = self._cut(
            np.broadcast_to(self._times[:, None], cuts.shape), self._blurs[:, None], start, STAYS
        )
        on = np.minimum(self.look + 1, len(self._begins) - 1)
        at = np.maximum(self._cuts, 0)
        away = self._path[at] - self._path[on][:, None]
        wander = (
            (1 - STAYS) * _length(self._begins[on] - self._times)[:, None] * np.exp(
                np.where(cuts > source, away, 0.0)
            ) * self._cut(self._begins[at], self._begun_blurs[at], start, 0.0)
        )
        made = np.where(cuts == source, direct, np.where(cuts > source, wander, 0.0))
        return np.where(self._times > self._times[:, None], made, 0.0)

    def _after(self) -> Array:
        """The density of the looks behind each candidate's."""
        final = self.look + 1 == len(self._begins)
        on = np.minimum(self.look + 1, len(self._begins) - 1)
        gaps = np.where(final, self._end, self._begins[on]) - self._times
        wander = np.where(final, _lasts(gaps), _length(gaps))
        both = np.hypot(self._blurs, self._begun_blurs[on])
        stays = np.where(final, 1.0, (gaps > LEAST_S - 2 * both) / ODD_S)
        rest = np.where(final, 0.0, self._path[-1] - self._path[on])
        made: Array = ((1 - STAYS) * wander + STAYS * stays) * np.exp(rest)
        return made

    def _cut(self, begun: Array, blurs: Array, start: float, stays: float) -> Array:
        """The density of each candidate as the time when a wish cut a look.

        Args:
            begun: Begin of the look that was cut, (C,) or (C, C).
            blurs: Its standard deviation, likewise.
            start: The word's begin.
            stays: Probability that the look had no end of its own.
        """
        gap = self._times - begun
        until = start - begun
        # A length is as blurred as both its ends.
        both = np.hypot(self._blurs, blurs)
        lengths = gap[..., None] + both[..., None] * _STEPS
        whole = stays + (1 - stays) * _lasts(lengths)
        late = np.where(
            lengths > LEAST_S, _normal(until[..., None] - lengths - LEAD_S, LEAD_SD) * whole, 0.0
        ) @ _BELL
        # The wish came too early to cut: before the look, if it stayed, or in its first part.
        ready = _phi((until - LEAST_S - LEAD_S) / LEAD_SD)
        early = (1 - stays) * (_phi((until - LEAD_S) / LEAD_SD) - ready) + stays * (1 - ready)
        made: Array = late + np.maximum(early, 0) * _normal(gap - LEAST_S, both)
        return np.where(self._seen, made, made * AGAIN * _STEP_S)


def _times(begin: float, end: float) -> list[float]:
    """A look's begin, and those within it that cannot be seen."""
    count = max(0, int((end - begin - 2 * LEAST_S) / _STEP_S) + 1) if end > begin else 0
    return [begin, *(begin + LEAST_S + _STEP_S * step for step in range(count))]


def _phi(z: Array) -> Array:
    made: Array = np.interp(z, _GRID, _PHI)
    return made


def _normal(z: Array, deviation: float | Array) -> Array:
    made: Array = np.exp(-0.5 * (z / deviation) ** 2) / (deviation * _ROOT)
    return made


def _length(gaps: Array) -> Array:
    """Density of a fixation's length."""
    safe = np.maximum(gaps, 1e-3)
    usual = _normal(np.log(safe / LONG_S), LONG_SD) / safe
    return (1 - ODD) * usual + ODD / ODD_S


def _lasts(gaps: Array) -> Array:
    """Probability that a fixation lasts longer."""
    usual = 1 - _phi(np.log(np.maximum(gaps, 1e-3) / LONG_S) / LONG_SD)
    return (1 - ODD) * usual + ODD * np.clip(1 - gaps / ODD_S, 0.01, 1)
