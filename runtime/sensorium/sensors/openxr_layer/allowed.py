"""The owner's list of apps that the layer may look at: `layer.allow`, read by the layer itself.

Its format, one line an app, stands in runtime/layer/settings.h.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.errors import ConfigError, SensorError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MODES = ("off", "timing", "thread")
SWITCHES = ("app-actions", "no-hands", "gaze")
HZ_MIN, HZ_MAX = 10, 1000
FORMAT = "sensorium-layer 1"
_WHO_MAX_BYTES = 1000
_FILE_MAX_BYTES = 65535
"""The layer's own limit."""
_AGAIN = "mend it, or delete it and allow the apps anew: sensorium layer allow APP"


@dataclass(frozen=True)
class Allowed:
    """What one app is allowed.

    Attributes:
        who: The app's name as it gives it to OpenXR, its program's file name, or its whole path.
            What has a slash may be either of the first and the last.
        mode: Out of `MODES`.
        options: Out of `SWITCHES`, and `hz=N`.
    """

    who: str
    mode: str = "timing"
    options: tuple[str, ...] = ()

    def line(self) -> str:
        """As it stands in the list."""
        return f"{','.join((self.mode, *self.options))} {self.who}"


def path() -> Path:
    """Where the list lies."""
    return folders.config_dir() / "layer.allow"


def read() -> list[Allowed]:
    """The list; empty where there is none.

    Raises:
        ConfigError: It cannot be read, or has a line that the layer would not understand.
    """
    place = path()
    try:
        lines = place.read_text("utf-8").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise ConfigError(f"{place}: cannot be read: {error}", _AGAIN) from error
    if not lines or lines[0] != FORMAT:
        raise ConfigError(f"{place}, line 1: must be {FORMAT!r}", _AGAIN)
    return [_parse(place, number, line) for number, line in enumerate(lines[1:], 2) if line]


def allow(one: Allowed) -> None:
    """Lets the layer look at an app from its next start on; what was decided of it is replaced.

    Raises:
        ConfigError: The list cannot be read, or the name cannot be written into it.
        SensorError: The list cannot be written.
    """
    _judge_who(one.who)
    _write([one, *_others(read(), one.who)])


def deny(who: str) -> bool:
    """Takes an app off the list; False where it was not on it.

    A program that is on it by its name, and denied by its path, or the other way round, is switched
    off by a line of its own.

    Raises:
        ConfigError: The list cannot be read, or the name cannot be written into it.
        SensorError: The list cannot be written.
    """
    before = read()
    after = _others(before, who)
    is_path = _name(who) != who
    if any(
        each.mode != "off" and _same(_name(each.who), _name(who))
        and is_path != (_name(each.who) != each.who)
        for each in after
    ):
        _judge_who(who)
        _write([Allowed(who, "off"), *after])
        return True
    if len(after) < len(before):
        _write(after)
    return len(after) < len(before)


def _others(entries: list[Allowed], who: str) -> list[Allowed]:
    return [each for each in entries if not _same(each.who, who)]


def _same(one: str, other: str) -> bool:
    """Whether both name the same, as the layer compares them."""
    return _folded(one) == _folded(other)


def _folded(who: str) -> str:
    if sys.platform == "win32":
        return re.sub("[A-Z]", lambda found: found[0].lower(), who).replace("/", "\\")
    else:  # noqa: RET505 - the checker of the other platform follows this form only
        return who


def _name(who: str) -> str:
    """The file name of a path; what is no path as it is."""
    return re.split(r"[/\\]", who)[-1]


def _parse(place: Path, number: int, line: str) -> Allowed:
    words, space, who = line.partition(" ")
    mode, *options = words.split(",")
    if mode not in MODES or not space or not who:
        raise ConfigError(f"{place}, line {number}: {line!r} is not MODE[,OPTION...] APP", _AGAIN)
    for option in options:
        if option not in SWITCHES and not _is_hz(option):
            raise ConfigError(f"{place}, line {number}: there is no option {option!r}", _AGAIN)
    return Allowed(who, mode, tuple(options))


def _is_hz(option: str) -> bool:
    name, _, value = option.partition("=")
    return name == "hz" and value.isdecimal() and value.isascii() and (
        HZ_MIN <= int(value[:9]) <= HZ_MAX
    )  # fmt: skip


def _judge_who(who: str) -> None:
    if not who.isprintable() or not who.strip() or len(who.encode()) > _WHO_MAX_BYTES:
        raise ConfigError(
            f"{who!r} is no app's name: it needs printable text of at most {_WHO_MAX_BYTES} bytes",
            "give the name as sensorium layer status shows it, or the program's path",
        )


def _write(entries: Iterable[Allowed]) -> None:
    place = path()
    text = "\n".join([FORMAT, *(each.line() for each in entries)]) + "\n"
    if len(text.encode()) > _FILE_MAX_BYTES:
        raise SensorError(f"{place}: the list is full", "sensorium layer deny APP")
    draft = place.with_suffix(f".{os.getpid()}.tmp")
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        draft.replace(place)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SensorError(
            f"{place}: cannot be written: {error.strerror}", "make room there, or mend its rights"
        ) from error
