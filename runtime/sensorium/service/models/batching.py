"""Several callers' rows in one run of an engine, where its card allows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.inference.manifest import Manifest


@dataclass(frozen=True)
class Rows:
    """What of some feeds decides with which others they may run.

    Attributes:
        count: Of the leading axis.
        others: Names, types and all other sizes: only feeds with the same ones run together.
    """

    count: int
    others: tuple[tuple[str, str, tuple[int, ...]], ...]


class Batching:
    """How feeds of an engine are joined and its outputs are split.

    Args:
        most: Rows of one run.
    """

    def __init__(self, most: int) -> None:
        self.most = most

    def rows(self, feeds: Mapping[str, NDArray[Any]]) -> Rows | None:
        """The rows of some feeds; None where they have none, or not the same number everywhere."""
        counts = {array.shape[0] if array.ndim else 0 for array in feeds.values()}
        if len(counts) != 1 or 0 in counts:
            return None
        return Rows(
            counts.pop(),
            tuple((name, feeds[name].dtype.str, feeds[name].shape[1:]) for name in sorted(feeds)),
        )

    def join(self, several: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
        """Feeds of several callers as one."""
        return {
            name: np.concatenate([feeds[name] for feeds in several]) for name in several[0]
        }

    def split(
        self, outputs: Mapping[str, NDArray[Any]], counts: Sequence[int]
    ) -> list[dict[str, NDArray[Any]]]:
        """Outputs by caller, each with memory of its own.

        Args:
            outputs: Of the joined run.
            counts: Rows of each caller, in order.
        """
        ends = np.cumsum(counts)
        return [
            {name: array[end - count : end].copy() for name, array in outputs.items()}
            for count, end in zip(counts, ends, strict=True)
        ]


def batching(manifest: Manifest, card: Card) -> Batching | None:
    """How an engine's runs are joined; None where each caller has a run of its own.

    They are where the leading axis of every input and output is one and the same axis of the card.
    Not where an INT8 engine takes its scales from what it is given: a caller's numbers would then
    depend on who else happened to ask.
    """
    if manifest.precision == "int8" and card.quantisation.scheme == "dynamic":
        return None
    rows = manifest.rows
    return Batching(rows.max) if rows is not None and rows.max > 1 else None
