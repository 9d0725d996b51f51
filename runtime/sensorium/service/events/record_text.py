"""A record as JSON, whole or the fields that a client wants, by one formatting of its values.

To build dicts and to look for each number's shortest digits costs several times as much.
"""

from __future__ import annotations

import functools
import json
import re
import struct as binary
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from sensorium import records
from sensorium.records.fields import Struct
from sensorium.records.plain import COUNTED, finite, to_dict

if TYPE_CHECKING:
    from sensorium.records.fields import Field, Record

Only = frozenset[tuple[str, ...]] | None
"""Paths of the fields that are wanted, the path of a struct for all of it; None: every field."""

_FORMATS = {
    "u8": ("B", "%d"), "u16": ("H", "%d"), "u32": ("I", "%d"), "u64": ("Q", "%d"),
    "i32": ("i", "%d"), "f32": ("f", "%.9g"), "f64": ("d", "%.17g"), "char": ("s", "%s"),
}
"""Codes of `struct` and of formatting; so many digits give back the same number (IEEE 754)."""
_NO_NUMBER = re.compile(r"(?<=[:\[,])-?(?:nan|inf)(?=[,\]}])")


@dataclass(frozen=True)
class _Plan:
    """How a record becomes a text.

    Attributes:
        values: Takes the wanted values from its bytes.
        form: What they are put into.
        texts: Places of those that are texts.
    """

    values: binary.Struct
    form: str
    texts: tuple[int, ...]


def text_of(record: Record, data: bytes, only: Only = None) -> str:
    """One object on one line; numbers that JSON does not have are null.

    Args:
        record: What the bytes are; padding is left out.
        data: At least the record's size.
        only: What of it is wanted.
    """
    plan = _plan(record.id, only)
    if plan is None:
        return _text_of_dict(record, data, only)
    values = plan.values.unpack_from(data)
    if plan.texts:
        told: list[Any] = list(values)
        for at in plan.texts:
            told[at] = encode_basestring(told[at].split(b"\0", 1)[0].decode("utf-8", "replace"))
        values = tuple(told)
    text = plan.form % values
    if "nan" in text or "inf" in text:
        # What stands in a text of its own is no number.
        return _text_of_dict(record, data, only) if plan.texts else _NO_NUMBER.sub("null", text)
    return text


def _text_of_dict(record: Record, data: bytes, only: Only) -> str:
    plain = finite(to_dict(record, data))
    return json.dumps(_chosen(plain, only), ensure_ascii=False, separators=(",", ":"))


def _chosen(value: Any, only: Only) -> Any:
    if only is None:
        return value
    if isinstance(value, list):
        return [_chosen(one, only) for one in value]
    chosen = ((name, _within(only, name)) for name in value)
    return {name: _chosen(value[name], inner) for name, inner in chosen if inner != frozenset()}


def _within(only: Only, name: str) -> Only:
    """What of a field is wanted; an empty set: nothing."""
    if only is None:
        return None
    inner = frozenset(path[1:] for path in only if path[0] == name)
    return None if () in inner else inner


@functools.lru_cache(256)
def _plan(record_id: int, only: Only) -> _Plan | None:
    """None where what is told depends on how many entries are valid.

    A record's description is no key: it takes as long to hash as all the rest.
    """
    made = _Making()
    try:
        form = made.struct(records.BY_ID[record_id], only, 0)
    except _CountedError:
        return None
    return _Plan(binary.Struct(made.codes), form, tuple(made.texts))


class _CountedError(Exception):
    """Of an array only the first entries are valid."""


class _Making:
    """Goes through a record's fields in the order of their bytes."""

    def __init__(self) -> None:
        self.codes = "<"
        self.texts: list[int] = []
        self._behind = 0
        self._count = 0

    def struct(self, struct: Struct, only: Only, offset: int) -> str:
        """The form of a struct's object."""
        members = []
        counted = COUNTED.get(struct.name, {})
        for placed in struct.placed:
            field = placed.field
            inner = _within(only, field.name)
            if field.name.startswith("_pad") or inner == frozenset():
                continue
            if field.name in counted:
                raise _CountedError
            members.append(f'"{field.name}":{self._field(field, inner, offset + placed.offset)}')
        return f"{{{','.join(members)}}}"

    def _field(self, field: Field, only: Only, offset: int) -> str:
        kind = field.type
        if isinstance(kind, Struct):
            entries = [
                self.struct(kind, only, offset + i * kind.size) for i in range(field.count)
            ]
            return entries[0] if field.count == 1 else f"[{','.join(entries)}]"
        code, form = _FORMATS[kind]
        self.codes += f"{offset - self._behind}x{field.count}{code}"
        self._behind = offset + field.size
        if kind == "char":
            self.texts.append(self._count)
            self._count += 1
            return form
        self._count += field.count
        return form if field.count == 1 else f"[{','.join([form] * field.count)}]"
