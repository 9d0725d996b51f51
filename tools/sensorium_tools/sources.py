"""The weights of a card: from the first of its sources that has them, known by their sha256."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from sensorium import folders
from sensorium.errors import EngineError, HashError
from sensorium.inference import store
from sensorium_tools.archive import read_member
from sensorium_tools.fetch import Pinned, downloads, fetch_pinned, fetch_url, present

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Source, Weight
    from sensorium_tools.progress import Progress

Answer = TypeVar("Answer")
Place: TypeAlias = "tuple[Source, ...]"
"""A source with those that continue it."""


def pinned(card: Card, source: Source) -> Pinned:
    """The archive of a source of kind package."""
    return Pinned(card.name, source.package, source.file, source.sha256)


def fetched(card: Card) -> tuple[Path, ...]:
    """The files on this disk that hold a card's weights; empty where they must be fetched."""
    for place in card.places:
        paths: list[Path] = []
        for source in place:
            there = _there(card, source)
            if not there:
                break
            paths += there
        else:
            return tuple(paths)
    return ()


def fetch(card: Card, progress: Progress) -> tuple[Path, ...]:
    """Brings the weights of a card onto this disk, unless they are there.

    Returns:
        The archive, or the files.

    Raises:
        HashError: When every source that answered has other bytes than the pinned ones.
        EngineError: When no source answered; it names what each one said.
        OSError: When it cannot be written.
    """
    return fetched(card) or _first(card, lambda place: _fetch(card, place, progress))


def read_weights(card: Card, progress: Progress) -> list[bytes]:
    """The bytes of each weight file of a card, in its order; fetched where they are missing.

    Raises:
        HashError: When a file's sha256 is not the pinned one.
        EngineError: When a source answers and is damaged, or none answers.
        OSError: When it cannot be read or written.
    """
    return _first(card, lambda place: _read(card, place, progress))


def unpinned(card: Card) -> dict[str, list[str]]:
    """What else decides an engine whose card leaves its files to the user; empty for others.

    Returns:
        `unpinned`: the sha256 of each of his files, in order; empty for one not there yet.
    """
    if all(weight.sha256 for weight in card.weights):
        return {}
    paths = [path for source in card.sources for path in _own(card, source)]
    return {"unpinned": [store.sha256(path) if path.is_file() else "" for path in paths]}


def upstream_path(weight: Weight) -> Path:
    """Where a file from its maker's own address is kept."""
    return downloads() / f"{weight.sha256}-{weight.name}"


def _there(card: Card, source: Source) -> tuple[Path, ...]:
    """The files of one source that are on this disk; empty unless all are."""
    if source.kind == "package":
        path = present(pinned(card, source))
        return (path,) if path is not None else ()
    if source.kind == "upstream":
        paths = tuple(upstream_path(weight) for weight in card.weights)
    else:
        paths = _own(card, source)
        return paths if not _missing(card, paths) else ()
    return paths if all(path.is_file() for path in paths) else ()


def _first(card: Card, attempt: Callable[[Place], Answer]) -> Answer:
    refusals: list[EngineError] = []
    for place in card.places:
        try:
            return attempt(place)
        except EngineError as error:
            refusals.append(error)
    if len(refusals) == 1:
        raise refusals[0]
    wrong = any(isinstance(refusal, HashError) for refusal in refusals)
    kind = HashError if wrong else EngineError
    said = "; ".join(refusal.message for refusal in refusals)
    raise kind(f"{card.name}: no source has its weights: {said}", refusals[-1].remedy)


def _fetch(card: Card, place: Place, progress: Progress) -> tuple[Path, ...]:
    source, *_ = place
    if source.kind == "package":
        return tuple(fetch_pinned(pinned(card, each), progress) for each in place)
    if source.kind == "upstream":
        return tuple(
            fetch_url(url, weight.sha256, upstream_path(weight), card.name, progress)
            for url, weight in zip(source.urls, card.weights, strict=True)
        )
    paths = _own(card, source)
    for path in _missing(card, paths):
        raise EngineError(
            f"{path}: there is no such file",
            f"put it there, or edit {card.folder / 'card.toml'}",
        )
    return paths


def _missing(card: Card, paths: Sequence[Path]) -> list[Path]:
    return [
        path for path, weight in zip(paths, card.weights, strict=True)
        if not weight.optional and not path.is_file()
    ]


def _read(card: Card, place: Place, progress: Progress) -> list[bytes]:
    paths = _fetch(card, place, progress)
    if place[0].kind == "package":
        data, named = _members(place, paths)
    else:
        data = [
            path.read_bytes() if path.is_file() or not weight.optional else b""
            for path, weight in zip(paths, card.weights, strict=True)
        ]
        named = [str(path) for path in paths]
    for content, name, weight in zip(data, named, card.weights, strict=True):
        found = hashlib.sha256(content).hexdigest()
        if weight.sha256 and found != weight.sha256:
            raise HashError(
                f"{name}: its sha256 is {found}, the card pins {weight.sha256}",
                "the file is not the one that the card was written for: do not use it",
            )
    return data


def _members(place: Place, archives: Sequence[Path]) -> tuple[list[bytes], list[str]]:
    """What archives hold of each weight, put together; and where it lies."""
    data, named = [], []
    for parts in zip(*(source.paths for source in place), strict=True):
        held = [(archive, part) for archive, part in zip(archives, parts, strict=True) if part]
        data.append(b"".join(read_member(archive, part) for archive, part in held))
        named.append(" + ".join(f"{archive.name}: {part}" for archive, part in held))
    return data, named


def _own(card: Card, source: Source) -> tuple[Path, ...]:
    """Files of the user's: from the card's folder, else from the one of its name among his own."""
    rooms = (card.folder, folders.data_dir() / "engines" / card.name)
    paths = []
    for given in source.paths:
        places = [room / Path(given).expanduser() for room in rooms]
        paths.append(next((place for place in places if place.is_file()), places[-1]))
    return tuple(paths)
