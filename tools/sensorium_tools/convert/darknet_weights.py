"""Reads a darknet .weights file: a header, then the float32 of every layer in its order."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REMEDY = "the .weights belong to another .cfg, or are damaged: fetch both again"
_EPSILON = 1e-6
"""Darknet adds it to the deviation, not to the variance (normalize_cpu in src/blas.c)."""


class DarknetWeights:
    """Hands out the numbers of one layer after the other.

    The header has the version (major, minor, revision; int32 each) and how many images were seen:
    64 bits from version 0.2 on, before 32 (load_weights_upto in src/parser.c).

    Args:
        data: Of the file, little-endian.
        name: What errors call it.

    Raises:
        EngineError: When the header is not one.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        if len(data) < 16:
            raise EngineError(f"{name}: {len(data)} bytes are no darknet .weights", _REMEDY)
        major, minor, _ = struct.unpack_from("<3i", data)
        if not (0 <= major < 1000 and 0 <= minor < 1000):
            raise EngineError(f"{name}: not a darknet .weights: version {major}.{minor}", _REMEDY)
        start = 12 + (8 if major * 10 + minor >= 2 else 4)
        self._numbers = np.frombuffer(data[start : len(data) - (len(data) - start) % 4], "<f4")
        self._next = 0

    def convolution(
        self, shape: tuple[int, int, int, int], *, normalised: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The next layer's weight of `shape` and its bias, with batch normalisation folded in.

        Args:
            shape: Filters, channels, height, width.
            normalised: Whether the layer has batch normalisation.

        Raises:
            EngineError: When the file ends before.
        """
        filters = shape[0]
        bias = self._take((filters,)).astype(np.float64)
        if not normalised:
            return self._take(shape).astype(np.float32), bias.astype(np.float32)
        scale, mean, variance = (self._take((filters,)).astype(np.float64) for _ in range(3))
        weight = self._take(shape).astype(np.float64)
        if not (variance >= 0).all():
            raise EngineError(f"{self._name}: a variance below zero", _REMEDY)
        gain = scale / (np.sqrt(variance) + _EPSILON)
        with np.errstate(over="ignore", invalid="ignore"):
            return (
                (weight * gain[:, None, None, None]).astype(np.float32),
                (bias - mean * gain).astype(np.float32),
            )

    def close(self) -> None:
        """Says that no layer is left.

        Raises:
            EngineError: When numbers are.
        """
        left = len(self._numbers) - self._next
        if left:
            raise EngineError(
                f"{self._name}: {left} numbers are left after the last layer", _REMEDY
            )

    def _take(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        count = 1
        for size in shape:
            count *= size
        if self._next + count > len(self._numbers):
            raise EngineError(
                f"{self._name}: ends after {len(self._numbers)} numbers, the next layer needs "
                f"{self._next + count}",
                _REMEDY,
            )
        taken = self._numbers[self._next : self._next + count].reshape(shape)
        self._next += count
        return taken
