"""Reads the tensors of a PyTorch file (.pt, .pth) without PyTorch, and runs nothing of it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.convert import pickle_data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sensorium_tools.convert.pickle_data import Name

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
"""First two pickles of the format before 1.6 (torch/serialization.py)."""
_TYPES: dict[str, np.dtype[Any]] = {
    "torch.DoubleStorage": np.dtype("<f8"),
    "torch.FloatStorage": np.dtype("<f4"),
    "torch.HalfStorage": np.dtype("<f2"),
    "torch.LongStorage": np.dtype("<i8"),
    "torch.IntStorage": np.dtype("<i4"),
}
_MAX_DIMENSIONS = 8


@dataclass(frozen=True)
class _Storage:
    key: str
    type: np.dtype[Any]


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """The tensors of a file by their names; those of a dict in a dict have a point between.

    Args:
        data: Of the file, in today's format (a zip) or that before PyTorch 1.6.
        name: What errors call it.

    Raises:
        EngineError: When it is no such file, is damaged, or names any class or function but the
            few that tensors need. Nothing is ever called.
    """
    content, storages = (_zipped if data[:2] == b"PK" else _legacy)(data, name)
    found: dict[str, NDArray[Any]] = {}
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", content)]
    while waiting:
        prefix, value = waiting.pop()
        if isinstance(value, _Tensor):
            found[prefix] = _array(value, storages, f"{name}: {prefix}")
        elif isinstance(value, dict) and id(value) not in seen:
            seen.add(id(value))
            waiting += [(f"{prefix}.{key}" if prefix else str(key), value[key]) for key in value]
    return found


def _legacy(data: bytes, name: str) -> tuple[Any, Mapping[str, bytes]]:
    """Five pickles (magic, protocol, system, content, keys), then each key's count and bytes."""
    file = io.BytesIO(data)
    read_next: Callable[[], Any] = partial(
        pickle_data.read, file, name, partial(_build, name), partial(_stored, name)
    )
    first = data[:1] == b"\x80" and read_next()
    if first != _MAGIC or read_next() != _PROTOCOL:
        raise EngineError(f"{name}: not a PyTorch file", "check that it is a .pt or .pth file")
    system = read_next()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise EngineError(f"{name}: not written by a little-endian machine")
    content, keys = read_next(), read_next()
    if not isinstance(keys, list):
        raise EngineError(f"{name}: a damaged PyTorch file: its storages are not listed")
    sizes = {storage.key: storage.type.itemsize for storage in _storages(content)}
    storages: dict[str, bytes] = {}
    for key in keys:
        count = int.from_bytes(file.read(8), "little")
        size = count * sizes.get(key, 0) if isinstance(key, str) else 0
        storages[key] = file.read(size) if 0 < size <= len(data) else b""
        if not size or len(storages[key]) != size:
            raise EngineError(
                f"{name}: ends within the storage {str(key)[:40]}, or lists one that is not used",
                "fetch the file again",
            )
    return content, storages


def _zipped(data: bytes, name: str) -> tuple[Any, Mapping[str, bytes]]:
    """One folder with `data.pkl` and each key's bytes in `data/`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = {entry.filename.partition("/")[2]: entry for entry in archive.infolist()}
            if "data.pkl" not in entries:
                raise EngineError(f"{name}: not a PyTorch file", "check that it is one")
            total = sum(entry.file_size for entry in entries.values())
            if any(entry.compress_type for entry in entries.values()) or total > len(data):
                raise EngineError(f"{name}: a compressed zip, as PyTorch writes none")
            if "byteorder" in entries and archive.read(entries["byteorder"]) != b"little":
                raise EngineError(f"{name}: not written by a little-endian machine")
            content = pickle_data.read(
                io.BytesIO(archive.read(entries["data.pkl"])),
                name,
                partial(_build, name),
                partial(_stored, name),
            )
            return content, {
                storage.key: archive.read(entries[f"data/{storage.key}"])
                for storage in _storages(content)
            }
    except (
        KeyError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError,
        ValueError,
    ) as error:
        raise EngineError(
            f"{name}: a damaged PyTorch file: {str(error)[:200]}", "fetch the file again"
        ) from error


def _build(where: str, name: Name, arguments: tuple[Any, ...]) -> Any:
    if name.text == "collections.OrderedDict" and not arguments:
        return {}
    if name.text == "torch._utils._rebuild_parameter" and isinstance(arguments[0], _Tensor):
        return arguments[0]
    if name.text == "torch._utils._rebuild_tensor_v2":
        storage, offset, shape, strides = arguments[:4]
        numbers = (offset, *shape, *strides)
        if (
            isinstance(storage, _Storage)
            and all(isinstance(number, int) and number >= 0 for number in numbers)
            and len(shape) == len(strides) <= _MAX_DIMENSIONS
        ):
            return _Tensor(storage, offset, shape, strides)
        raise ValueError("a tensor without a storage or sizes")
    raise pickle_data.refused(where, name.text)


def _stored(where: str, value: Any) -> _Storage:
    kind, type_name, key = value[:3]
    if kind != "storage" or not isinstance(key, str):
        raise ValueError("a storage without a key")
    text = type_name.text if isinstance(type_name, pickle_data.Name) else str(type_name)[:80]
    if text not in _TYPES:
        raise pickle_data.refused(where, text)
    return _Storage(key, _TYPES[text])


def _storages(content: Any) -> set[_Storage]:
    """All storages that tensors in dicts, lists and tuples use."""
    found: set[_Storage] = set()
    seen: set[int] = set()
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, _Tensor):
            found.add(value.storage)
        elif isinstance(value, dict | list | tuple) and id(value) not in seen:
            seen.add(id(value))
            waiting += value.values() if isinstance(value, dict) else value
    return found


def _array(tensor: _Tensor, storages: Mapping[str, bytes], where: str) -> NDArray[Any]:
    data = storages.get(tensor.storage.key, b"")
    size = tensor.storage.type.itemsize
    flat = np.frombuffer(data[: len(data) - len(data) % size], tensor.storage.type)
    count = 1
    for length in tensor.shape:
        count *= length
    last = tensor.offset + sum(
        (length - 1) * stride
        for length, stride in zip(tensor.shape, tensor.strides, strict=True)
    )
    if not 0 < count <= len(flat) or last >= len(flat):
        raise EngineError(
            f"{where}: {tensor.shape} does not fit into {len(flat)} numbers", "fetch the file again"
        )
    strides = [stride * size for stride in tensor.strides]
    view = np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, strides)
    return np.array(view)
