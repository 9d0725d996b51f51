"""Makes a long reply fit its frame, and says what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.control import frames

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOM_BYTES = frames.MAX_FRAME - 1024
_TEXT_LENGTH = 300


def fitted(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document that fits a frame.

    One that is too long loses the ends of its longest texts, then the last items of its longest
    tables.

    Args:
        document: JSON values; its tables are lists at its top, and dicts in which no list is.

    Returns:
        The document with `left_out`: table to the number of items that are missing.
    """
    fit = dict(document)
    left_out: dict[str, int] = {}
    if _size(fit) > _ROOM_BYTES:
        fit = {name: _shortened(value) for name, value in fit.items()}
    tables = {name: _size(value) for name, value in fit.items() if _is_table(value)}
    total = _size(fit)
    while total > _ROOM_BYTES and any(fit[name] for name in tables):
        longest = max(tables, key=lambda name: tables[name])
        fit[longest] = _without_last(fit[longest])
        total -= tables[longest]
        tables[longest] = _size(fit[longest])
        total += tables[longest]
        left_out[longest] = left_out.get(longest, 0) + 1
    return {**fit, "left_out": left_out}


def _size(value: Any) -> int:
    return len(frames.text_of(value))


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, str) and len(value) > _TEXT_LENGTH:
        return f"{value[:_TEXT_LENGTH]} ..."
    return value


def _is_table(value: Any) -> bool:
    """Whether there may be less of it: what has lists in it is told as a whole."""
    if isinstance(value, dict):
        return not any(isinstance(item, list) for item in value.values())
    return isinstance(value, list)


def _without_last(table: list[Any] | dict[str, Any]) -> list[Any] | dict[str, Any]:
    return table[:-1] if isinstance(table, list) else dict(list(table.items())[:-1])
