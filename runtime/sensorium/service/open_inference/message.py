"""An inference request as it was sent: its JSON, and the binary data behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.service.open_inference import fields
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_JSON_BYTES = 4 << 20
"""Python's objects of a JSON text take up to 27 times its size, and the loop waits for them."""
MAX_TENSORS = 256
MAX_AXES = 16
_US = 1e-6
_LENGTH = re.compile(r"[0-9]{1,19}")
_ALIGNMENT = 16
"""Of Python's bytes."""
_STALE = (
    "it is the JSON's length; tritonclient leaves that of its last binary request in the headers "
    "that it is given: give it new ones"
)


@dataclass(frozen=True)
class Place:
    """Where in shared memory a tensor lies.

    Attributes:
        region: The name under which it was registered.
        offset: In bytes from the region's begin.
        size: In bytes.
    """

    region: str
    offset: int
    size: int


@dataclass(frozen=True)
class Given:
    """An input; its content is one of `data`, `binary` and `place`.

    Attributes:
        name: Of the tensor.
        shape: Sizes, each 0 or more.
        datatype: As the protocol calls it.
        data: From the JSON.
        binary: From behind the JSON.
        place: In shared memory.
        where: Of it, for messages.
    """

    name: str
    shape: tuple[int, ...]
    datatype: str
    data: list[Any] | None
    binary: memoryview | None
    place: Place | None
    where: str


@dataclass(frozen=True)
class Wanted:
    """A requested output.

    Attributes:
        name: Of the tensor.
        binary: Whether it is answered behind the JSON.
        classes: How many of the highest values are answered in its place; 0: all of it.
        place: In shared memory.
        where: Of it, for messages.
    """

    name: str
    binary: bool
    classes: int = 0
    place: Place | None = None
    where: str = ""


@dataclass(frozen=True)
class Message:
    """An inference request.

    Attributes:
        id: To be answered; empty.
        inputs: In order.
        outputs: In order; empty: all.
        binary: Whether outputs that are not named are answered behind the JSON.
        priority: 0: the default; 1: the most urgent.
        timeout_s: How long it may wait; None: the default.
        batch: Whether it may share a run with others.
    """

    id: str
    inputs: tuple[Given, ...]
    outputs: tuple[Wanted, ...]
    binary: bool
    priority: int
    timeout_s: float | None
    batch: bool


def read(content: bytes | memoryview, header: str | None) -> Message:
    """Reads a body.

    Args:
        content: The whole body.
        header: Of Inference-Header-Content-Length: the length of the JSON; None: all is JSON.

    Raises:
        Problem: 400; names the member and what it must be.
    """
    size = len(content)
    if header is not None:
        if not _LENGTH.fullmatch(header):
            raise Problem(400, "Inference-Header-Content-Length must be a number of bytes")
        size = int(header)
        if size > len(content):
            raise Problem(
                400,
                f"Inference-Header-Content-Length is {size}, the body has {len(content)} bytes",
                _STALE,
            )
    if size > MAX_JSON_BYTES:
        raise Problem(
            413, f"the JSON has {size} bytes, {MAX_JSON_BYTES} at most",
            "send large tensors as binary data or in shared memory",
        )
    remedy = "send an object; see /openapi.json"
    if header is not None:
        remedy = f"check Inference-Header-Content-Length: {_STALE}"
    whole = fields.members(fields.parse(memoryview(content)[:size], remedy), "the body")
    parameters = _parameters(whole, "")
    if parameters.get("sequence_id"):
        raise Problem(
            400, "parameters.sequence_id: there are no sequences",
            "engines keep no state: send it as an input",
        )
    binary = fields.flag(parameters, "binary_data_output", "parameters")
    timeout_us = fields.whole(parameters.get("timeout", 0), "parameters.timeout")
    return Message(
        fields.text(whole["id"], "id") if whole.get("id") else "",
        _inputs(whole, memoryview(content)[size:]),
        tuple(
            _wanted(item, f"outputs[{index}]", binary=binary)
            for index, item in enumerate(_tensors(whole.get("outputs", []), "outputs"))
        ),
        binary,
        fields.whole(parameters.get("priority", 0), "parameters.priority"),
        timeout_us * _US if timeout_us else None,
        fields.flag(parameters, "batch", "parameters", default=True),
    )


