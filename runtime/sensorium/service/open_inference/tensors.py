"""A request's inputs as arrays: checked against the engine before anything is allocated."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.service.open_inference import fields
from sensorium.service.open_inference.datatypes import name_of
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.manifest import Manifest, Tensor
    from sensorium.service.open_inference.message import Given, Place

_NUMBERS: dict[str, set[type]] = {"b": {bool}, "i": {int}, "u": {int}, "f": {int, float}}
"""Kind of a numpy type to what may stand for it in JSON."""
_WORDS: dict[type, str] = {
    str: "texts", bool: "true and false", float: "fractions", int: "numbers", list: "lists in it",
    dict: "objects", type(None): "null",
}


def feeds(
    given: Sequence[Given],
    manifest: Manifest,
    read: Callable[[Place, str], memoryview],
) -> dict[str, NDArray[Any]]:
    """Inputs by name.

    Args:
        given: The request's.
        manifest: Of the engine.
        read: Copies a place of shared memory; the second argument says where in the request.

    Raises:
        Problem: 400; one is missing, doubled or unknown, or its type, shape or size is wrong.
    """
    known = {tensor.name: tensor for tensor in manifest.inputs}
    found: dict[str, NDArray[Any]] = {}
    sizes: dict[str, int] = {}
    for one in given:
        tensor = known.get(one.name)
        if tensor is None:
            raise Problem(
                400, f"{one.where}: {manifest.name} has no input {fields.shown(one.name)}",
                f"it has {', '.join(known)}",
            )
        if one.name in found:
            raise Problem(400, f"{one.where}: the input {one.name} was given before")
        _check(one, tensor, manifest, sizes)
        found[one.name] = _array(one, np.dtype(tensor.type), read)
    missing = known.keys() - found.keys()
    if missing:
        raise Problem(
            400, f"{manifest.name}: inputs are missing: {', '.join(sorted(missing))}",
            f"GET /v2/models/{manifest.name} lists them",
        )
    return found


def _check(one: Given, tensor: Tensor, manifest: Manifest, sizes: dict[str, int]) -> None:
    datatype = name_of(tensor.type)
    if one.datatype != datatype:
        raise Problem(
            400, f"{one.where}.datatype: {tensor.name} is {datatype}, "
            f"not {fields.shown(one.datatype)}",
        )
    fits = len(one.shape) == len(tensor.shape)
    for size, stated in zip(one.shape, tensor.shape, strict=False):
        if isinstance(stated, int):
            fits = fits and size == stated
        else:
            range_ = manifest.axes[stated]
            fits = fits and range_.min <= size <= range_.max
            fits = fits and sizes.setdefault(stated, size) == size
    if not fits:
        raise Problem(
            400, f"{one.where}.shape: {tensor.name} must be {_stated(tensor, manifest)}",
            "a size that stands in several inputs must be the same in all",
        )


def _stated(tensor: Tensor, manifest: Manifest) -> str:
    words = [
        str(size)
        if isinstance(size, int)
        else f"{size} of {manifest.axes[size].min} to {manifest.axes[size].max}"
        for size in tensor.shape
    ]
    return f"[{', '.join(words)}]"


def _array(
    one: Given, type_: np.dtype[Any], read: Callable[[Place, str], memoryview]
) -> NDArray[Any]:
    if one.data is not None:
        return _from_json(one.data, one, type_)
    needed = math.prod(one.shape) * type_.itemsize
    size = one.place.size if one.place is not None else len(one.binary or b"")
    if size != needed:
        raise Problem(
            400, f"{one.where}: {size} bytes, {list(one.shape)} of {one.datatype} are {needed}"
        )
    content = read(one.place, one.where) if one.place is not None else one.binary
    array = np.frombuffer(content or b"", type_.newbyteorder("<")).reshape(one.shape)
    # Behind a JSON of any length, so anywhere: kernels may expect numbers where numbers belong.
    aligned: NDArray[Any] = np.require(array, type_, "A")
    if type_.kind == "b" and aligned.size and aligned.view(np.uint8).max() > 1:
        raise Problem(400, f"{one.where}: a BOOL is a byte of 0 or 1")
    return aligned


def _from_json(data: list[Any], one: Given, type_: np.dtype[Any]) -> NDArray[Any]:
    where, flat = f"{one.where}.data", data
    if data and isinstance(data[0], list):
        flat = [data]
        for size in one.shape:
            if set(map(type, flat)) != {list} or set(map(len, flat)) != {size}:
                raise _ragged(one)
            flat = list(chain.from_iterable(flat))
    if len(flat) != math.prod(one.shape):
        raise _ragged(one)
    odd: set[type] = set(map(type, flat)) - _NUMBERS[type_.kind]
    if odd:
        raise Problem(400, f"{where}: {one.datatype} has no {_WORDS.get(odd.pop(), 'such value')}")
    try:
        if type_.kind != "f":
            return np.array(flat, type_).reshape(one.shape)
        wide = np.array(flat, np.float64)
    except OverflowError as error:
        raise Problem(400, f"{where}: a number is beyond {one.datatype}") from error
    if wide.size and not np.abs(wide).max() <= np.finfo(type_).max:
        raise Problem(400, f"{where}: a number is beyond {one.datatype}")
    return wide.astype(type_).reshape(one.shape)


def _ragged(one: Given) -> Problem:
    return Problem(
        400, f"{one.where}.data does not have the shape {list(one.shape)}",
        "flat in row-major order, or nested as the shape says",
    )
