"""Reads a TFLite file into plain Python, by its published schema (package `tflite`)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import tflite

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAGIC = b"TFL3"
_LEFT_OUT = -1
_TYPES: dict[int, np.dtype[Any]] = {
    tflite.TensorType.FLOAT32: np.dtype(np.float32),
    tflite.TensorType.FLOAT16: np.dtype(np.float16),
    tflite.TensorType.INT32: np.dtype(np.int32),
    tflite.TensorType.INT64: np.dtype(np.int64),
}
_OPERATORS = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
_OPTIONS = {
    code: name for name, code in vars(tflite.BuiltinOptions).items() if isinstance(code, int)
}


@dataclass(frozen=True)
class TfliteTensor:
    """A tensor.

    Attributes:
        name: As in the file.
        shape: Fixed sizes.
        data: Its values where it is a constant, else None.
    """

    name: str
    shape: tuple[int, ...]
    data: NDArray[Any] | None


@dataclass(frozen=True)
class TfliteOperator:
    """One call of an operator.

    Attributes:
        kind: Its name in the schema, such as FULLY_CONNECTED.
        inputs: Indices of tensors; -1 (`_LEFT_OUT`) for one that is left out.
        outputs: Indices of tensors.
        options: The schema's option object of its kind, or None.
    """

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any


@dataclass(frozen=True)
class TfliteGraph:
    """The first subgraph of a file."""

    tensors: tuple[TfliteTensor, ...]
    operators: tuple[TfliteOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read(data: bytes, name: str) -> TfliteGraph:
    """Reads a TFLite file.

    Args:
        data: Its bytes.
        name: What errors call it.

    Raises:
        EngineError: When it is not a TFLite file, is damaged, or has a tensor of another type
            than float32, float16, int32 and int64.
    """
    if data[4:8] != _MAGIC:
        raise EngineError(f"{name}: not a TFLite file")
    try:
        return _read(data, name)
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise EngineError(
            f"{name}: a damaged TFLite file: {str(error)[:200]}", "fetch the file again"
        ) from error


def _read(data: bytes, name: str) -> TfliteGraph:
    model = tflite.Model.GetRootAsModel(data, 0)
    if model.SubgraphsLength() != 1:
        raise EngineError(f"{name}: {model.SubgraphsLength()} subgraphs, can convert only 1")
    return _graph(model, model.Subgraphs(0), name)


def _graph(model: Any, graph: Any, name: str) -> TfliteGraph:
    tensors = [_tensor(model, graph.Tensors(i), name) for i in range(graph.TensorsLength())]
    operators = [_operator(model, graph.Operators(i)) for i in range(graph.OperatorsLength())]
    places = [*graph.InputsAsNumpy(), *graph.OutputsAsNumpy()]
    for operator in operators:
        places += [*(i for i in operator.inputs if i != _LEFT_OUT), *operator.outputs]
    if not all(0 <= place < len(tensors) for place in places):
        raise EngineError(
            f"{name}: a damaged TFLite file: it names tensors beyond its {len(tensors)}",
            "fetch the file again",
        )
    operators = [operator for operator in operators if not _widened(tensors, operator)]
    return TfliteGraph(
        tuple(tensors),
        tuple(operators),
        tuple(int(i) for i in graph.InputsAsNumpy()),
        tuple(int(i) for i in graph.OutputsAsNumpy()),
    )


def _widened(tensors: list[TfliteTensor], operator: TfliteOperator) -> bool:
    """Whether it only widens a float16 constant; its result is then a float32 constant."""
    if operator.kind != "DEQUANTIZE":
        return False
    values, result = tensors[operator.inputs[0]].data, operator.outputs[0]
    if values is None or values.dtype != np.float16:
        return False
    tensors[result] = replace(tensors[result], data=values.astype(np.float32))
    return True


def _tensor(model: Any, tensor: Any, name: str) -> TfliteTensor:
    label = tensor.Name().decode()
    if tensor.Type() not in _TYPES:
        raise EngineError(f"{name}: the tensor {label} is of type {tensor.Type()}")
    shape = tuple(int(size) for size in tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
    buffer = model.Buffers(tensor.Buffer())
    if not buffer.DataLength():
        return TfliteTensor(label, shape, None)
    values = np.frombuffer(buffer.DataAsNumpy().tobytes(), _TYPES[tensor.Type()]).reshape(shape)
    return TfliteTensor(label, shape, values)


def _operator(model: Any, operator: Any) -> TfliteOperator:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Files of before 2020 hold the number in the deprecated byte only.
    kind = _OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    return TfliteOperator(
        kind,
        tuple(int(i) for i in operator.InputsAsNumpy()),
        tuple(int(i) for i in operator.OutputsAsNumpy()),
        _options(operator),
    )


def _options(operator: Any) -> Any:
    table = operator.BuiltinOptions()
    if table is None:
        return None
    options = getattr(tflite, _OPTIONS[operator.BuiltinOptionsType()])()
    options.Init(table.Bytes, table.Pos)
    return options
