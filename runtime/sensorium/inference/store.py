"""Finds cards and loads the engines that were built from them."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.errors import CardError, EngineMissing, HashError
from sensorium.inference import card as cards
from sensorium.inference import manifest as manifests
from sensorium.inference.backends import BACKENDS, backend
from sensorium.inference.card_tables import Axis, Port
from sensorium.inference.processor import processor

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.inference.card import Card
    from sensorium.inference.engine import Engine
    from sensorium.inference.manifest import Manifest


def card_folders() -> tuple[Path, ...]:
    """Where cards lie: the user's own folder first, then the shipped room."""
    return (folders.data_dir() / "engines", folders.data_room("engines"))


def names() -> tuple[str, ...]:
    """Names of all cards, in alphabetic order; a folder that no engine can be called is none."""
    return tuple(
        sorted(
            {
                path.parent.name
                for room in card_folders()
                for path in room.glob(f"*/{cards.FILE_NAME}")
                if cards.NAME.fullmatch(path.parent.name)
            }
        )
    )


def readable() -> dict[str, Card]:
    """All cards but broken ones, by name, in alphabetic order.

    It looks at the disk, so an event loop leaves it to a thread; but it reads only cards that are
    new or have changed.
    """
    found = {}
    for name in names():
        for room in card_folders():
            try:
                status = (room / name / cards.FILE_NAME).stat()
            except OSError:
                # It is in the other room, or has gone meanwhile.
                continue
            card = _as_it_was(room / name, status.st_mtime_ns, status.st_size, status.st_ino)
            if card is not None:
                found[name] = card
            break
    return found


@functools.lru_cache(maxsize=1024)
def _as_it_was(folder: Path, _mtime_ns: int, _size: int, _inode: int) -> Card | None:
    """The card of a folder at a time; None where it breaks the schema."""
    try:
        return cards.read(folder)
    except CardError:
        return None


def find_card(name: str) -> Card:
    """The card of a name.

    Raises:
        CardError: When there is none, or it breaks the schema.
    """
    if cards.NAME.fullmatch(name):
        for room in card_folders():
            if (room / name / cards.FILE_NAME).is_file():
                return cards.read(room / name)
    raise CardError(f"there is no engine card {name}", f"there are: {', '.join(names())}")


def built_folder(name: str) -> Path:
    """Where `sensorium-engines build` puts an engine."""
    return folders.cache_dir() / "engines" / name


def stamp(name: str) -> object:
    """A value that changes when an engine appears, changes or goes; None while it is not there."""
    try:
        status = (built_folder(name) / manifests.FILE_NAME).stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def built(card: Card) -> Manifest:
    """What was built of a card; the engine file itself is not looked at.

    Raises:
        EngineMissing: When it was not built, or from another version of its card.
        EngineError: When what stands beside it is damaged.
    """
    name, remedy = card.name, f"sensorium-engines build {card.name}"
    try:
        manifest = manifests.read(built_folder(name) / manifests.FILE_NAME, remedy)
    except OSError as error:
        raise EngineMissing(f"the engine {name} was not built", remedy) from error
    if manifest.identity != card.identity:
        raise EngineMissing(f"the engine {name} was built from another version of its card", remedy)
    if manifest.precision == "int8" and manifest.processor != processor():
        raise EngineMissing(
            f"the engine {name} was judged in INT8 on another processor ({manifest.processor})",
            remedy,
        )
    return manifest


def with_ports(card: Card) -> Card:
    """A card with its built engine's inputs, outputs, axes and labels, where it states none.

    Raises:
        EngineMissing: When it states none and was not built.
        EngineError: When what was built is damaged.
    """
    if card.inputs and card.outputs:
        return card
    manifest = built(card)
    inputs, outputs = (
        tuple(Port(name=tensor.name, shape=tensor.shape, type=tensor.type) for tensor in tensors)
        for tensors in (manifest.inputs, manifest.outputs)
    )
    axes = tuple(
        Axis(name, size.min, size.typical, size.max) for name, size in manifest.axes.items()
    )
    labels = card.engine.labels or manifest.labels
    return replace(
        card, inputs=inputs, outputs=outputs, axes=axes,
        engine=replace(card.engine, labels=labels),
    )


def load(name: str, threads: int = 1) -> Engine:
    """Loads a built engine and runs it once.

    Args:
        name: Of its card.
        threads: Threads inside one run.

    Raises:
        EngineMissing: When it was not built, or from another version of its card.
        CardError: When its card is missing or broken.
        HashError: When the engine file is not the one that was built.
        EngineError: When the backend refuses it.
    """
    manifest = built(find_card(name))
    remedy = f"sensorium-engines build {name}"
    folder = built_folder(name)
    if manifest.backend not in BACKENDS:
        raise CardError(
            f"{folder / manifests.FILE_NAME}: backend: there is no {manifest.backend}", remedy
        )
    file = folder / manifest.file
    try:
        found = sha256(file)
    except OSError as error:
        raise EngineMissing(f"{file}: cannot be read: {error.strerror}", remedy) from error
    if found != manifest.sha256:
        raise HashError(
            f"{file}: its sha256 is {found}, not {manifest.sha256}: it was changed", remedy
        )
    return backend(manifest.backend)(manifest, file, threads)


def sha256(path: Path) -> str:
    """The sha256 of a file, as 64 hex digits.

    Raises:
        OSError: When it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
