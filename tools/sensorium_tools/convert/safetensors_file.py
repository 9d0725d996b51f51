"""Reads a safetensors file: named arrays and nothing that could be run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray


_AGAIN = "fetch the file again"
_ONE_MODEL = (
    "take model.safetensors and config.json from one model, of the kind and with the head that the "
    "card's part needs"
)


class Tensors:
    """The arrays of one file, each asked for by name and shape.

    Args:
        data: The file.
        name: What errors call it.

    Raises:
        EngineError: When it is damaged, or holds a type that numpy has not.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        try:
            self._arrays: dict[str, NDArray[Any]] = load(data)
        except (SafetensorError, KeyError, ValueError, TypeError, OverflowError) as error:
            first = str(error).partition("\n")[0][:200]
            raise EngineError(f"{name}: a damaged safetensors file: {first}", _AGAIN) from error

    def __contains__(self, tensor: str) -> bool:
        return tensor in self._arrays

    def rows(self, tensor: str) -> int:
        """The first size of an array.

        Raises:
            EngineError: When there is none, or it is a single number.
        """
        values = self._arrays.get(tensor)
        if values is None or not values.ndim:
            raise EngineError(f"{self.name}: there is no tensor {tensor}", _ONE_MODEL)
        return int(values.shape[0])

    def take(self, tensor: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The array of a name, as float32.

        Raises:
            EngineError: When there is none, it is of another shape or no float, or a value is not
                finite.
        """
        values = self._arrays.get(tensor)
        if values is None:
            raise EngineError(f"{self.name}: there is no tensor {tensor}", _ONE_MODEL)
        if values.shape != shape or values.dtype.kind != "f":
            raise EngineError(
                f"{self.name}: the tensor {tensor} is {values.dtype} {values.shape}, "
                f"the configuration needs float {shape}",
                _ONE_MODEL,
            )
        if not np.isfinite(values).all():
            raise EngineError(
                f"{self.name}: the tensor {tensor} has values that are not finite", _AGAIN
            )
        return np.ascontiguousarray(values, np.float32)
