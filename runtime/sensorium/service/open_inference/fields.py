"""Checks of what stands in a request's JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 2**63 - 1
_MAX_CHARS = 1024


def parse(text: bytes | memoryview, remedy: str = "see /openapi.json") -> Any:
    """A JSON text.

    Args:
        text: In UTF-8.
        remedy: Of the problem that it is none.

    Raises:
        Problem: 400; it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(bytes(text), parse_constant=_refuse)
    except RecursionError as error:
        raise Problem(400, "the JSON is nested too deeply") from error
    except ValueError as error:
        # The error's text may quote the request.
        place = f" at byte {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem(400, f"the body is not JSON{place}", remedy) from error


def members(value: Any, where: str) -> dict[str, Any]:
    """An object.

    Raises:
        Problem: 400; it is none.
    """
    if not isinstance(value, dict):
        raise Problem(400, f"{where} must be an object")
    return value


def items(value: Any, where: str) -> list[Any]:
    """A list.

    Raises:
        Problem: 400; it is none.
    """
    if not isinstance(value, list):
        raise Problem(400, f"{where} must be a list")
    return value


def text(value: Any, where: str) -> str:
    """A text of 1 to 1,024 characters.

    Raises:
        Problem: 400; it is none.
    """
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_CHARS:
        raise Problem(400, f"{where} must be a text of 1 to {_MAX_CHARS} characters")
    return value


def whole(value: Any, where: str, least: int = 0, most: int = _MOST) -> int:
    """A whole number; by default one that a signed 64-bit integer holds, and not negative.

    Raises:
        Problem: 400; it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Problem(400, f"{where} must be a whole number from {least} to {most}")
    return value


def flag(source: Mapping[str, Any], name: str, where: str, *, default: bool = False) -> bool:
    """A member that is true or false.

    Raises:
        Problem: 400; it is something else.
    """
    value = source.get(name, default)
    if not isinstance(value, bool):
        raise Problem(400, f"{where}.{name} must be true or false")
    return value


def shown(name: str) -> str:
    """A caller's name in a message: short, and of ASCII alone."""
    return f"{name[:64]!a}"


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")
