"""An engine's inputs and outputs in memory that two processes map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.manifest import Manifest, Tensor

_ALIGNMENT = 64


class SharedTensors:
    """Where each tensor of an engine lies. Both processes reckon it from the same manifest.

    Args:
        manifest: Of the engine; a shape that varies stands there at its largest.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._places: dict[str, tuple[int, Tensor]] = {}
        self.size = 0
        for tensor in (*manifest.inputs, *manifest.outputs):
            self._places[tensor.name] = (self.size, tensor)
            size = int(np.prod(tensor.shape, dtype=np.int64)) * np.dtype(tensor.type).itemsize
            self.size += -(-max(size, 1) // _ALIGNMENT) * _ALIGNMENT

    def array(
        self, memory: memoryview, name: str, shape: tuple[int, ...] | None = None
    ) -> NDArray[Any]:
        """A tensor as an array of the mapped memory.

        Args:
            memory: The mapping.
            name: Of the tensor.
            shape: None: as in the manifest.

        Raises:
            ValueError: When a tensor of such a shape has no room.
        """
        offset, tensor = self._places[name]
        shape = tensor.shape if shape is None else shape
        count = int(np.prod(shape, dtype=np.int64))
        if count > int(np.prod(tensor.shape, dtype=np.int64)):
            raise ValueError(f"{name} is {shape}, {tensor.shape} at most")
        return np.frombuffer(memory, np.dtype(tensor.type), count, offset).reshape(shape)
