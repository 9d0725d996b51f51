"""A record as plain values: what JSON can hold, under the names that the record's fields have."""

from __future__ import annotations

import functools
import math
import struct as binary
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.records.fields import Struct

if TYPE_CHECKING:
    from sensorium.records.fields import Placed

COUNTED: dict[str, dict[str, str]] = {
    "governor": {"senses": "count"},
    "health": {"processes": "process_count"},
    "scene": {"targets": "count"},
    "gesture": {"scores": "label_count"},
    "intent": {
        "objects": "object_count",
        "alternatives": "alternative_count",
        "evidence": "evidence_count",
        "words": "evidence_count",
    },
    "emotion": {"scores": "label_count"},
    "objects": {"objects": "count"},
    "image_class": {"guesses": "count"},
    "faces": {"faces": "count"},
    "ranked": {"ids": "count", "scores": "count"},
    "transcript": {"words": "word_count"},
    "command": {"slots": "slot_count"},
}
"""Struct to its arrays of which only the first entries are valid, and the field that says how
many: the others are not told."""

_CODES = {
    "u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i32": "i", "f32": "f", "f64": "d", "char": "s",
}


@dataclass(frozen=True)
class _Plan:
    """How a struct is taken apart.

    Attributes:
        values: Everything that is no struct, by one call.
        single: Name and place in `values` of plain numbers.
        texts: Name and place of texts.
        arrays: Name, first place and place behind the last.
        inner: Name, struct, count and offset of the structs in it.
        counted: Array to the field that says how many entries are valid.
        names: All fields, in order.
    """

    values: binary.Struct
    single: tuple[tuple[str, int], ...]
    texts: tuple[tuple[str, int], ...]
    arrays: tuple[tuple[str, int, int], ...]
    inner: tuple[tuple[str, Struct, int, int], ...]
    counted: tuple[tuple[str, str], ...]
    names: tuple[str, ...]


def to_dict(record: Struct, data: bytes, offset: int = 0) -> dict[str, Any]:
    """A record's fields by name.

    Args:
        record: What the bytes are; padding is left out.
        data: At least the record's size from `offset` on.
        offset: Where it begins.

    Returns:
        Numbers as int and float (also NaN, see `finite`), texts as str (bytes that are no UTF-8
        become U+FFFD), arrays as lists of their valid entries, structs as dicts.
    """
    plan = _plan(record)
    values = plan.values.unpack_from(data, offset)
    found: dict[str, Any] = dict.fromkeys(plan.names)
    for name, at in plan.single:
        found[name] = values[at]
    for name, at in plan.texts:
        found[name] = values[at].split(b"\0", 1)[0].decode("utf-8", "replace")
    for name, first, end in plan.arrays:
        found[name] = list(values[first:end])
    counts = {array: found[count] for array, count in plan.counted}
    for name, struct, count, at in plan.inner:
        start = offset + at
        if count == 1:
            found[name] = to_dict(struct, data, start)
            continue
        valid = min(count, counts.pop(name, count))
        found[name] = [to_dict(struct, data, start + i * struct.size) for i in range(valid)]
    for name, count in counts.items():
        found[name] = found[name][:count]
    return found


def finite(value: Any) -> Any:
    """The same document as JSON can hold it: no number is null, of bytes it says how many."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


@functools.cache
def _plan(struct: Struct) -> _Plan:
    code, behind, place = "<", 0, 0
    single, texts, arrays, inner = [], [], [], []
    for placed in struct.placed:
        field, name = placed.field, placed.field.name
        if name.startswith("_pad"):
            continue
        if isinstance(field.type, Struct):
            inner.append((name, field.type, field.count, placed.offset))
            continue
        code += f"{placed.offset - behind}x{_code(placed)}"
        behind = placed.offset + field.size
        if field.type == "char":
            texts.append((name, place))
            place += 1
        elif field.count == 1:
            single.append((name, place))
            place += 1
        else:
            arrays.append((name, place, place + field.count))
            place += field.count
    return _Plan(
        binary.Struct(code), tuple(single), tuple(texts), tuple(arrays), tuple(inner),
        tuple(COUNTED.get(struct.name, {}).items()),
        tuple(p.field.name for p in struct.placed if not p.field.name.startswith("_pad")),
    )


def _code(placed: Placed) -> str:
    field = placed.field
    assert isinstance(field.type, str)
    return f"{field.count}{_CODES[field.type]}"
