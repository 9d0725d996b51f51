"""A recording played as if it happened now: in real time, faster, or step by step.

The records keep their ages and their distance in capture time; only the moment is another. At
another speed than 1 they are published faster or slower than that, so that a sense sees the same
sound and the same movements and finds the same events; their capture times then run ahead of the
clock, or fall behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium import records
from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.layout import Kind
from sensorium.errors import RecordingError
from sensorium.health import Device, Reason
from sensorium.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from sensorium.channels.reader import Snapshot
    from sensorium.sensors.sensor import SensorIO

SENSOR_CHANNELS = (
    "microphone", "head", "hand_left", "hand_right", "controller_left", "controller_right",
    "gaze", "audio",
)
"""What a replay may write: what sensors write, never what senses made of it."""

_SOUND = ("audio", "microphone")
_TIMES = {records.GAZE.id: ("sample_ns",), records.MICROPHONE.id: ("changed_ns",)}
"""Times inside of records, which move with the rest."""
_SOURCE = 3
"""`source` of head, hands and controllers: a replay."""
_MUTED = 3
"""`state` of the microphone."""
_LAP_NS = 100_000_000
"""Pause between two laps: longer than any record is old, shorter than a state's `max_age_ns`."""
_SLIP_NS = 250_000_000
"""A replay that is later than this (the PC slept) goes on from now, instead of hurrying."""
_NAP_S = 0.1
_IDLE_S = 0.125


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
                name, _record(name, sample, 0), sample.capture_ns, sample.valid,
                _reason(sample.reason), sample.publish_ns, sample.confidence,
            )


class Replay:
    """Plays a recording; see `ReplayOptions`.

    A muted microphone stays silent here too: sound is not published, the state says muted.
    """

    Options = ReplayOptions
    WRITES: tuple[str, ...] = SENSOR_CHANNELS
    writes = staticmethod(channels)
    steps = staticmethod(steps)

    def __init__(self, options: ReplayOptions, io: SensorIO) -> None:
        self._options = options
        self._io = io
        self._end_ns = 0
        self._sessions = 0
        self._last_session = 0
        self._muted = False

    def run(self) -> None:
        """Plays until the process stops; afterwards, and on failure, its channels say why."""
        try:
            self.WRITES = channels(self._options)
            with Recording(self._options.file) as recording:
                self._io.report("live", f"{self._options.file.name}, {self._seconds(recording)}")
                while self._lap(recording):
                    if not self._options.loop:
                        break
                    self._sessions = self._last_session
                else:
                    return
        except RecordingError as error:
            self._io.report("failed", error.message, error.remedy)
            self._end(Reason.FAILED)
        else:
            self._io.report("ended", f"{self._options.file.name} was played to its end")
            self._end(Reason.CLOSED)

    def _lap(self, recording: Recording) -> bool:
        """Plays it once; False when the process stops."""
        pace = 1 / self._options.speed
        start_ns = first_ns = shift_ns = 0
        for name, sample in recording.events(self.WRITES):
            if not first_ns:
                first_ns, start_ns = sample.publish_ns, self._io.clock()
                shift_ns = max(start_ns, self._end_ns + _LAP_NS) - first_ns
            due_ns = start_ns + int((sample.publish_ns - first_ns) * pace)
            if not self._sleep_until(due_ns):
                return False
            late_ns = self._io.clock() - due_ns
            if late_ns > _SLIP_NS:
                start_ns += late_ns
                shift_ns += late_ns
            self._play(name, sample, shift_ns)
            self._end_ns = sample.publish_ns + shift_ns
        return self._sleep_until(self._io.clock() + _LAP_NS)

    def _play(self, name: str, sample: Snapshot, shift_ns: int) -> None:
        if name in _SOUND and self._io.demand().muted:
            self._mute(name)
            return
        record = _record(name, sample, shift_ns)
        if name == "audio":
            if self._muted:
                self._muted = False
                self._sessions = self._last_session
            record["session"] += self._sessions
            self._last_session = int(record["session"][0])
        self._io.publish(
            name, record, sample.capture_ns + shift_ns, valid=sample.valid,
            reason=_reason(sample.reason), confidence=sample.confidence, device=Device.NONE,
        )

    def _mute(self, name: str) -> None:
        now = self._io.clock()
        if name == "microphone":
            record = records.MICROPHONE.zeros()
            record["state"], record["changed_ns"] = _MUTED, now
            self._io.publish(name, record, now, device=Device.NONE)
        elif not self._muted:
            self._muted = True
            self._refuse(name, Reason.MUTED)

    def _end(self, reason: Reason) -> None:
        """Says at eight times a second why there is nothing; an event's ring hears it once."""
        for name in self.WRITES:
            self._refuse(name, reason)
        while self._io.wait(_IDLE_S):
            for name in self.WRITES:
                if CHANNELS[name].kind == Kind.STATE:
                    self._refuse(name, reason)

    def _refuse(self, name: str, reason: Reason) -> None:
        self._io.publish(
            name, CHANNELS[name].record.zeros(), self._io.clock(), valid=False, reason=reason,
            device=Device.NONE,
        )

    def _sleep_until(self, due_ns: int) -> bool:
        while (left_s := (due_ns - self._io.clock()) / 1e9) > 0:
            if not self._io.wait(min(left_s, _NAP_S)):
                return False
        return self._io.wait(0)

    def _seconds(self, recording: Recording) -> str:
        loop = ", again and again" if self._options.loop else ""
        return f"{recording.duration_ns / 1e9:.1f} s{loop}"


def _reason(value: int) -> Reason:
    """The reason; one that only a newer version knows becomes FAILED."""
    return Reason(value) if value in set(Reason) else Reason.FAILED


def _record(name: str, sample: Snapshot, shift_ns: int) -> NDArray[np.void]:
    """The record as a replay gives it: marked as one, its inner times moved by `shift_ns`."""
    kind = CHANNELS[name].record
    record = np.frombuffer(bytearray(sample.record), kind.dtype, 1)
    if name.startswith(("head", "hand", "controller")):
        record["source"] = _SOURCE
    for time in _TIMES.get(kind.id, ()):
        if record[time][0]:
            record[time] = max(0, int(record[time][0]) + shift_ns)
    return record
