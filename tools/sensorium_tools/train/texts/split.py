"""Which texts are learned from, which choose, and which judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SHARE = 0.1
"""Of each class, for each of the two sides that are not learned from."""


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
    """
    noise = np.random.default_rng(seed)
    order = np.argsort(groups, kind="stable")
    firsts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    members = np.split(order, firsts[1:])
    classes = np.array([np.bincount(truth[each]).argmax() for each in members])
    side = np.zeros(len(truth), np.int64)
    for each in np.unique(classes):
        own = [members[at] for at in noise.permutation(np.flatnonzero(classes == each))]
        wanted = max(1, round(share * sum(map(len, own))))
        for number in (1, 2):
            for chosen in _taken(own, wanted):
                side[chosen] = number
            own = [group for group in own if not side[group[0]]]
    training, validation, test = (np.flatnonzero(side == number) for number in (0, 1, 2))
    return Sides(training, validation, test)


def _taken(groups: Sequence[NDArray[np.int64]], wanted: int) -> list[NDArray[np.int64]]:
    """Groups of about `wanted` texts in all; a group that is larger is left for training."""
    taken: list[NDArray[np.int64]] = []
    left = wanted
    for group in groups:
        if len(group) <= left:
            taken.append(group)
            left -= len(group)
    return taken or [min(groups, key=len)]
