"""An output's highest values as texts, in the place of the output."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def highest(
    output: NDArray[Any], count: int, labels: Sequence[str]
) -> tuple[tuple[int, ...], list[str]]:
    """The highest values of the last axis, each as `value:index[:label]`.

    Args:
        output: Of one axis or more.
        count: How many; all where there are fewer.
        labels: By index, where there are as many as the last axis is long.

    Returns:
        The shape, and the texts in row-major order.
    """
    flat = output.reshape(-1, output.shape[-1]) if output.ndim else output.reshape(1, 1)
    width = flat.shape[-1]
    count = min(count, width)
    named = labels if len(labels) == width else ()
    texts = []
    for row in flat:
        # Stable, so that of equal values the first comes first.
        order = np.argsort(-row.astype(np.float64), kind="stable")[:count]
        texts += [
            f"{row[index]}:{index}" + (f":{named[index]}" if named else "") for index in order
        ]
    return (*output.shape[:-1], count), texts


def packed(texts: Sequence[str]) -> bytes:
    """Texts as binary data: the length of each in four bytes, and its UTF-8."""
    encoded = [text.encode() for text in texts]
    return b"".join(struct.pack("<I", len(text)) + text for text in encoded)
