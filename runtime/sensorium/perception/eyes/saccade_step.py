"""The saccade that fits a stretch of noisy gaze best: a step detector in the domain of places.

Where the noise between two samples is as fast as a saccade no velocity tells one, but the places
before and after do, several of them together. The step is found by the generalised likelihood
ratio of a change of mean at an unknown time (Basseville & Nikiforov, "Detection of Abrupt Changes",
1993, chapter 2.4), as offline methods do by a t-test or by two windows' means (Olsson, "Real-time
and offline filters for eye tracking", KTH 2007; I2MC: Hessels et al., Behavior Research Methods
49, 2017). Its shape is a saccade's: 21 ms and 2.2 ms a degree long (Carpenter, "Movements of the
Eyes", 1988), on a path of least jerk (Hogan & Flash, 1987). Mean and, for a gaze that pursues,
drift of the whole stretch are fitted along with it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.eyes.segment import Place

LATEST_NS = 100_000_000
"""A step is found so much after it began, or not at all;"""
_AFTER_END_NS = 60_000_000
"""one that lasts longer, so much after its end."""
SETTLED_NS = 25_000_000
"""From a step's end by its duration until its samples are believed to be of what follows it."""
_SURE = 20.0
"""Of noise alone a step at a time that is known explains so many variances once in 20,000."""
_STILL_SURE = 0.7
"""Of that, for a step that has been found."""
_LEAST_DEG = 1.0
"""Smaller steps are no saccades but drift, or a tracker's."""
_OVER_LINE = 1.15
"""A step explains more than a straight line by this factor, or it is a drift."""
_DURATION_S, _DURATION_S_DEG = 0.021, 0.0022
"""Of a saccade, and of each degree of it."""
_BEFORE, _AFTER = 3, 2
"""Samples of a stretch that a step has at least before it, and after its begin."""
_ENDS = (*range(_BEFORE), *range(-_AFTER, 0))


class Step(NamedTuple):
    """A change of place.

    Attributes:
        begin_ns: The first sample of it.
        end_ns: When it ends by its amplitude.
        x: degrees; `y` likewise.
        gain: By how much it lowers the sum of squared distances, square degrees; for noise of `n`
            in each axis chance alone gives `gain / n^2` a chi-squared distribution of two degrees
            of freedom, at a time that is known.
        line: By how much a straight line does so.
    """

    begin_ns: int
    end_ns: int
    x: float
    y: float
    gain: float
    line: float

    @property
    def amplitude(self) -> float:
        """The length of it, degrees."""
        return math.hypot(self.x, self.y)

    def stands_out(self, noise: float, found: bool) -> bool:
        """Whether it is a saccade, and neither noise nor drift.

        Args:
            noise: Of a sample in each axis, degrees.
            found: One was there in the sample before.
        """
        sure = _SURE * (_STILL_SURE if found else 1.0)
        return (
            self.amplitude > _LEAST_DEG and self.gain > sure * noise * noise
            and self.gain > _OVER_LINE * self.line
        )


def best_step(places: Sequence[Place], drifts: bool) -> Step | None:
    """Fits the step.

    Args:
        places: In order of time.
        drifts: The places drift, too: what a straight line explains is no step.

    Returns:
        The likeliest one; None where there are too few places, or the newest are so near to the
        oldest that it is small.
    """
    count = len(places)
    if count < _BEFORE + _AFTER or (not drifts and _far(places) < _LEAST_DEG / 2):
        return None
    first_ns, newest_ns = places[0][0], places[-1][0]
    times = [(place[0] - first_ns) * 1e-9 for place in places]
    xs, ys = [place[1] for place in places], [place[2] for place in places]
    middle_s, middle_x, middle_y = sum(times) / count, sum(xs) / count, sum(ys) / count
    squares = along_x = along_y = 0.0
    for n in range(count):
        times[n] = t = times[n] - middle_s
        xs[n] = x = xs[n] - middle_x
        ys[n] = y = ys[n] - middle_y
        squares += t * t
        along_x += t * x
        along_y += t * y
    slope_x, slope_y = along_x / squares, along_y / squares
    line = (slope_x * slope_x + slope_y * slope_y) * squares
    if drifts:
        xs = [x - slope_x * t for t, x in zip(times, xs, strict=True)]
        ys = [y - slope_y * t for t, y in zip(times, ys, strict=True)]
    duration = _DURATION_S + _DURATION_S_DEG * _far([(0, xs[n], ys[n]) for n in _ENDS])
    latest_ns = max(LATEST_NS, round(duration * 1e9) + _AFTER_END_NS)
    best: Step | None = None
    for begin in range(count - _AFTER - 1, _BEFORE - 2, -1):
        if newest_ns - places[begin][0] > latest_ns:
            break
        total = power = along = sum_x = sum_y = 0.0
        began = times[begin]
        for n in range(begin + 1, count):
            at = times[n]
            share = (at - began) / duration
            if share < 1.0:
                share = share * share * share * (10.0 + share * (6.0 * share - 15.0))
                total += share
                power += share * share
                along += share * at
                sum_x += share * xs[n]
                sum_y += share * ys[n]
            else:
                total += 1.0
                power += 1.0
                along += at
                sum_x += xs[n]
                sum_y += ys[n]
        power -= total * total / count
        if drifts:
            power -= along * along / squares
        if power < 1e-6:
            continue
        gain = (sum_x * sum_x + sum_y * sum_y) / power
        if best is None or gain > best.gain:
            best = Step(
                places[begin + 1][0], places[begin][0] + round(duration * 1e9),
                sum_x / power, sum_y / power, gain, 0.0 if drifts else line,
            )
    return best


def _far(places: Sequence[Place]) -> float:
    """How far the newest places are from the oldest ones, degrees."""
    x = y = 0.0
    for place in places[-_AFTER:]:
        x += place[1] / _AFTER
        y += place[2] / _AFTER
    for place in places[:_BEFORE]:
        x -= place[1] / _BEFORE
        y -= place[2] / _BEFORE
    return math.hypot(x, y)
