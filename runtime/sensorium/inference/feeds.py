"""Checks what is given to an engine against what its manifest states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.manifest import Manifest, Tensor


class FeedCheck:
    """Refuses feeds of other names, types or shapes, or with an axis out of its range.

    Args:
        manifest: Of the engine.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._name = manifest.name
        self._axes = manifest.axes
        self._inputs = {tensor.name: tensor for tensor in manifest.inputs}
        self._types = {
            tensor.name: np.dtype(tensor.type) for tensor in manifest.inputs
        }
        # What passed last mostly comes again: then nothing is looked at closely.
        self._passed: list[tuple[str, tuple[int, ...], np.dtype[Any]]] = []
        self._sizes: dict[str, int] = {}

    def __call__(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, int]:
        """Checks feeds.

        Returns:
            Name of an axis to its size in these feeds; not to be changed.

        Raises:
            EngineError: Names the engine, the input, what it is and what it must be.
        """
        if feeds.keys() != self._inputs.keys():
            raise EngineError(
                f"{self._name}: inputs are {', '.join(self._inputs)}, not {', '.join(feeds)}"
            )
        given_now = [(name, given.shape, given.dtype) for name, given in feeds.items()]
        if given_now == self._passed:
            return self._sizes
        sizes: dict[str, int] = {}
        for name, tensor in self._inputs.items():
            given = feeds[name]
            if given.dtype != self._types[name] or not self._fits(given.shape, tensor, sizes):
                raise EngineError(
                    f"{self._name}: {name} is {given.dtype} {given.shape}, "
                    f"must be {tensor.type} {self._stated(tensor)}"
                )
        self._passed, self._sizes = given_now, sizes
        return sizes

    def zeros(self) -> dict[str, NDArray[Any]]:
        """Feeds of the typical size, all zero."""
        return {
            name: np.zeros(
                [
                    size if isinstance(size, int) else self._axes[size].typical
                    for size in tensor.shape
                ],
                self._types[name],
            )
            for name, tensor in self._inputs.items()
        }

    def _fits(self, shape: tuple[int, ...], tensor: Tensor, sizes: dict[str, int]) -> bool:
        if len(shape) != len(tensor.shape):
            return False
        for size, stated in zip(shape, tensor.shape, strict=True):
            if isinstance(stated, int):
                if size != stated:
                    return False
            else:
                axis = self._axes[stated]
                if not axis.min <= size <= axis.max or sizes.setdefault(stated, size) != size:
                    return False
        return True

    def _stated(self, tensor: Tensor) -> str:
        words = [
            str(size)
            if isinstance(size, int)
            else f"{size} of {self._axes[size].min} to {self._axes[size].max}"
            for size in tensor.shape
        ]
        return f"({', '.join(words)})"