def padding(header: str | None) -> int:
    """How many bytes before a body let its binary data begin where any number may lie.

    Args:
        header: See `read`.
    """
    if header is None or not _LENGTH.fullmatch(header):
        return 0
    return -int(header) % _ALIGNMENT


def _inputs(whole: Mapping[str, Any], rest: memoryview) -> tuple[Given, ...]:
    if "inputs" not in whole:
        raise Problem(400, "inputs is missing", "name every input of the engine")
    given, end = [], 0
    for index, item in enumerate(_tensors(whole["inputs"], "inputs")):
        one, end = _given(item, f"inputs[{index}]", rest, end)
        given.append(one)
    if end != len(rest):
        raise Problem(
            400, f"{len(rest)} bytes of binary data came, the inputs' binary_data_size make {end}",
            "check binary_data_size and Inference-Header-Content-Length",
        )
    return tuple(given)


def _given(item: Any, where: str, rest: memoryview, begin: int) -> tuple[Given, int]:
    tensor = fields.members(item, where)
    parameters = _parameters(tensor, f"{where}.")
    sizes = fields.items(tensor.get("shape"), f"{where}.shape")
    if len(sizes) > MAX_AXES:
        raise Problem(400, f"{where}.shape has {len(sizes)} sizes, {MAX_AXES} at most")
    shape = tuple(fields.whole(size, f"{where}.shape") for size in sizes)
    data, binary, end = tensor.get("data"), None, begin
    if data is not None:
        fields.items(data, f"{where}.data")
    if "binary_data_size" in parameters:
        name = f"{where}.parameters.binary_data_size"
        end = begin + fields.whole(parameters["binary_data_size"], name)
        if end > len(rest):
            raise Problem(400, f"{name}: {len(rest) - begin} bytes are left of the body")
        binary = rest[begin:end]
    place = _place(parameters, where)
    if sum(content is not None for content in (data, binary, place)) != 1:
        raise Problem(
            400, f"{where} must have one of data, binary_data_size and shared_memory_region"
        )
    name = fields.text(tensor.get("name"), f"{where}.name")
    datatype = fields.text(tensor.get("datatype"), f"{where}.datatype")
    return Given(name, shape, datatype, data, binary, place, where), end


def _wanted(item: Any, where: str, *, binary: bool) -> Wanted:
    tensor = fields.members(item, where)
    parameters = _parameters(tensor, f"{where}.")
    place = _place(parameters, where)
    classes = fields.whole(
        parameters.get("classification", 0), f"{where}.parameters.classification"
    )
    if place is not None and classes:
        raise Problem(400, f"{where}: a classification is not answered in shared memory")
    return Wanted(
        fields.text(tensor.get("name"), f"{where}.name"),
        fields.flag(parameters, "binary_data", f"{where}.parameters", default=binary),
        classes,
        place,
        where,
    )


def _place(parameters: Mapping[str, Any], where: str) -> Place | None:
    names = ("shared_memory_region", "shared_memory_byte_size")
    there = [name in parameters for name in names]
    if not any(there):
        return None
    if not all(there):
        raise Problem(400, f"{where}.parameters must have both {' and '.join(names)}")
    begin = f"{where}.parameters"
    return Place(
        fields.text(parameters[names[0]], f"{begin}.{names[0]}"),
        fields.whole(parameters.get("shared_memory_offset", 0), f"{begin}.shared_memory_offset"),
        fields.whole(parameters[names[1]], f"{begin}.{names[1]}"),
    )


def _tensors(value: Any, where: str) -> list[Any]:
    tensors = fields.items(value, where)
    if len(tensors) > MAX_TENSORS:
        raise Problem(400, f"{where} has {len(tensors)} tensors, {MAX_TENSORS} at most")
    return tensors


def _parameters(tensor: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return fields.members(tensor.get("parameters", {}), f"{prefix}parameters")
