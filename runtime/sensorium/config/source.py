"""A TOML file with the line of each of its keys, so that an error can name it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sensorium.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Place = tuple[str | int, ...]
"""Where a key stands: names of tables and keys; an index for an element of an array of tables."""

MAX_BYTES = 1 << 20
"""A larger file is refused: nobody writes such a configuration by hand."""


@dataclass(frozen=True)
class Source:
    """A TOML file as read from disk.

    Attributes:
        path: As the user named it.
        text: Its whole content.
        overrides: Values that take the place of the file's, by dotted key.
    """

    path: Path
    text: str
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, overrides: Mapping[str, Any] | None = None) -> Source:
        """Reads a file.

        Args:
            path: Of the file.
            overrides: Values that take the place of the file's, by dotted key.

        Raises:
            ConfigError: When it is missing, unreadable, too large or not UTF-8.
        """
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
        if len(data) > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes")
        try:
            text = data.decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ConfigError(f"{path}, line {line}: not UTF-8 text") from error
        return cls(path, text, dict(overrides or {}))

    def parse(self) -> dict[str, Any]:
        """The content as nested dicts, the overrides in it.

        Raises:
            ConfigError: With the line and column of a syntax error.
        """
        try:
            content = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
            if found:
                problem, line, column = found.groups()
                place = f"line {line}, column {column}"
            else:
                problem = str(error).removesuffix(" (at end of document)")
                place = f"line {len(self.text.splitlines())}"
            raise ConfigError(f"{self.path}, {place}: not TOML: {problem}") from error
        except RecursionError as error:
            raise ConfigError(f"{self.path}: nested too deeply") from error
        for key, value in self.overrides.items():
            self._override(content, key, value)
        return content

    def line(self, place: Place) -> int:
        """The line, from 1, of a key or table; of the nearest table around it if it has none."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def error(self, place: Place, problem: str, allowed: str = "") -> ConfigError:
        """A ConfigError that names the file, the line and the key.

        Args:
            place: The key or table that is wrong.
            problem: What is wrong with it.
            allowed: What would be right.
        """
        key = ".".join(f"{part}" for part in place)
        if self._is_override(place, key):
            return ConfigError(f"--set {key}: {problem}", allowed)
        return ConfigError(f"{self.path}, line {self.line(place)}: {key}: {problem}", allowed)

    def _is_override(self, place: Place, key: str) -> bool:
        return any(
            f"{key}.".startswith(f"{own}.")
            or (own.startswith(f"{key}.") and place not in self._lines)
            for own in self.overrides
        )

    def _override(self, content: dict[str, Any], key: str, value: Any) -> None:
        *tables, name = key.split(".")
        node = content
        for table in tables:
            node = node.setdefault(table, {})
            if not isinstance(node, dict):
                raise self.error((key,), f"{table} is not a table")
        node[name] = value

    @cached_property
    def _lines(self) -> dict[Place, int]:
        lines: dict[Place, int] = {}
        arrays: dict[Place, int] = {}
        table: Place = ()
        for number, statement, parsed in _statements(self.text):
            if statement.startswith("["):
                table = _enter(parsed, arrays)
                for end in range(1, len(table) + 1):
                    if end == len(table) or table[:end] not in lines:
                        lines[table[:end]] = number
            else:
                for place in _places(parsed):
                    lines.setdefault(table + place, number)
        return lines


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Splits valid TOML into headers and assignments, which may span lines.

    Yields:
        The first line's number, the text and what it parses to by itself.
    """
    start, pending = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if not pending:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            start = number
        within = bool(pending)
        pending += line + "\n"
        if within and line.endswith(","):
            # A long list goes on: to parse it anew at each line would take the square of its time.
            continue
        try:
            parsed = tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue
        yield start, pending.lstrip(), parsed
        pending = ""


def _enter(parsed: dict[str, Any], arrays: dict[Place, int]) -> Place:
    """The place of a `[table]` or `[[array]]` header; counts the elements of arrays."""
    place: Place = ()
    node: Any = parsed
    while node:
        ((name, node),) = node.items()
        place = (*place, name)
        if isinstance(node, list):
            arrays[place] = arrays.get(place, -1) + 1
            node = node[0]
        if place in arrays:
            place = (*place, arrays[place])
    return place


def _places(parsed: dict[str, Any]) -> Iterator[Place]:
    for name, value in parsed.items():
        yield (name,)
        if isinstance(value, dict):
            for place in _places(value):
                yield (name, *place)
