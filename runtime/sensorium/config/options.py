"""Decodes a TOML table into a frozen dataclass: every key, type and range is checked.

A field's metadata may hold `doc` (what it is), `min` and `max` (inclusive; of a list or a table of
names, of each element) and `choices` (the values allowed).
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensorium.config.source import Place, Source

Options = TypeVar("Options")

_WORDS = {
    bool: ("true or false", "true or false"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    str: ("text in quotes", "texts in quotes"),
    Path: ("a path in quotes", "paths in quotes"),
    datetime: ("a time with its zone, as 2026-11-22T08:00:00Z", "times with their zone"),
    int | str: ("a whole number or text in quotes", "whole numbers or texts in quotes"),
}


def decode(
    options: type[Options], table: Mapping[str, Any], source: Source, place: Place
) -> Options:
    """Makes an `options` from a table; what the table lacks keeps its default.

    A field may be a bool, int, float (a whole number is accepted), str, Path (resolved against
    the file's folder), datetime, a `tuple[X, ...]` of these (an array in the file; also of
    `int | str`), a `dict[str, X]` (a table of its own, whose keys are any names), or `X | None`.

    What only several keys together can break, `__post_init__` refuses with a ValueError.

    Args:
        options: A dataclass.
        table: As parsed from TOML.
        source: The file that it came from.
        place: Where the table stands in it.

    Raises:
        ConfigError: Names file, line and key of an unknown or missing key, a wrong type or a
            value out of range, and says what is allowed.
    """
    fields = {field.name: field for field in dataclasses.fields(_dataclass(options))}
    kinds = get_type_hints(options, localns={"Path": Path, "datetime": datetime})
    check_names(table, fields, "key", source, place)
    values = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _value(table[name], kinds[name], field, source, (*place, name))
        elif field.default is field.default_factory is dataclasses.MISSING:
            raise source.error(place, f"the key {name} is missing", _allowed(kinds[name], field))
    try:
        return options(**values)
    except ValueError as error:
        raise source.error(place, str(error)) from error


def check_names(
    given: Iterable[str], known: Iterable[str], what: str, source: Source, place: Place
) -> None:
    """Refuses a name that is not known, with the nearest that is.

    Args:
        given: The names in the file.
        known: The names that exist.
        what: What such a name is called: key, sensor, sense, table.
        source: The file.
        place: The table that holds the names.

    Raises:
        ConfigError: For the first unknown name.
    """
    allowed = sorted(known)
    for name in given:
        if name not in allowed:
            near = difflib.get_close_matches(name, allowed, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            listed = ", ".join(allowed) or "none"
            raise source.error(
                (*place, name), f"there is no such {what}", f"{hint}allowed: {listed}"
            )


def _dataclass(options: type[Any]) -> Any:
    if not dataclasses.is_dataclass(options):
        raise TypeError(f"{options.__name__} is not a dataclass")
    return options


def _value(
    value: Any, kind: Any, field: dataclasses.Field[Any], source: Source, place: Place
) -> Any:
    if get_origin(kind) is dict:
        kind = get_args(kind)[1]
        allowed = _allowed(kind, field)
        if not isinstance(value, dict):
            raise source.error(
                place, f"{_shown(value)} is not a table",
                f"write [{'.'.join(map(str, place))}] and below it NAME = {allowed}",
            )
        return {
            name: _single(item, kind, field, source, (*place, name), f"allowed: {allowed}")
            for name, item in value.items()
        }
    kind, is_list = _shape(kind)
    allowed = f"allowed: {_allowed(kind, field, is_list)}"
    if is_list:
        if not isinstance(value, list):
            raise source.error(place, f"{_shown(value)} is not a list", allowed)
        return tuple(_single(item, kind, field, source, place, allowed) for item in value)
    return _single(value, kind, field, source, place, allowed)


def _single(
    value: Any,
    kind: Any,
    field: dataclasses.Field[Any],
    source: Source,
    place: Place,
    allowed: str,
) -> Any:
    if kind is float and type(value) is int:
        value = float(value)
    wanted = (int, str) if kind == int | str else (str if kind is Path else kind,)
    if type(value) not in wanted:
        raise source.error(place, f"{_shown(value)} is of the wrong type", allowed)
    low, high = field.metadata.get("min"), field.metadata.get("max")
    choices = field.metadata.get("choices")
    if (
        (isinstance(value, float) and not math.isfinite(value))
        or (isinstance(value, datetime) and value.tzinfo is None)
        or (low is not None and type(value) is not str and value < low)
        or (high is not None and type(value) is not str and value > high)
        or (choices is not None and value not in choices)
    ):
        raise source.error(place, f"{_shown(value)} is not allowed", allowed)
    if kind is Path:
        return source.path.parent / Path(str(value)).expanduser()
    return value


def _shape(kind: Any) -> tuple[Any, bool]:
    """The plain type under `X | None` and `tuple[X, ...]`, and whether it is a list."""
    if get_origin(kind) in (Union, types.UnionType) and type(None) in get_args(kind):
        (kind,) = (part for part in get_args(kind) if part is not types.NoneType)
    if get_origin(kind) is tuple:
        return get_args(kind)[0], True
    return kind, False


def _allowed(kind: Any, field: dataclasses.Field[Any], is_list: bool = False) -> str:
    kind, nested = _shape(kind)
    is_list = is_list or nested
    words = f"a list of {_WORDS[kind][1]}" if is_list else _WORDS[kind][0]
    low, high = field.metadata.get("min"), field.metadata.get("max")
    if "choices" in field.metadata:
        words += ", one of " + ", ".join(_shown(choice) for choice in field.metadata["choices"])
    elif low is not None and high is not None:
        words += f", {low} to {high}"
    elif low is not None:
        words += f", at least {low}"
    elif high is not None:
        words += f", at most {high}"
    return words


def _shown(value: Any) -> str:
    """A value as TOML writes it, cut to 60 characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
