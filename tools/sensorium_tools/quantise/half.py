"""fp16: half the size; a GPU runs it at speed, a CPU converts back and forth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError
from sensorium_tools.quantise.static import quietly

if TYPE_CHECKING:
    from onnx import ModelProto


def to_half(name: str, model: ModelProto) -> bytes:
    """The graph with its weights and arithmetic in fp16; inputs and outputs keep their types.

    Raises:
        EngineError: When an operator has no fp16 form.
    """
    from onnxruntime.transformers import float16

    try:
        with quietly():
            made: Any = float16.convert_float_to_float16(model, keep_io_types=True)
        data: bytes = made.SerializeToString(deterministic=True)
    except Exception as error:
        raise EngineError(
            f"{name}: cannot be put into fp16: {type(error).__name__}: {error}"
        ) from error
    return data
