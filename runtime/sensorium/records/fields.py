"""What a record is made of: scalars, texts and structs at fixed offsets, little endian.

The offsets follow C's natural alignment and every gap is a field of its own, so that one
description gives the same bytes as a C struct, a numpy dtype, a C# layout and a CDR message.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

SCALARS: dict[str, tuple[str, int]] = {
    "u8": ("<u1", 1),
    "u16": ("<u2", 2),
    "u32": ("<u4", 4),
    "u64": ("<u8", 8),
    "i32": ("<i4", 4),
    "f32": ("<f4", 4),
    "f64": ("<f8", 8),
    "char": ("S", 1),
}
"""Scalar name to (numpy code, size in bytes). `char` is UTF-8 text, padded with NUL bytes."""

ALIGNMENT = 64
"""Every record's size is a multiple of this many bytes: a cache line."""


@dataclass(frozen=True)
class Field:
    """One member of a struct.

    Attributes:
        name: In snake_case; the C and numpy name (C# makes PascalCase of it).
        type: A key of `SCALARS`, or a `Struct`.
        count: 1 for a plain member, more for a fixed array. For `char` the bytes of the text,
            its closing NUL included.
        doc: Meaning, unit and range.
    """

    name: str
    type: FieldType
    count: int
    doc: str

    @property
    def item_size(self) -> int:
        """Bytes of one element."""
        return self.type.size if isinstance(self.type, Struct) else SCALARS[self.type][1]

    @property
    def alignment(self) -> int:
        """Bytes that the member is aligned to."""
        return self.type.alignment if isinstance(self.type, Struct) else self.item_size

    @property
    def size(self) -> int:
        """Bytes of the whole member."""
        return self.item_size * self.count


@dataclass(frozen=True)
class Placed:
    """A field at its offset in bytes from the start of its struct."""

    field: Field
    offset: int


@dataclass(frozen=True)
class Struct:
    """A named group of fields at natural alignment, padded to its own alignment."""

    name: str
    fields: tuple[Field, ...]
    doc: str

    @cached_property
    def alignment(self) -> int:
        """The largest alignment of its members, in bytes."""
        return max(field.alignment for field in self.fields)

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """Every field with its offset; each gap appears as a `u8` array named `_padN`."""
        return tuple(_place(self.fields, self.alignment))

    @cached_property
    def size(self) -> int:
        """Bytes, trailing padding included."""
        last = self.placed[-1]
        return last.offset + last.field.size

    @cached_property
    def dtype(self) -> np.dtype[np.void]:
        """The numpy structured type with the same bytes."""
        return _dtype(self.placed, self.size)


@dataclass(frozen=True)
class Record(Struct):
    """A struct that a channel carries.

    Attributes:
        id: Never reused.
        major: Readers accept the same major only.
        minor: Grows by one when fields are appended.
    """

    id: int = 0
    major: int = 1
    minor: int = 0

    @cached_property
    def alignment(self) -> int:
        """A cache line, so that a record's size is a multiple of it."""
        return ALIGNMENT

    @cached_property
    def blank(self) -> bytes:
        """The bytes of a zeroed record: what is published where there is nothing to give."""
        return bytes(self.size)

    def zeros(self) -> np.ndarray[tuple[int], np.dtype[np.void]]:
        """Returns one zeroed record as a numpy array of shape (1,) to fill and publish."""
        return np.zeros(1, self.dtype)


FieldType: TypeAlias = "str | Struct"


def scalar(name: str, type_: str, doc: str) -> Field:
    """One scalar member."""
    return Field(name, type_, 1, doc)


def array(name: str, type_: str | Struct, count: int, doc: str) -> Field:
    """A fixed array of scalars or structs."""
    return Field(name, type_, count, doc)


def text(name: str, size: int, doc: str) -> Field:
    """UTF-8 text of at most `size` - 1 bytes, padded with NUL."""
    return Field(name, "char", size, doc)


def encode_text(value: str, size: int) -> tuple[bytes, bool]:
    """Encodes a text for a `char` field, never cut inside a code point.

    Args:
        value: The text.
        size: The field's bytes; one is kept for the closing NUL.

    Returns:
        The bytes (at most `size` - 1) and whether something was cut.
    """
    data = value.encode()
    if len(data) < size:
        return data, False
    return data[: size - 1].decode(errors="ignore").encode(), True


def _place(fields: tuple[Field, ...], alignment: int) -> Iterator[Placed]:
    offset = 0
    pads = 0
    for field in fields:
        gap = -offset % field.alignment
        if gap:
            yield Placed(Field(f"_pad{pads}", "u8", gap, "padding"), offset)
            pads += 1
        yield Placed(field, offset + gap)
        offset += gap + field.size
    tail = -offset % alignment
    if tail:
        yield Placed(Field(f"_pad{pads}", "u8", tail, "padding"), offset)


def _dtype(placed: tuple[Placed, ...], size: int) -> np.dtype[np.void]:
    names: list[str] = []
    formats: list[object] = []
    offsets: list[int] = []
    for item in placed:
        field = item.field
        if field.name.startswith("_pad"):
            continue
        names.append(field.name)
        offsets.append(item.offset)
        if isinstance(field.type, Struct):
            inner = field.type.dtype
            formats.append((inner, (field.count,)) if field.count > 1 else inner)
        elif field.type == "char":
            formats.append(f"S{field.count}")
        elif field.count > 1:
            formats.append((SCALARS[field.type][0], (field.count,)))
        else:
            formats.append(SCALARS[field.type][0])
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})
