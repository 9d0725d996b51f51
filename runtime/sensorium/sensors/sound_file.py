"""A sound file, WAV, FLAC, Ogg or MP3, by its content, to mono sound at 16 kHz."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from sensorium.sensors.audio_blocks import RATE
from sensorium.sensors.compressed_file import CompressedFile, is_compressed
from sensorium.sensors.wave_file import WaveFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AT_ONCE = 1 << 20
"""Bytes of a WAV file that are decoded in one go."""


class Sound(NamedTuple):
    """A sound of a file.

    Attributes:
        samples: [n], mono, 16 kHz, finite, -1..1.
        duration_s: Of what was read.
        missing_s: That its head promises and that is not there.
    """

    samples: NDArray[np.float32]
    duration_s: float
    missing_s: float


def read(file: BinaryIO, longest_s: float = math.inf, *, first_s: float = math.inf) -> Sound:
    """The sound of a file.

    Args:
        file: Open for reading, and for going back and forth.
        longest_s: Sound of more seconds is refused, as soon as it is known.
        first_s: What is behind so many seconds is not read, and not missed.

    Raises:
        TooLong: See `longest_s`.
        ValueError: It is no file that can be read; the text goes on behind "the file".
        OSError: As reading does.
    """
    head = file.read(4)
    file.seek(0)
    parts: list[NDArray[np.float32]] = []
    if is_compressed(head):
        compressed = CompressedFile(file, longest_s)
        while compressed.duration_s < first_s and len(sound := compressed.read()):
            parts.append(sound)
        return _sound(parts, compressed, first_s)
    wave = WaveFile(longest_s)
    while wave.duration_s < first_s and (data := file.read(_AT_ONCE)):
        parts.append(wave.feed(data))
    parts.append(wave.finish())
    return _sound(parts, wave, first_s)


def _sound(
    parts: list[NDArray[np.float32]], file: CompressedFile | WaveFile, first_s: float
) -> Sound:
    whole = np.concatenate([*parts, np.zeros(0, np.float32)])
    if file.duration_s < first_s:
        return Sound(whole, file.duration_s, file.missing_s)
    return Sound(whole[: int(first_s * RATE)], first_s, 0.0)
