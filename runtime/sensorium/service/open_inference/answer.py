"""The answer to an inference request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.service.open_inference import classification, fields
from sensorium.service.open_inference.datatypes import BYTES, name_of
from sensorium.service.open_inference.message import Wanted
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.manifest import Manifest
    from sensorium.service.models.execution import Ran
    from sensorium.service.open_inference.message import Message, Place

VERSION = "1"
"""Of every engine: there is one at a time."""
MAX_JSON_VALUES = 1 << 20
"""The loop waits for them to become text."""


@dataclass(frozen=True)
class Answer:
    """An encoded answer.

    Attributes:
        header: The JSON.
        parts: The binary data behind it, in order.
    """

    header: bytes
    parts: tuple[memoryview | bytes, ...]


def wanted(message: Message, manifest: Manifest) -> tuple[Wanted, ...]:
    """The outputs that a request asks for.

    Raises:
        Problem: 400; one is unknown or doubled.
    """
    names = [tensor.name for tensor in manifest.outputs]
    if not message.outputs:
        return tuple(Wanted(name, message.binary) for name in names)
    seen: set[str] = set()
    for one in message.outputs:
        if one.name not in names:
            raise Problem(
                400, f"{one.where}: {manifest.name} has no output {fields.shown(one.name)}",
                f"it has {', '.join(names)}",
            )
        if one.name in seen:
            raise Problem(400, f"{one.where}: the output {one.name} was named before")
        seen.add(one.name)
    return message.outputs


def encode(
    message: Message,
    outputs: Sequence[Wanted],
    manifest: Manifest,
    ran: Ran,
    write: Callable[[Place, memoryview, str], None],
) -> Answer:
    """Encodes an answer, and writes what belongs into shared memory.

    Args:
        message: The request.
        outputs: What it asks for; see `wanted`.
        manifest: Of the engine.
        ran: The run's result.
        write: Writes to a place of shared memory; the last argument says where in the request.

    Raises:
        Problem: 400; an output does not fit its place, or JSON has no word for a value.
    """
    described: list[dict[str, Any]] = []
    parts: list[memoryview | bytes] = []
    for one in outputs:
        array = np.ascontiguousarray(ran.outputs[one.name])
        tensor: dict[str, Any] = {
            "name": one.name, "datatype": name_of(array.dtype.name), "shape": list(array.shape)
        }
        if one.classes:
            shape, texts = classification.highest(array, one.classes, manifest.labels)
            tensor |= {"datatype": BYTES, "shape": list(shape)}
            if one.binary:
                parts.append(classification.packed(texts))
            else:
                tensor["data"] = texts
        elif one.place is not None:
            content = _bytes(array)
            write(one.place, content, one.where)
            tensor["parameters"] = {
                "shared_memory_region": one.place.region,
                "shared_memory_offset": one.place.offset,
                "shared_memory_byte_size": len(content),
            }
        elif one.binary:
            parts.append(_bytes(array))
        else:
            tensor["data"] = _numbers(array, one.name)
        if one.binary and one.place is None:
            tensor["parameters"] = {"binary_data_size": len(parts[-1])}
        described.append(tensor)
    header: dict[str, Any] = {
        "model_name": manifest.name,
        "model_version": VERSION,
        "parameters": {
            "precision": ran.precision.name.lower(), "device": ran.device.name.lower(),
            "rows": ran.rows,
        },
        "outputs": described,
    }
    if message.id:
        header["id"] = message.id
    return Answer(json.dumps(header).encode(), tuple(parts))


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _numbers(array: NDArray[Any], name: str) -> list[Any]:
    if array.size > MAX_JSON_VALUES:
        raise Problem(
            400, f"the output {name} has {array.size} values, {MAX_JSON_VALUES} at most as JSON",
            "ask for it with binary_data",
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise Problem(
            400, f"the output {name} has values that JSON has no word for",
            "ask for it with binary_data",
        )
    return list(array.reshape(-1).tolist())
