"""The requests of the control socket, checked once where they come in."""

from __future__ import annotations

import difflib
from typing import Any

from sensorium.control.frames import decode
from sensorium.control.replies import BAD_REQUEST, Refused

Fields = dict[str, type]

REQUIRED: dict[str, Fields] = {
    "hello": {"app": str, "client": str, "layout_major": int, "layout_minor": int},
    "open": {"region": str},
    "status": {},
    "grants": {},
    "grant": {"action": str, "app": str, "classes": str},
    "mute": {"on": bool},
    "reload": {},
    "recording": {"on": bool, "classes": str, "bytes": int},
    "stop": {},
}
"""Operation to the fields that it must have, with their types; what is more is passed on."""

OPTIONAL: dict[str, Fields] = {"grant": {"executable": str, "until": str}}

OWNER = frozenset(REQUIRED) - {"hello", "open"}
"""Operations of the PC's owner: they need no `hello`."""

NAME_LENGTH = 64
"""Longest name of an app, in characters."""


def parse(body: bytes) -> dict[str, Any]:
    """A request that has a known operation, and its fields with their types.

    Raises:
        ControlError: When the body is not a JSON object.
        Refused: BAD_REQUEST, with what is allowed.
    """
    request = decode(body)
    operation = request.get("op")
    if not isinstance(operation, str) or operation not in REQUIRED:
        near = difflib.get_close_matches(str(operation), REQUIRED, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise _bad(f"no such operation: {operation!r:.80}", f"{hint}known: {', '.join(REQUIRED)}")
    for name, value in request.items():
        if isinstance(value, (dict, list)):
            raise _bad(f"{operation}: {name:.80} is nested; a request is flat")
    for name, kind in REQUIRED[operation].items():
        if name not in request:
            raise _bad(f"{operation}: the field {name} is missing")
        _check_type(operation, name, request[name], kind)
    for name, kind in OPTIONAL.get(operation, {}).items():
        if name in request:
            _check_type(operation, name, request[name], kind)
    return request


def app_name(name: str) -> str:
    """Checks the name by which an app is granted things.

    Raises:
        Refused: When it is not 1 to 64 printable characters without space around them.
    """
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable() or name != name.strip():
        raise _bad(
            "an app's name is 1 to 64 printable characters, without space around them",
            "ask for a region with another name",
        )
    return name


def _check_type(operation: str, name: str, value: Any, kind: type) -> None:
    if type(value) is not kind:
        raise _bad(f"{operation}: {name} must be {_WORDS[kind]}")


_WORDS = {str: "a text", int: "a whole number", bool: "true or false"}


def _bad(message: str, remedy: str = "") -> Refused:
    return Refused(BAD_REQUEST, message, remedy)
