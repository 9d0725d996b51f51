"""The sentences of a sound file or of a recording's channel `audio`, cut at its pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.errors import EnrolmentError
from sensorium.perception.enrolling import LONGEST_S, SHORTEST_S
from sensorium.perception.pitch import RATE_HZ, STEP
from sensorium.perception.syllables import intensity, threshold
from sensorium.recording import Recording
from sensorium.sensors import sound_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PAUSE_S = 0.35
"""Softer for so long: here a sentence may end."""
AROUND_S = 0.25
"""Of silence that stays at each end of a sentence."""
MINUTES = 10
"""Of a file, at most."""


def pieces(path: Path) -> list[tuple[float, NDArray[np.float32]]]:
    """Where each sentence of a file begins, in seconds, and its sound at 16 kHz.

    Raises:
        EnrolmentError: It cannot be read, or holds no speech.
        RecordingError: It is a recording that cannot be read.
    """
    found = []
    for begin_s, sound in _recorded(path) if path.suffix == ".mcap" else [(0.0, _sound(path))]:
        if not np.isfinite(sound).all():
            raise EnrolmentError(f"{path}: holds samples that are no numbers", "use another file")
        found += [(begin_s + first / RATE_HZ, sound[first:last]) for first, last in _cuts(sound)]
    if not found:
        raise EnrolmentError(
            f"{path}: holds no speech of {SHORTEST_S} s and more", "record a few sentences"
        )
    return found


def _cuts(sound: NDArray[np.float32]) -> list[tuple[int, int]]:
    """First and last samples of what lies between pauses and is long enough."""
    if len(sound) < SHORTEST_S * RATE_HZ or not sound.any():
        return []
    levels = intensity(sound - np.float32(np.mean(sound)))
    loud = np.flatnonzero(levels >= threshold(levels)) * STEP
    ends = np.flatnonzero(np.diff(loud) > PAUSE_S * RATE_HZ)
    around = int(AROUND_S * RATE_HZ)
    found = []
    for first, last in zip(
        loud[[0, *(ends + 1)]].tolist(), loud[[*ends, len(loud) - 1]].tolist(), strict=True
    ):
        # A speech without a pause is cut where it is long enough for one sentence.
        for start in range(first, last, int(LONGEST_S * RATE_HZ)):
            stop = min(last, start + int(LONGEST_S * RATE_HZ))
            if stop - start >= SHORTEST_S * RATE_HZ:
                found.append((max(0, start - around), min(len(sound), stop + around)))
    return found


def _sound(path: Path) -> NDArray[np.float32]:
    """The first `MINUTES` of a sound file."""
    try:
        with path.open("rb") as file:
            return sound_file.read(file, first_s=60 * MINUTES).samples
    except (OSError, ValueError) as error:
        raise EnrolmentError(
            f"{path}: cannot be read as a sound file: {error}",
            "a WAV, FLAC, Ogg or MP3 file, or a recording of `sensorium record --classes audio`",
        ) from error


def _recorded(path: Path) -> list[tuple[float, NDArray[np.float32]]]:
    """The sound of a recording between its gaps; where each stretch begins, in seconds."""
    stretches: list[tuple[float, list[NDArray[np.float32]]]] = []
    with Recording(path) as recording:
        if not recording.counts.get("audio"):
            raise EnrolmentError(
                f"{path}: holds no sound", "record it with: sensorium record --classes audio"
            )
        session, origin_ns = -1, 0
        for _, snapshot in recording.events(("audio",)):
            origin_ns = origin_ns or snapshot.capture_ns
            begin_s = (snapshot.capture_ns - origin_ns) / 1e9
            if begin_s > 60 * MINUTES:
                break
            if not snapshot.valid:
                session = -1
                continue
            audio = np.frombuffer(snapshot.record, records.AUDIO.dtype, 1)
            if audio["gap"][0] or int(audio["session"][0]) != session:
                stretches.append((begin_s, []))
            session = int(audio["session"][0])
            stretches[-1][1].append(audio["samples"][0].copy())
    return [(begin_s, np.concatenate(blocks)) for begin_s, blocks in stretches if blocks]
