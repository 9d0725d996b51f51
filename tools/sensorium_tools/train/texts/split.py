"""Which texts are learned from, which choose, and which judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SHARE = 0.1
"""Of each class, for each of the two sides that are not learned from."""
FEWEST = 10
"""Groups of which a class must be the commonest: each of the three sides needs some."""
_MOST = 0.2
"""Of a class's groups for each of these two sides, however small they are: at least
`FEWEST` - 2 * 2 = 6 stay to be learned from."""


class Sides(NamedTuple):
    """Places of texts, int64, in ascending order; no group is on two sides.

    Attributes:
        training: Learned from.
        validation: Say when to stop, which model is better, and how sure it may be.
        test: Judge; nothing is chosen by them.
    """

    training: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def split(
    truth: NDArray[np.int64], groups: NDArray[np.int64], seed: int, share: float = SHARE
) -> Sides:
    """Parts texts, class by class, groups whole.

    Args:
        truth: [n], the class of each text.
        groups: [n], the group of each text. A group of several classes goes with its commonest.
        seed: Decides who is where.
        share: Of each class for validation and for test.

    Returns:
        The sides; each class is on each, and has six groups or more to be learned from.

    Raises:
        ValueError: A class is the commonest of fewer than `FEWEST` groups.
    """
    noise = np.random.default_rng(seed)
    order = np.argsort(groups, kind="stable")
    firsts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    members = np.split(order, firsts[1:])
    classes = commonest(truth, groups)
    side = np.zeros(len(truth), np.int64)
    for each in np.unique(truth):
        own = [members[at] for at in noise.permutation(np.flatnonzero(classes == each))]
        if len(own) < FEWEST:
            raise ValueError(f"class {each} has {len(own)} groups, {FEWEST} are needed")
        wanted = max(1, round(share * sum(map(len, own))))
        most = int(_MOST * len(own))
        for number in (1, 2):
            for chosen in _taken(own, wanted, most):
                side[chosen] = number
            own = [group for group in own if not side[group[0]]]
    training, validation, test = (np.flatnonzero(side == number) for number in (0, 1, 2))
    return Sides(training, validation, test)


def commonest(truth: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The commonest class of each group, by the groups' numbers; of equally common ones the first.

    Args:
        truth: [n], the class of each text.
        groups: [n], the group of each text.
    """
    count = int(truth.max(initial=0)) + 1
    pairs, often = np.unique(groups * count + truth, return_counts=True)
    of, classes = np.divmod(pairs, count)
    order = np.lexsort((classes, -often, of))
    _, firsts = np.unique(of[order], return_index=True)
    found: NDArray[np.int64] = classes[order][firsts]
    return found


def _taken(
    groups: Sequence[NDArray[np.int64]], wanted: int, most: int
) -> list[NDArray[np.int64]]:
    """At most `most` groups, of about `wanted` texts in all; a larger one is left for training."""
    taken: list[NDArray[np.int64]] = []
    left = wanted
    for group in groups:
        if len(group) <= left and len(taken) < most:
            taken.append(group)
            left -= len(group)
    return taken or [min(groups, key=len)]
