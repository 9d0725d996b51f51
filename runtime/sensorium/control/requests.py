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
    "why": {"intent": int},
    "attention": {},
    "governor": {"most": int},
    "reload": {},
    "recording": {"on": bool, "classes": str, "bytes": int},
    "stop": {},
}
"""Operation to the fields that it must have, with their types; what is more is passed on."""

OPTIONAL: dict[str, Fields] = {
    "hello": {"for_pid": int, "for_executable": str},
    "grant": {"executable": str, "until": str},
    "grants": {"after": int},
}

OWNER = frozenset(REQUIRED) - {"hello", "open", "recording"}
"""Operations of the PC's owner: they need no `hello`."""

NAME_LENGTH = 64
"""Longest name of an app, in characters."""

PATH_BYTES = 4096
"""Longest path of a program, in bytes of UTF-8."""

MOST = 2**53
"""Largest number of a request: up to it JSON's numbers are whole in every language."""


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
        if not (_is_text(name) and (not isinstance(value, str) or _is_text(value))):
            raise _bad(f"{operation}: {name!a:.80} has half a character (a lone surrogate)")
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
    return _printable(name, "an app's name", "ask for a region with another name")


def client_name(name: str) -> str:
    """Checks what a client says that it reads with; errors are those of `app_name`."""
    return _printable(name, "a client's name and version")


def program_path(path: str) -> str:
    """Checks the path of a program that a grant is bound to; empty: of any.

    Raises:
        Refused: When it is longer than 4096 bytes.
    """
    if len(path.encode("utf-8", "replace")) > PATH_BYTES:
        raise _bad(f"a program's path has at most {PATH_BYTES} bytes")
    return path


def _printable(text: str, what: str, remedy: str = "") -> str:
    if not 1 <= len(text) <= NAME_LENGTH or not text.isprintable() or text != text.strip():
        raise _bad(f"{what} is 1 to 64 printable characters, without space around them", remedy)
    return text


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8; JSON can name halves of characters, too."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _check_type(operation: str, name: str, value: Any, kind: type) -> None:
    fits = type(value) is kind and (type(value) is not int or 0 <= value <= MOST)
    if not fits:
        raise _bad(f"{operation}: {name} must be {_WORDS[kind]}")


_WORDS = {str: "a text", int: f"a whole number of 0 to {MOST}", bool: "true or false"}


def _bad(message: str, remedy: str = "") -> Refused:
    return Refused(BAD_REQUEST, message, remedy)
