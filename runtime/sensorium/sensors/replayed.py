"""What a replay takes out of a recording: which channels, and each record as it is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium import records
from sensorium.channels.catalogue import CHANNELS
from sensorium.errors import RecordingError
from sensorium.health import Reason
from sensorium.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from sensorium.channels.reader import Snapshot

SENSOR_CHANNELS = (
    "microphone", "head", "hand_left", "hand_right", "controller_left", "controller_right",
    "gaze", "audio", "output_audio", "camera", "frame",
)
"""What a replay may write: what sensors write, never what senses made of it."""

_TIMES = {
    records.GAZE.id: ("sample_ns",), records.MICROPHONE.id: ("changed_ns",),
    records.CAMERA.id: ("changed_ns",),
}
"""Times inside of records, which move with the rest."""
_SOURCE = 3
"""`source` of head, hands, controllers and pictures: a replay."""


@dataclass(frozen=True)
class ReplayOptions:
    """A recording in the place of the devices."""

    file: Path = field(
        metadata={"doc": "An MCAP file of `sensorium record`; from the configuration's folder."}
    )
    speed: float = field(
        default=1.0,
        metadata={"doc": "1 is real time, 4 four times as fast.", "min": 0.01, "max": 1000.0},
    )
    stepped: bool = field(
        default=False,
        metadata={
            "doc": "As fast as the senses go, record by record: two runs give the same bytes. "
            "Plays once."
        },
    )
    loop: bool = field(default=False, metadata={"doc": "Whether it starts anew at its end."})
    channels: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Only these channels; empty: all that are in the recording.",
                  "choices": SENSOR_CHANNELS},
    )


class Step(NamedTuple):
    """One record of a stepped replay, with the recording's own times."""

    channel: str
    record: NDArray[np.void]
    capture_ns: int
    valid: bool
    reason: Reason
    publish_ns: int
    confidence: float


def channels(options: ReplayOptions) -> tuple[str, ...]:
    """The channels that a replay writes: those of sensors that the recording has records of.

    Raises:
        RecordingError: The file is missing, foreign, damaged, or has none of them.
    """
    with Recording(options.file) as recording:
        counts = recording.counts
    wanted = options.channels or SENSOR_CHANNELS
    found = tuple(name for name in SENSOR_CHANNELS if name in wanted and counts.get(name))
    if not found:
        raise RecordingError(
            f"{options.file}: holds no records of {', '.join(wanted)}",
            f"it holds: {', '.join(counts) or 'nothing'}",
        )
    return found


def steps(options: ReplayOptions) -> Iterator[Step]:
    """Every record once, in order of publishing.

    Raises:
        RecordingError: As `channels`.
    """
    wanted = channels(options)
    with Recording(options.file) as recording:
        for name, sample in recording.events(wanted):
            yield Step(
                name, replayed(name, sample, 0), sample.capture_ns, sample.valid,
                known_reason(sample.reason), sample.publish_ns, sample.confidence,
            )


def known_reason(value: int) -> Reason:
    """The reason; one that only a newer version knows becomes FAILED."""
    return Reason(value) if value in set(Reason) else Reason.FAILED


def replayed(name: str, sample: Snapshot, shift_ns: int) -> NDArray[np.void]:
    """The record as a replay gives it: marked as one, its inner times moved by `shift_ns`."""
    kind = CHANNELS[name].record
    record = np.frombuffer(bytearray(sample.record), kind.dtype, 1)
    if name.startswith(("head", "hand", "controller", "frame")):
        record["source"] = _SOURCE
    elif name == "gaze":
        record["given_by"] = _SOURCE
    for time in _TIMES.get(kind.id, ()):
        if record[time][0]:
            record[time] = max(0, int(record[time][0]) + shift_ns)
    return record
