"""An engine's folder with trained weights: the shipped card, pinned to them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.errors import EngineError
from sensorium.inference import card as cards
from sensorium_tools.install import write

if TYPE_CHECKING:
    from pathlib import Path

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
