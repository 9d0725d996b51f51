"""An engine's inputs and outputs in memory that two processes map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.manifest import Manifest

_ALIGNMENT = 64


class SharedTensors:
    """Where each tensor of an engine lies. Both processes reckon it from the same manifest.

    Args:
        manifest: Of the engine. A tensor that varies has room for its largest.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._places: dict[str, tuple[int, np.dtype[Any], tuple[int, ...]]] = {}
        self.size = 0
        for tensor in (*manifest.inputs, *manifest.outputs):
            most, type_ = manifest.sizes(tensor), np.dtype(tensor.type)
            self._places[tensor.name] = (self.size, type_, most)
            size = math.prod(most) * type_.itemsize
            self.size += -(-max(size, 1) // _ALIGNMENT) * _ALIGNMENT

    def array(
        self, memory: memoryview, name: str, shape: tuple[int, ...] | None = None
    ) -> NDArray[Any]:
        """A tensor as an array of the mapped memory.

        Args:
            memory: The mapping.
            name: Of the tensor.
            shape: None: the largest.

        Raises:
            ValueError: When a tensor of such a shape has no room.
        """
        offset, type_, most = self._places[name]
        shape = most if shape is None else shape
        if math.prod(shape) > math.prod(most):
            raise ValueError(f"{name} is {shape}, {most} at most")
        return np.frombuffer(memory, type_, math.prod(shape), offset).reshape(shape)
