"""The folder of vocabularies: read, and read again when a file has changed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sensorium.errors import ConfigError
from sensorium.perception.commands.vocabulary_file import reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensorium.perception.commands.vocabulary import Vocabulary

_log = logging.getLogger(__name__)
MAX_FILES = 64

Stamp = tuple[int, int, int]


class Folder:
    """Reads `*.toml` of a folder; a broken file is reported, and what it held before stands.

    Args:
        path: The folder; it may be missing, which is a folder without files.

    Attributes:
        vocabularies: Of the files that are there, in the order of their names.
        problems: What is wrong, and its remedy, one text a file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.vocabularies: tuple[Vocabulary, ...] = ()
        self.problems: tuple[str, ...] = ()
        self._stamps: dict[str, Stamp] = {}
        self._held: dict[str, Vocabulary] = {}
        self._wrong: dict[str, str] = {}
        self._clashes: tuple[str, ...] = ()

    def look(self) -> bool:
        """Whether a file has come, changed or gone; `update` then takes it."""
        return self._look() != self._stamps

    def update(self) -> Iterator[None]:
        """Takes what has changed, in small steps: to be gone through to its end."""
        stamps = self._look()
        for name in [name for name in self._stamps if name not in stamps]:
            self._held.pop(name, None)
            self._wrong.pop(name, None)
        changed = [name for name, stamp in stamps.items() if self._stamps.get(name) != stamp]
        self._stamps = stamps
        for name in changed:
            yield from self._read(name)
        self._settle()

    def _look(self) -> dict[str, Stamp]:
        stamps = {}
        try:
            for path in sorted(self.path.glob("*.toml"))[:MAX_FILES]:
                about = path.stat()
                stamps[path.name] = (about.st_mtime_ns, about.st_size, about.st_ino)
        except OSError:
            # A file that goes in this moment is looked for again in the next.
            return self._stamps
        return stamps

    def _read(self, name: str) -> Iterator[None]:
        try:
            self._held[name] = yield from reading(self.path / name)
            self._wrong.pop(name, None)
        except ConfigError as error:
            kept = "; what it held before stands" if name in self._held else ""
            self._wrong[name] = f"{error}{kept}"
            _log.warning("%s%s", error, kept)

    def _settle(self) -> None:
        """Takes the first of two vocabularies of one app and name."""
        taken: dict[tuple[str, str], str] = {}
        clashes = []
        kept = []
        for name, vocabulary in sorted(self._held.items()):
            key = (vocabulary.app, vocabulary.name)
            first = taken.setdefault(key, name)
            if first == name:
                kept.append(vocabulary)
            else:
                clashes.append(
                    f"{self.path / name}: {first} holds a vocabulary {vocabulary.name} of "
                    f"{vocabulary.app} already (give it another name)"
                )
        for clash in clashes:
            if clash not in self._clashes:
                _log.warning("%s", clash)
        self._clashes = tuple(clashes)
        self.problems = (*self._wrong.values(), *clashes)
        self.vocabularies = tuple(kept)
