"""What the schemas of answers are made of (JSON Schema 2020-12, as OpenAPI 3.1 has it)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Schema = dict[str, Any]


def number(about: str = "") -> Schema:
    """Any number."""
    return _of("number", about)


def whole(about: str = "") -> Schema:
    """A whole number."""
    return _of("integer", about)


def text(about: str = "") -> Schema:
    """A text."""
    return _of("string", about)


def truth(about: str = "") -> Schema:
    """True or false."""
    return _of("boolean", about)


def array(items: Schema, about: str = "") -> Schema:
    """A list of any length."""
    return {**_of("array", about), "items": items}


def record(
    properties: Mapping[str, Schema], about: str = "", optional: Collection[str] = ()
) -> Schema:
    """An object with these members, all but the optional ones always there."""
    return {
        **_of("object", about),
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
    }


def _of(kind: str, about: str) -> Schema:
    return {"type": kind, "description": about} if about else {"type": kind}
