"""A sample that is not made yet: cheap to list, so that only those that are used cost time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sensorium_tools.progress import Progress
    from sensorium_tools.samples.manifest import Manifest, Source
    from sensorium_tools.samples.sample import Sample


@dataclass(frozen=True)
class Draft:
    """One sample before it is made.

    Attributes:
        name: Unique in its source; the same each time.
        origin: What it is derived from. Two drafts of one origin are never on both sides.
        make: Makes the sample; the same each time.
    """

    name: str
    origin: str
    make: Callable[[], Sample]


@dataclass(frozen=True)
class Entry:
    """A file of a source: in an archive or on disk.

    Attributes:
        path: Inside its source, with `/` between the parts.
        read: Its bytes.
        place: Where it is, for messages.
    """

    path: str
    read: Callable[[], bytes]
    place: str


@dataclass(frozen=True)
class Listing:
    """What a reader is given.

    Attributes:
        manifest: The set.
        source: The source that is read.
        entries: Its files, in alphabetic order.
        progress: Told of what takes time.
        root: The folder that files of the system lie in, else the set's own.
    """

    manifest: Manifest
    source: Source
    entries: Iterable[Entry]
    progress: Progress
    root: Path
