"""Recorded sounds out of WAV files and bare samples, 16-bit, mono, 16 kHz."""

from __future__ import annotations

import io
import wave
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.samples import alter_sound
from sensorium_tools.samples.checks import RATE_HZ
from sensorium_tools.samples.draft import Draft
from sensorium_tools.samples.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sensorium_tools.samples.draft import Entry, Listing
    from sensorium_tools.samples.manifest import Label

_WIDTH = 2
"""Bytes of a sample."""


def sounds(listing: Listing) -> Iterator[Draft]:
    """One sample for each file, what is said in it from its label: see `samples.readers`."""
    for entry in listing.entries:
        labels = listing.manifest.labels_of(listing.source, entry.path)
        label = labels[0] if labels else None
        origin = (label.person if label else "") or f"{listing.source.name}/{entry.path}"
        yield Draft(entry.path, origin, partial(_sample, entry, label, origin))


def _sample(entry: Entry, label: Label | None, origin: str) -> Sample:
    sound = decode(entry.read(), entry.place)
    truth: dict[str, Any] = {}
    if label and label.text:
        truth["text"] = label.text
    if label and label.person:
        truth["speaker"] = label.person
    if label and label.clean:
        truth["intervals"] = alter_sound.intervals(sound)
    return Sample(entry.path, "sound", sound, truth, origin)


def decode(data: bytes, place: str) -> NDArray[np.float32]:
    """A sound file as float32 [n], -1..1.

    Args:
        data: A WAV file; or, where `place` ends in .raw, bare little-endian samples.
        place: Where it came from, for the message.

    Raises:
        EngineError: When it is damaged, or not 16-bit mono at 16 kHz.
    """
    if not place.endswith(".raw"):
        data = _frames(data, place)
    if not data or len(data) % _WIDTH:
        raise EngineError(f"{place}: {len(data)} bytes are not samples of 16 bits", "replace it")
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)


def _frames(data: bytes, place: str) -> bytes:
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            found = (file.getnchannels(), 8 * file.getsampwidth(), file.getframerate())
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError, ValueError, RuntimeError, MemoryError, OSError) as error:
        raise EngineError(f"{place}: not a WAV file, or damaged: {error}", "replace it") from error
    if found != (1, 8 * _WIDTH, RATE_HZ):
        channels, bits, rate = found
        raise EngineError(
            f"{place}: has {channels} channels of {bits} bits at {rate} Hz, must have 1 of 16 "
            f"at {RATE_HZ}",
            f"convert it: sox IN.wav -r {RATE_HZ} -c 1 -b 16 OUT.wav",
        )
    return frames
