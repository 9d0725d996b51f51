"""An input or output of a plan: its type and the shapes that its profile allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.manifest import Manifest


@dataclass(frozen=True)
class Port:
    """A tensor of a plan.

    Attributes:
        name: As in the graph.
        type: A numpy type.
        least: Smallest shape.
        typical: The one that it was tuned for.
        most: Largest shape; for an output that of the largest inputs.
        varies: Whether they differ.
    """

    name: str
    type: np.dtype[Any]
    least: tuple[int, ...]
    typical: tuple[int, ...]
    most: tuple[int, ...]
    varies: bool

    @property
    def size(self) -> int:
        """Bytes at most."""
        return int(np.prod(self.most, dtype=np.int64)) * self.type.itemsize

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether a shape lies in the profile."""
        return len(shape) == len(self.most) and all(
            low <= size <= high
            for low, size, high in zip(self.least, shape, self.most, strict=True)
        )

    def __str__(self) -> str:
        upto = f" to {self.most}" if self.varies else ""
        return f"{self.type} {self.least}{upto}"


def ports(
    trt: Any, engine: Any, manifest: Manifest, remedy: str
) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """The inputs and the outputs of a deserialised plan, in the manifest's order.

    Raises:
        EngineError: When they are not those of the manifest, or an output's size is not known
            before a run.
    """
    found: dict[str, list[str]] = {"INPUT": [], "OUTPUT": []}
    for index in range(engine.num_io_tensors):
        name = engine.get_tensor_name(index)
        found[engine.get_tensor_mode(name).name].append(name)
    sides = (("INPUT", manifest.inputs), ("OUTPUT", manifest.outputs))
    for side, tensors in sides:
        names = [tensor.name for tensor in tensors]
        if sorted(names) != sorted(found[side]):
            raise EngineError(
                f"{manifest.name}: the plan has the {side.lower()}s {found[side]}, not {names}",
                remedy,
            )
    inputs = tuple(_input(trt, engine, tensor.name) for tensor in manifest.inputs)
    outputs = tuple(
        _output(trt, engine, tensor.name, tensor.shape, inputs, manifest.name)
        for tensor in manifest.outputs
    )
    return inputs, outputs


def _input(trt: Any, engine: Any, name: str) -> Port:
    shape = tuple(engine.get_tensor_shape(name))
    least, typical, most = (
        (tuple(each) for each in engine.get_tensor_profile_shape(name, 0))
        if -1 in shape
        else (shape, shape, shape)
    )
    return Port(name, _type(trt, engine, name), least, typical, most, -1 in shape)


def _output(
    trt: Any, engine: Any, name: str, said: Sequence[int], inputs: tuple[Port, ...], model: str
) -> Port:
    """An output that varies is as large as the manifest says, which states the largest shape."""
    shape = tuple(engine.get_tensor_shape(name))
    varies = -1 in shape
    most = tuple(said) if varies else shape
    if any(size < 1 for size in most) or (varies and not any(port.varies for port in inputs)):
        raise EngineError(f"{model}: the size of {name} {shape} is not known before a run")
    return Port(name, _type(trt, engine, name), most, most, most, varies)


def _type(trt: Any, engine: Any, name: str) -> np.dtype[Any]:
    found: np.dtype[Any] = np.dtype(trt.nptype(engine.get_tensor_dtype(name)))
    return found
