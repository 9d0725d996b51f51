"""Recorded human speech in which nobody says the phrase: Asterisk's telephone prompts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium_tools.samples import cache, g722

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sensorium_tools.progress import Progress

ROOM = Path("/usr/share/asterisk/sounds")
INSTALL = "apt install asterisk-core-sounds-en-g722"
TRAINING, HALVED = ("fr_CA_f_June", "it_IT_m_Carlo"), ("en_US_f_Allison",)
"""Voices, by the names of their folders: to learn from; the rest is to be measured on. Of the
English one, which is often the only one, half goes to either side."""
MAX_SECONDS = 8.0
"""Longer prompts are left out: decoding takes as long as the longest."""


class Speech(NamedTuple):
    """One prompt.

    Attributes:
        speaker: The voice's folder.
        name: Of its file.
        sound: int16 [n], 16 kHz.
    """

    speaker: str
    name: str
    sound: NDArray[np.int16]


def speech(side: str, progress: Progress) -> list[Speech]:
    """The prompts of one side.

    Args:
        side: training or held_out: no prompt is in both.
        progress: Told of what is decoded.

    Raises:
        EngineError: When the cache cannot be written.
    """
    found: list[Speech] = []
    for folder in sorted(path for path in ROOM.glob("*_*_*") if path.is_dir()):
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*.g722"))
            if _side(folder.name, path.relative_to(folder).as_posix()) == side
        }
        files = {
            name: data for name, data in files.items()
            if 0.2 < len(data) / 8000 <= MAX_SECONDS and not name.startswith("silence/")
        }
        if files:
            progress.say(f"recorded speech: {folder.name}, {len(files)} prompts ({side})")
            found += _decoded(folder.name, files)
    return found


def minutes(found: Iterable[Speech]) -> float:
    """How long all of it is."""
    return sum(len(one.sound) for one in found) / g722.RATE_HZ / 60


def stretches(
    found: list[Speech], seconds: float, noise: np.random.Generator
) -> list[tuple[NDArray[np.int16], ...]]:
    """Prompts in a random order, gathered to stretches of about `seconds`."""
    made: list[tuple[NDArray[np.int16], ...]] = []
    current: list[NDArray[np.int16]] = []
    for place in noise.permutation(len(found)):
        current.append(found[place].sound)
        if sum(map(len, current)) >= seconds * g722.RATE_HZ:
            made.append(tuple(current))
            current = []
    return [*made, tuple(current)] if current else made


def _side(folder: str, name: str) -> str:
    if folder in HALVED:
        return ("training", "held_out")[hashlib.sha256(name.encode()).digest()[0] % 2]
    return "training" if folder in TRAINING else "held_out"


def _decoded(speaker: str, files: dict[str, bytes]) -> list[Speech]:
    names, data = list(files), list(files.values())
    decisive = {
        "g722": 1, "files": [[name, hashlib.sha256(files[name]).hexdigest()] for name in names],
    }
    whole = cache.sound(decisive, lambda: np.concatenate(g722.decode(data)))
    ends = np.cumsum([g722.SAMPLES_PER_BYTE * len(octets) for octets in data])[:-1]
    return [
        Speech(speaker, name, sound)
        for name, sound in zip(names, np.split(whole, ends), strict=True)
    ]
