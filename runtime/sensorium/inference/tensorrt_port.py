"""An input or output of a plan, held against what the manifest says of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.inference.manifest import Manifest, Tensor


@dataclass(frozen=True)
class Port:
    """A tensor of a plan.

    Attributes:
        name: As in the graph.
        type: A numpy type.
        most: Largest shape.
        varies: Whether there are smaller ones.
    """

    name: str
    type: np.dtype[Any]
    most: tuple[int, ...]
    varies: bool

    @property
    def size(self) -> int:
        """Bytes at most."""
        return math.prod(self.most) * self.type.itemsize


def ports(
    trt: Any, engine: Any, manifest: Manifest, remedy: str
) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """The inputs and the outputs of a deserialised plan, in the manifest's order.

    Args:
        trt: The module that deserialised it.
        engine: The plan.
        manifest: Of the plan.
        remedy: The command that builds it anew.

    Raises:
        EngineError: When they are not those of the manifest.
    """
    names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
    for side, tensors in (("INPUT", manifest.inputs), ("OUTPUT", manifest.outputs)):
        found = [name for name in names if engine.get_tensor_mode(name).name == side]
        said = [tensor.name for tensor in tensors]
        if sorted(found) != sorted(said):
            raise EngineError(
                f"{manifest.name}: the plan has the {side.lower()}s {found}, not {said}", remedy
            )
    made = []
    for tensor in (*manifest.inputs, *manifest.outputs):
        difference = next(_differences(trt, engine, manifest, tensor), "")
        if difference:
            raise EngineError(f"{manifest.name}: {tensor.name} of the plan {difference}", remedy)
        varies = any(isinstance(size, str) for size in tensor.shape)
        made.append(Port(tensor.name, np.dtype(tensor.type), manifest.sizes(tensor), varies))
    return tuple(made[: len(manifest.inputs)]), tuple(made[len(manifest.inputs) :])


def _differences(trt: Any, engine: Any, manifest: Manifest, tensor: Tensor) -> Iterator[str]:
    type_ = np.dtype(trt.nptype(engine.get_tensor_dtype(tensor.name)))
    if type_ != np.dtype(tensor.type):
        yield f"is {type_}, not {tensor.type}"
    shape = tuple(engine.get_tensor_shape(tensor.name))
    said = tuple(size if isinstance(size, int) else -1 for size in tensor.shape)
    # What an output's size is may only be known in a run, where the manifest knows it before.
    if len(shape) != len(said) or any(
        size not in (-1, stated) for size, stated in zip(shape, said, strict=True)
    ):
        yield f"is {shape}, not {said}"
    if -1 in shape and tensor in manifest.inputs:
        least, _, most = (tuple(each) for each in engine.get_tensor_profile_shape(tensor.name, 0))
        wanted = (manifest.sizes(tensor, "min"), manifest.sizes(tensor))
        if any(a > b for a, b in zip(least, wanted[0], strict=True)) or any(
            a < b for a, b in zip(most, wanted[1], strict=True)
        ):
            yield f"takes {least} to {most}, not {wanted[0]} to {wanted[1]}"
