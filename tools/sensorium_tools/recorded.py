"""What a recording holds for calibration: pieces of sound, and of each hand's frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.perception.gesture import POSITION_VALID
from sensorium.records.sensors import AUDIO_BLOCK
from sensorium_tools.samples.checks import RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sensorium.channels.reader import Snapshot
    from sensorium.recording import Recording

HANDS = {"hand_left": "left", "hand_right": "right"}
FRAME_NS = 100_000_000
"""One frame in so much is taken: at 90 Hz the others are nearly the same."""
LONGEST_S = {"sound": 32.0, "hand": 10.0}
SHORTEST_S = 1.0
PIECES = 8
"""A short recording is cut into so many, so that both sides get some."""


@dataclass(frozen=True)
class Piece:
    """Some seconds of a recording.

    Attributes:
        name: The channel's word: sound, left or right.
        data: sound: float32 [n], 16 kHz. Else float32 [frames, 26, 3], m.
    """

    name: str
    data: NDArray[np.float32]


def seconds(recording: Recording, kind: str) -> float:
    """How long a piece of a kind is in this recording."""
    share = recording.duration_ns / 1e9 / PIECES
    return min(LONGEST_S[kind], max(SHORTEST_S, share))


def sounds(recording: Recording) -> Iterator[Piece]:
    """The sound, cut where it has a gap and where a piece is long enough; silence is left out."""
    most = max(1, int(seconds(recording, "sound") * RATE_HZ) // AUDIO_BLOCK)
    blocks: list[NDArray[np.float32]] = []
    session = -1
    for _, snapshot in recording.events(("audio",)):
        if not snapshot.valid:
            yield from _sound(blocks)
            blocks = []
            continue
        audio = np.frombuffer(snapshot.record, records.AUDIO.dtype, 1)
        opened = int(audio["session"][0])
        if audio["gap"][0] or opened != session or len(blocks) == most:
            yield from _sound(blocks)
            blocks, session = [], opened
        blocks.append(np.clip(np.nan_to_num(audio["samples"][0]), -1.0, 1.0))
    yield from _sound(blocks)


def hands(recording: Recording) -> Iterator[Piece]:
    """Each hand's frames while it is tracked, ten in a second."""
    length_ns = int(seconds(recording, "hand") * 1e9)
    for channel, side in HANDS.items():
        frames: list[NDArray[np.float32]] = []
        first_ns, newest_ns = 0, -FRAME_NS
        for _, snapshot in recording.events((channel,)):
            if snapshot.capture_ns - newest_ns < FRAME_NS:
                continue
            joints = _joints(snapshot)
            if joints is None:
                continue
            newest_ns = snapshot.capture_ns
            if frames and newest_ns - first_ns >= length_ns:
                yield Piece(side, np.stack(frames))
                frames = []
            if not frames:
                first_ns = newest_ns
            frames.append(joints)
        if frames:
            yield Piece(side, np.stack(frames))


def _sound(blocks: list[NDArray[np.float32]]) -> Iterator[Piece]:
    if len(blocks) * AUDIO_BLOCK >= SHORTEST_S * RATE_HZ:
        sound = np.concatenate(blocks)
        if sound.any():
            yield Piece("sound", sound)


def _joints(snapshot: Snapshot) -> NDArray[np.float32] | None:
    if not snapshot.valid:
        return None
    joints = np.frombuffer(snapshot.record, records.HAND.dtype, 1)["joints"][0]
    valid = int(np.bitwise_and.reduce(joints["flags"])) & POSITION_VALID
    positions: NDArray[np.float32] = joints["position"].astype(np.float32)
    return positions if valid and np.isfinite(positions).all() and np.ptp(positions) else None
