"""An engine's folder with trained weights: the shipped card, pinned to them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.errors import EngineError
from sensorium.inference import card as cards
from sensorium_tools import build as building
from sensorium_tools.install import write

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium_tools.progress import Progress

_PIN = re.compile(r'(?m)^sha256 = "[0-9a-f]{64}"$')


def write_engine(folder: Path, file: str, weights: bytes) -> str:
    """Writes the weights, and the shipped card of the folder's name with another pin.

    Args:
        folder: Named as the engine.
        file: Name of the weights.
        weights: Its bytes.

    Returns:
        Their sha256.

    Raises:
        EngineError: When the shipped card has not exactly one pin.
        OSError: When it is not there, or the folder cannot be written.
    """
    digest = hashlib.sha256(weights).hexdigest()
    path = folders.data_room("engines") / folder.name / cards.FILE_NAME
    text, pins = _PIN.subn(f'sha256 = "{digest}"', path.read_text(encoding="utf-8"))
    if pins != 1:
        raise EngineError(f"{path}: has {pins} lines that pin a sha256, must have one")
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / cards.FILE_NAME, text.encode())
    write(folder / file, weights)
    return digest


def keep_engine(
    name: str, file: str, weights: bytes, room: Path | None, progress: Progress
) -> tuple[Path, str]:
    """Writes a trained engine's folder, and builds and judges it where it is the user's own.

    Args:
        name: Of the engine.
        file: Name of the weights.
        weights: Its bytes.
        room: Where the folder goes, not built; None: among the user's own engines.
        progress: Told of each step.

    Returns:
        The folder, and the weights' sha256.

    Raises:
        EngineError: See `write_engine`; when it cannot be built.
        CardError: When a set of its card is not there.
        OSError: When it cannot be written.
    """
    folder = (room or folders.data_dir() / "engines") / name
    digest = write_engine(folder, file, weights)
    if room is None:
        building.build(cards.read(folder), progress, force=True)
    return folder, digest
