"""Reads the binary format of CTranslate2 (`model.bin`), versions 4 to 6, without the library.

The layout, all little endian, is what `python/ctranslate2/specs/model_spec.py` writes and
`src/models/model.cc` reads: version (u32), name of the specification, its revision (u32), count of
variables (u32); for each its name, rank (u8), sizes (u32 each), type (u8), count of bytes (u32) and
the bytes; count of aliases (u32), for each two names. A name is a length with its final zero (u16),
then that many bytes. Versions 1 to 3 held no type; 4, 5 and 6 differ in files beside this one.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

VERSIONS = (4, 5, 6)
_TYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype("<f4"), 1: np.dtype("i1"), 2: np.dtype("<i2"), 3: np.dtype("<i4"),
    4: np.dtype("<f2"),
}
"""Of `ctranslate2::DataType`; bfloat16 (5) has no type in numpy and is refused."""
_LARGEST_RANK = 8
_REMEDY = "fetch the weights again; the card pins their sha256"


@dataclass(frozen=True)
class Ctranslate2Model:
    """What a file holds.

    Attributes:
        label: What errors call it.
        specification: Such as "WhisperSpec".
        revision: Of the specification.
        variables: Name to values as stored; an alias is there as what it stands for.
    """

    label: str
    specification: str
    revision: int
    variables: Mapping[str, NDArray[Any]]

    def scalar(self, name: str) -> int:
        """A whole number, as a count of heads.

        Raises:
            EngineError: When there is none of that name.
        """
        return int(self._variable(name, ()))

    def has(self, name: str) -> bool:
        """Whether there is a variable of a name."""
        return name in self.variables

    def weight(self, name: str, *shape: int) -> NDArray[np.float32]:
        """A float variable in float32.

        Args:
            name: Of the variable.
            shape: What it must have.

        Raises:
            EngineError: When it is missing, of another shape, quantised, or not finite.
        """
        values = self._variable(name, shape)
        if values.dtype.kind != "f":
            raise EngineError(
                f"{self.label}: {name} is {values.dtype}, not float16 or float32",
                "take the model that was converted with float16 or float32",
            )
        made = values.astype(np.float32)
        if not np.isfinite(made).all():
            raise EngineError(f"{self.label}: {name} has values that are not finite", _REMEDY)
        return made

    def _variable(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        values = self.variables.get(name)
        if values is None:
            raise EngineError(f"{self.label}: there is no variable {name}", _REMEDY)
        if values.shape != shape:
            raise EngineError(f"{self.label}: {name} is {values.shape}, must be {shape}", _REMEDY)
        return values


def read(data: bytes, label: str) -> Ctranslate2Model:
    """Reads a whole file.

    Args:
        data: Its bytes.
        label: What errors call it.

    Raises:
        EngineError: When it is another kind of file, of another version, or damaged.
    """
    cursor = _Cursor(data, label)
    version = cursor.number("I", "the version")
    if version not in VERSIONS:
        raise EngineError(
            f"{label}: not a CTranslate2 model of a version that can be read "
            f"({', '.join(map(str, VERSIONS))}): it begins with {version}", _REMEDY,
        )
    specification = cursor.text("the specification's name")
    revision = cursor.number("I", "the revision")
    variables: dict[str, NDArray[Any]] = {}
    for _ in range(cursor.number("I", "the count of variables")):
        name = cursor.text("a variable's name")
        if name in variables:
            raise cursor.damaged(f"{name} stands twice")
        variables[name] = cursor.array(name)
    for _ in range(cursor.number("I", "the count of aliases")):
        alias, name = cursor.text("an alias"), cursor.text("what an alias stands for")
        if name not in variables or alias in variables:
            raise cursor.damaged(f"the alias {alias} for {name} has no meaning")
        variables[alias] = variables[name]
    if cursor.at != len(data):
        raise cursor.damaged(f"{len(data) - cursor.at} bytes follow its end")
    return Ctranslate2Model(label, specification, revision, variables)


class _Cursor:
    """Steps through the bytes; never past their end."""

    def __init__(self, data: bytes, label: str) -> None:
        self.at = 0
        self._data = data
        self._label = label

    def damaged(self, why: str) -> EngineError:
        """The error that says where."""
        return EngineError(
            f"{self._label}: a damaged CTranslate2 model, byte {self.at}: {why}", _REMEDY
        )

    def number(self, kind: str, what: str) -> int:
        """One unsigned number: B, H or I."""
        (value,) = struct.unpack("<" + kind, self._take(struct.calcsize("<" + kind), what))
        return int(value)

    def text(self, what: str) -> str:
        """A name."""
        raw = self._take(self.number("H", what), what)
        try:
            name = raw[:-1].decode("ascii")
        except UnicodeDecodeError as error:
            raise self.damaged(f"{what} is not text") from error
        if raw[-1:] != b"\0" or not name.isprintable():
            raise self.damaged(f"{what} is not text")
        return name

    def array(self, name: str) -> NDArray[Any]:
        """A variable's values; a view of the file's bytes."""
        rank = self.number("B", f"the rank of {name}")
        if rank > _LARGEST_RANK:
            raise self.damaged(f"{name} has rank {rank}")
        shape = tuple(self.number("I", f"the shape of {name}") for _ in range(rank))
        code = self.number("B", f"the type of {name}")
        if code not in _TYPES:
            raise self.damaged(f"{name} has values of the type {code}")
        size = self.number("I", f"the size of {name}")
        if size != math.prod(shape) * _TYPES[code].itemsize:
            raise self.damaged(f"{name} has {size} bytes for the shape {shape}")
        return np.frombuffer(self._take(size, name), _TYPES[code]).reshape(shape)

    def _take(self, size: int, what: str) -> bytes:
        if size > len(self._data) - self.at:
            raise self.damaged(f"it ends within {what}")
        taken = self._data[self.at : self.at + size]
        self.at += size
        return taken
