"""When the eyes were still: the rays of a scanpath, cut into fixations and pursuits.

Looked back at, a scanpath is known as a whole, and is cut where that explains its rays best: lines
over time, one a piece, with the least sum of squares and a price for each piece. That is segmented
linear regression (NSLR: Pekkanen and Lappi, "A new and general approach to signal denoising and eye
movement classification based on segmented linear regression", Scientific Reports 7, 2017), here
with the exact optimum (Jackson et al., "An algorithm for optimal partitioning of data on an
interval", IEEE Signal Processing Letters 12, 2005) and the price of the Bayesian information
criterion. A piece that is faster than eyes can follow, or shorter than any fixation, is a saccade
or a part of one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SHORT_S = 0.08
"""What is shorter is a part of a saccade: fixations last at least 100 ms (Salvucci and Goldberg,
ETRA 2000), of which the noise may take a sample on each side."""
FAST_RAD_S = math.radians(100.0)
"""Eyes follow nothing that is faster (Meyer, Lasker and Robinson, "The upper limit of human smooth
pursuit velocity", Vision Research 25, 1985)."""
APART_S = 0.4
"""No piece goes over a longer gap: blinks last up to 400 ms (Schiffman 2001)."""
_LONGEST_S = 3.0
"""A longer one is cut: what a piece may be is tried out."""
_LEAST_NOISE = math.radians(0.05)
"""Noise is at least this an axis: rays that are repeated or filtered have less."""
_LEAST = 3
"""So many samples a piece has at least: no less show a speed."""
_FITTED = 5
"""A piece has two lines, of two figures each, and an end."""
_MEDIAN = 2 * 2 * math.log(2)
"""The median of the square of a step between two samples, in variances of the noise an axis: chi
square with 2 degrees of freedom, of twice the variance."""


class Still(NamedTuple):
    """A time in which the eyes were still, or followed something.

    Attributes:
        left: The last ray before they left for it, s. Of the first one: its own begin.
        hidden: The longest time without a ray from there to its begin, s.
        begin: Its first ray, s.
        end: Its last ray, s.
        first: Unit vector of its begin, shape (3,).
        last: Of its end.
    """

    left: float
    hidden: float
    begin: float
    end: float
    first: Array
    last: Array


def stills(times: Array, rays: Array) -> list[Still]:
    """The times in which the eyes were still, in their order.

    Args:
        times: Ascending, shape (R,), s.
        rays: Unit vectors, shape (R, 3).
    """
    if len(times) < 2:
        return []
    made: list[Still] = []
    left = 0
    steps = np.diff(times, append=times[-1])
    for first, last in _pieces(times, rays):
        lasts = float(times[last - 1] - times[first])
        # What the noise took of it, or a blink.
        around = float(steps[max(first - 1, 0)] * (first > 0) + steps[last - 1]) / 2
        if last - first < _LEAST or lasts + around < SHORT_S:
            continue
        ends = _line(times[first:last], rays[first:last])
        if math.dist(*ends) > FAST_RAD_S * lasts:
            continue
        left = left if made else first
        hidden = float(steps[left:first].max(initial=0.0))
        made.append(
            Still(float(times[left]), hidden, float(times[first]), float(times[last - 1]), *ends)
        )
        left = last - 1
    return made


def _pieces(times: Array, rays: Array) -> list[tuple[int, int]]:
    """First and behind the last ray of each piece of the best partition."""
    count = len(times)
    price = _FITTED * math.log(count) * _variance(rays)
    best = np.full(count + 1, math.inf)
    best[0] = 0.0
    begins = np.zeros(count + 1, np.intp)
    sums = _sums(times, rays)
    apart = np.flatnonzero(np.diff(times) > APART_S) + 1
    behind = np.searchsorted(apart, np.arange(count), side="right")
    opened = np.concatenate(([0], apart))[behind]
    oldest = np.maximum(opened, np.searchsorted(times, times - _LONGEST_S))
    for last in range(1, count + 1):
        first = np.arange(oldest[last - 1], last)
        costs = best[first] + _squares(sums[:, last, None] - sums[:, first])
        at = int(costs.argmin())
        best[last], begins[last] = costs[at] + price, first[at]
    made: list[tuple[int, int]] = []
    last = count
    while last:
        made.append((int(begins[last]), last))
        last = int(begins[last])
    return made[::-1]


def _variance(rays: Array) -> float:
    """Of the noise an axis, rad2, from steps between rays: few of them are of saccades."""
    steps = np.diff(rays, axis=0)
    median = float(np.median(np.einsum("ij,ij->i", steps, steps)))
    return max(median / _MEDIAN, _LEAST_NOISE**2)


def _sums(times: Array, rays: Array) -> Array:
    """Sums up to each ray: 1, t, t2, x y z, t x y z and squares; shape (10, R + 1)."""
    since, about = times - times.mean(), rays - rays.mean(axis=0)
    rows = np.stack((
        np.ones(len(times)), since, since * since, *about.T, *(since[:, None] * about).T,
        np.einsum("ij,ij->i", about, about),
    ))
    return np.concatenate((np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)), axis=1)


def _squares(sums: Array) -> Array:
    """Sum of squares around the best line of each piece, shape (P,), of sums, shape (10, P)."""
    count, first, second = sums[:3]
    places, moves = sums[3:6], sums[6:9]
    width = second - first * first / count
    across = moves - first * places / count
    whole = sums[9] - (places * places).sum(axis=0) / count
    slope = np.where(width > 0, (across * across).sum(axis=0) / np.maximum(width, 1e-12), 0.0)
    made: Array = np.maximum(whole - slope, 0.0)
    return made


def _line(times: Array, rays: Array) -> tuple[Array, Array]:
    """Unit vectors of the begin and the end of the line through a piece."""
    since = times - times.mean()
    slope = (since @ rays) / float(since @ since)
    middle = rays.mean(axis=0)
    first, last = middle + slope * since[0], middle + slope * since[-1]
    return first / np.linalg.norm(first), last / np.linalg.norm(last)
