"""What keeps every sense busy: a recording of head, hands, eyes and speech, and a video."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import gazes

from sensorium import folders, records
from sensorium.channels.reader import Snapshot
from sensorium.health import Reason
from sensorium.recording import Recorder, Recording
from sensorium_tools.demo_recording import SECONDS, SPEECH, START_NS, WALL_NS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATE_HZ, BLOCK = 16_000, 512
GAZE_HZ = 90
PICTURE_HZ = 10.0
_LOUD = 0.1
"""Of a sentence's peak: what is softer at its ends is the room."""
_SIZE = 640, 480
_LOOKS = ((-12.0, -3.0), (6.0, 4.0), (14.0, -6.0), (-4.0, 2.0), (0.0, -9.0))
"""Degrees to the right and up of the things that are looked at in turn, 0.4 s each."""
_LOOK_S = 0.4


@dataclass(frozen=True)
class Said:
    """A sentence of the recording: its first and last sample there, and its text."""

    first: int
    last: int
    text: str


def write(path: Path) -> tuple[Said, ...]:
    """Writes the recording, `configs/demo.mcap` with eyes that look around; what is said in it."""
    with Recording(folders.data_room("configs") / "demo.mcap") as demo:
        events = list(demo.events(tuple(demo.counts)))
    events += _gaze()
    events.sort(key=lambda event: event[1].publish_ns)
    regions = ("public", "motion", "audio", "gaze")
    with Recorder(path, regions, clock=lambda: START_NS, wall=lambda: WALL_NS) as recorder:
        recorder.write_all(events)
    sound = np.concatenate([
        np.frombuffer(sample.record, records.AUDIO.dtype)["samples"][0]
        for name, sample in events if name == "audio"
    ])
    return tuple(_said(sound))


def _said(sound: np.ndarray) -> Iterator[Said]:
    begins = [int(start * RATE_HZ) for start, _ in SPEECH]
    for begin, end, (_, text) in zip(begins, [*begins[1:], len(sound)], SPEECH, strict=True):
        piece = np.abs(sound[begin:end])
        loud = np.flatnonzero(piece > _LOUD * piece.max())
        yield Said(begin + int(loud[0]), begin + int(loud[-1]) + 1, text)


def _gaze() -> Iterator[tuple[str, Snapshot]]:
    random = np.random.default_rng(7)
    for frame in range(SECONDS * GAZE_HZ):
        time_s = frame / GAZE_HZ
        before, after = (_LOOKS[(int(time_s / _LOOK_S) + i) % len(_LOOKS)] for i in (0, 1))
        # A saccade takes the last 50 ms of a look.
        share = max(0.0, (time_s % _LOOK_S - _LOOK_S + 0.05) / 0.05)
        smooth = share * share * (3 - 2 * share)
        yaw, pitch = (
            (1 - smooth) * a + smooth * b + random.normal(0.0, 0.1)
            for a, b in zip(before, after, strict=True)
        )
        capture_ns = START_NS + frame * 1_000_000_000 // GAZE_HZ
        record = gazes.gaze_record(gazes.aim(yaw, pitch), sample_ns=capture_ns)
        half = math.radians(-yaw) / 2
        record["orientation"] = (0.0, math.sin(half), 0.0, math.cos(half))
        yield "gaze", Snapshot(
            n=frame + 1, record=record.tobytes(), capture_ns=capture_ns,
            publish_ns=capture_ns + 300_000, valid=True, reason=Reason.NONE, epoch=1,
        )


def write_video(path: Path) -> bool:
    """Writes what the camera sees, three photographs; False where they cannot be had here."""
    try:
        from fixtures import pictures, videos
        from PIL import Image

        shown = [
            np.asarray(Image.fromarray(videos.photograph(name)).resize(_SIZE))
            for name in (pictures.BUS, pictures.ASTRONAUT, pictures.COFFEE)
        ]
    except (ImportError, pytest.skip.Exception):
        return False
    videos.write(path, [each for each in shown for _ in range(20)], PICTURE_HZ)
    return True
