"""How sure a difference between ways to run something is: a bootstrap over blocks, then frames.

Frames of one block are alike, so resampling them as if each stood alone would give intervals that
are far too narrow. Here rounds are drawn with replacement, each with one block of every arm, and
then frames within each block: the two-stage bootstrap of nested data (Davison & Hinkley, "Bootstrap
Methods and their Application", 1997, section 3.8; Saravanan, Berman & Sober, "Application of the
hierarchical bootstrap to multi-level data in neuroscience", 2020). A round's blocks stay together,
so that a machine that is slow for a minute is slow for all arms of that round. Intervals are of
percentiles; with fewer than about ten rounds they are too narrow, as all that few rounds allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Blocks = Sequence[NDArray[np.float64]]
    """One array of frames for each round, shape (n,) or (n, values)."""
    Statistic = Callable[[Mapping[str, NDArray[np.float64]]], Sequence[float]]

DRAWS = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A figure, and between which two it is with the probability `LEVEL`."""

    value: float
    low: float
    high: float


def draws(
    arms: Mapping[str, Blocks], statistic: Statistic, seed: int = 0, count: int = DRAWS
) -> NDArray[np.float64]:
    """The statistic of data that might have been measured as well.

    Args:
        arms: Arm to its blocks, one for each round, in the same order for all arms.
        statistic: Of each arm's frames together: some numbers.
        seed: Of the draws.
        count: How many.

    Returns:
        Shape (count, numbers).

    Raises:
        ValueError: The arms have different numbers of rounds, or none, or a block is empty.
    """
    rounds = {len(blocks) for blocks in arms.values()}
    if len(rounds) != 1 or not (number := rounds.pop()):
        raise ValueError("each arm needs a block in every round, and there must be a round")
    if not all(len(block) for blocks in arms.values() for block in blocks):
        raise ValueError("a block has no frames")
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        chosen = random.integers(number, size=number)
        found.append(statistic({
            name: np.concatenate([_drawn(blocks[each], random) for each in chosen])
            for name, blocks in arms.items()
        }))
    return np.asarray(found, float)


def intervals(
    arms: Mapping[str, Blocks], statistic: Statistic, seed: int = 0, count: int = DRAWS
) -> tuple[Interval, ...]:
    """Each number of the statistic as it was measured, with its interval; see `draws`."""
    measured = statistic({name: np.concatenate(blocks) for name, blocks in arms.items()})
    tails = (100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2)
    low, high = np.nanpercentile(draws(arms, statistic, seed, count), tails, axis=0)
    return tuple(
        Interval(*(float(each) for each in one)) for one in zip(measured, low, high, strict=True)
    )


def _drawn(block: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    return block[random.integers(len(block), size=len(block))]
