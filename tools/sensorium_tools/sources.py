"""The weights of a card: from the first of its sources that has them, known by their sha256."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sensorium import folders
from sensorium.errors import EngineError, HashError
from sensorium.inference import store
from sensorium_tools.archive import read_member
from sensorium_tools.fetch import Pinned, downloads, fetch_pinned, fetch_url, present

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Source, Weight
    from sensorium_tools.progress import Progress

Answer = TypeVar("Answer")


def pinned(card: Card, source: Source) -> Pinned:
    """The archive of a source of kind package."""
    return Pinned(card.name, source.package, source.file, source.sha256)


def fetched(card: Card) -> tuple[Path, ...]:
    """The files on this disk that hold a card's weights; empty where they must be fetched."""
    for source in card.sources:
        if source.kind == "package":
            path = present(pinned(card, source))
            if path is not None:
                return (path,)
        elif source.kind == "upstream":
            paths = tuple(upstream_path(weight) for weight in card.weights)
            if all(path.is_file() for path in paths):
                return paths
        elif all(path.is_file() for path in _own(card, source)):
            return _own(card, source)
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
    return fetched(card) or _first(card, lambda source: _fetch(card, source, progress))


def read_weights(card: Card, progress: Progress) -> list[bytes]:
    """The bytes of each weight file of a card, in its order; fetched where they are missing.

    Raises:
        HashError: When a file's sha256 is not the pinned one.
        EngineError: When a source answers and is damaged, or none answers.
        OSError: When it cannot be read or written.
    """
    return _first(card, lambda source: _read(card, source, progress))


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


def _first(card: Card, attempt: Callable[[Source], Answer]) -> Answer:
    refusals: list[EngineError] = []
    for source in card.sources:
        try:
            return attempt(source)
        except EngineError as error:
            refusals.append(error)
    if len(refusals) == 1:
        raise refusals[0]
    wrong = any(isinstance(refusal, HashError) for refusal in refusals)
    kind = HashError if wrong else EngineError
    said = "; ".join(refusal.message for refusal in refusals)
    raise kind(f"{card.name}: no source has its weights: {said}", refusals[-1].remedy)


def _fetch(card: Card, source: Source, progress: Progress) -> tuple[Path, ...]:
    if source.kind == "package":
        return (fetch_pinned(pinned(card, source), progress),)
    if source.kind == "upstream":
        return tuple(
            fetch_url(url, weight.sha256, upstream_path(weight), card.name, progress)
            for url, weight in zip(source.urls, card.weights, strict=True)
        )
    paths = _own(card, source)
    for path in paths:
        if not path.is_file():
            raise EngineError(
                f"{path}: there is no such file",
                f"put it there, or edit {card.folder / 'card.toml'}",
            )
    return paths


def _read(card: Card, source: Source, progress: Progress) -> list[bytes]:
    paths = _fetch(card, source, progress)
    if source.kind == "package":
        data = [read_member(paths[0], path) for path in source.paths]
        places = [f"{paths[0].name}: {path}" for path in source.paths]
    else:
        data = [path.read_bytes() for path in paths]
        places = [str(path) for path in paths]
    for content, place, weight in zip(data, places, card.weights, strict=True):
        found = hashlib.sha256(content).hexdigest()
        if weight.sha256 and found != weight.sha256:
            raise HashError(
                f"{place}: its sha256 is {found}, the card pins {weight.sha256}",
                "the file is not the one that the card was written for: do not use it",
            )
    return data


def _own(card: Card, source: Source) -> tuple[Path, ...]:
    """Files of the user's: from the card's folder, else from the one of its name among his own."""
    rooms = (card.folder, folders.data_dir() / "engines" / card.name)
    paths = []
    for given in source.paths:
        places = [room / Path(given).expanduser() for room in rooms]
        paths.append(next((place for place in places if place.is_file()), places[-1]))
    return tuple(paths)
