"""Reads TensorFlow's checkpoints (variables.index and one data file) without TensorFlow.

The index is a table of LevelDB's format (github.com/google/leveldb, doc/table_format.md) whose
values are BundleEntryProto messages (tensorflow/core/protobuf/tensor_bundle.proto); the data file
is the tensors' bytes, one after the other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER_BYTES = 48
_CHECKSUM_BYTES = 5
"""Behind each block: how it is compressed, and a checksum. The files' sha256 stands for that."""
_FLOAT = 1
"""DT_FLOAT in tensorflow/core/framework/types.proto."""
_MOST_ENTRIES = 100_000


class TensorBundle:
    """The float tensors of one checkpoint.

    Args:
        index: variables.index.
        data: variables.data-00000-of-00001.
        name: What errors call it.

    Raises:
        EngineError: When the index is damaged, compressed, or of several data files.
    """

    def __init__(self, index: bytes, data: bytes, name: str) -> None:
        self.name = name
        self._data = data
        try:
            self._entries = {
                key.decode(): dict(_fields(value)) for key, value in _table(index) if key
            }
        except (IndexError, ValueError) as error:
            raise EngineError(f"{name}: a damaged checkpoint index: {error}") from error

    def __contains__(self, tensor: str) -> bool:
        return tensor in self._entries

    def take(self, tensor: str, *shape: int | None) -> NDArray[np.float32]:
        """A tensor.

        Args:
            tensor: Its name in the checkpoint.
            *shape: Its sizes; None stands for any.

        Raises:
            EngineError: When there is none, it is of another shape or no float, the data file is
                too short, or a value is not finite.
        """
        entry = self._entries.get(tensor)
        if entry is None:
            raise EngineError(f"{self.name}: the checkpoint has no tensor {tensor}")
        try:
            sizes = _shape(entry.get(2, b""))
        except (IndexError, ValueError) as error:
            raise EngineError(f"{self.name}: the shape of {tensor} is damaged") from error
        if len(sizes) != len(shape) or any(
            wanted not in (None, size) for wanted, size in zip(shape, sizes, strict=True)
        ):
            wanted = tuple("any" if size is None else size for size in shape)
            raise EngineError(f"{self.name}: the tensor {tensor} is {sizes}, must be {wanted}")
        # Protobuf leaves out a number that is 0: the first data file, the first byte.
        kind, shard, offset, length = (entry.get(key, 0) for key in (1, 3, 4, 5))
        if kind != _FLOAT or shard != 0:
            raise EngineError(
                f"{self.name}: the tensor {tensor} is of type {kind!r:.20} in data file "
                f"{shard!r:.20}, can read floats in the first"
            )
        count = math.prod(sizes)
        if (
            not isinstance(offset, int)
            or length != 4 * count
            or offset + 4 * count > len(self._data)
        ):
            raise EngineError(f"{self.name}: the data file does not hold the tensor {tensor}")
        values = np.frombuffer(self._data, "<f4", count, offset)
        if not np.isfinite(values).all():
            raise EngineError(f"{self.name}: the tensor {tensor} has values that are not finite")
        return values.reshape(sizes)


def _table(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a whole table."""
    if len(file) < _FOOTER_BYTES or file[-8:] != _MAGIC:
        raise ValueError("it does not end as a table does")
    footer = file[-_FOOTER_BYTES:]
    _, at = _handle(footer, 0)
    block, _ = _handle(footer, at)
    count = 0
    for _, place in _block(file, block):
        inner, _ = _handle(place, 0)
        for key, value in _block(file, inner):
            count += 1
            if count > _MOST_ENTRIES:
                raise ValueError(f"more than {_MOST_ENTRIES} entries")
            yield key, value


def _block(file: bytes, handle: tuple[int, int]) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block; each key says how much it shares with the one before."""
    start, length = handle
    if start + length + _CHECKSUM_BYTES > len(file):
        raise ValueError("a block is beyond its end")
    if file[start + length]:
        raise ValueError(f"a block is compressed (type {file[start + length]})")
    block = file[start : start + length]
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        added, at = _varint(block, at)
        size, at = _varint(block, at)
        if shared > len(key) or at + added + size > end:
            raise ValueError("an entry is beyond its block")
        key = key[:shared] + block[at : at + added]
        yield key, block[at + added : at + added + size]
        at += added + size


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    start, at = _varint(data, at)
    length, at = _varint(data, at)
    return (start, length), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, and where it ends."""
    value = 0
    for shift in range(0, 64, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number of more than 64 bits")


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of a protobuf message's fields."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            size, at = _varint(message, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"a field of kind {kind}")
        if at + size > len(message):
            raise ValueError("a field is beyond its message")
        yield tag >> 3, message[at : at + size]
        at += size


def _shape(message: int | bytes) -> tuple[int, ...]:
    """Sizes of a TensorShapeProto: field 2 holds a message for each, whose field 1 is the size."""
    if isinstance(message, int):
        raise ValueError("the shape is a number")
    sizes = []
    for number, dimension in _fields(message):
        if number == 2:
            if isinstance(dimension, int):
                raise ValueError("a dimension is a number")
            size = dict(_fields(dimension)).get(1, 0)
            if not isinstance(size, int):
                raise ValueError("a size is no number")
            sizes.append(size)
    return tuple(sizes)
