"""A recording played as if it happened now: in real time, faster, or step by step.

The records keep their ages and their distance in capture time; only the moment is another. At
another speed than 1 they are published faster or slower than that, so that a sense sees the same
sound and the same movements and finds the same events; their capture times then run ahead of the
clock, or fall behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium import records
from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.layout import Kind
from sensorium.errors import RecordingError
from sensorium.health import Device, Reason
from sensorium.recording import Recording
from sensorium.sensors.replayed import (
    SENSOR_CHANNELS,
    ReplayOptions,
    channels,
    known_reason,
    replayed,
    steps,
)

if TYPE_CHECKING:
    from sensorium.channels.reader import Snapshot
    from sensorium.sensors.sensor import SensorIO

_SOUND = ("audio", "output_audio")
_STATES = {"microphone": records.MICROPHONE, "camera": records.CAMERA}
_MUTED = 3
"""`state` of microphone and camera."""
_LAP_NS = 100_000_000
"""Pause between two laps: longer than any record is old, shorter than a state's `max_age_ns`."""
_SLIP_NS = 250_000_000
"""A replay that is later than this (the PC slept) goes on from now, instead of hurrying."""
_LISTENERS_NS = 5_000_000_000
"""How long it waits for the senses to be ready, so that they hear its beginning."""
_NAP_S = 0.1
_IDLE_S = 0.125


class Replay:
    """Plays a recording; see `ReplayOptions`.

    A mute counts here too: neither sound nor pictures are published, the states say muted.
    """

    Options = ReplayOptions
    WRITES: tuple[str, ...] = SENSOR_CHANNELS
    writes = staticmethod(channels)
    steps = staticmethod(steps)

    def __init__(self, options: ReplayOptions, io: SensorIO) -> None:
        self._options = options
        self._io = io
        self._end_ns = 0
        self._sessions = dict.fromkeys(_SOUND, 0)
        self._last_sessions = dict.fromkeys(_SOUND, 0)
        self._muted: set[str] = set()

    def run(self) -> None:
        """Plays until the process stops; afterwards, and on failure, its channels say why."""
        try:
            self.WRITES = channels(self._options)
            with Recording(self._options.file) as recording:
                if not self._wait_for_listeners():
                    return
                self._io.report("live", f"{self._options.file.name}, {self._seconds(recording)}")
                while self._lap(recording):
                    if not self._options.loop:
                        break
                    self._sessions = dict(self._last_sessions)
                else:
                    return
        except RecordingError as error:
            self._io.report("failed", error.message, error.remedy)
            self._end(Reason.FAILED)
        else:
            self._io.report("ended", f"{self._options.file.name} was played to its end")
            self._end(Reason.CLOSED)

    def _wait_for_listeners(self) -> bool:
        """Waits until somebody needs it, not for long; False when the process stops."""
        end_ns = self._io.clock() + _LISTENERS_NS
        while not self._io.demand().users and self._io.clock() < end_ns:
            if not self._io.wait(_NAP_S):
                return False
        return True

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
        if name in (*_SOUND, *_STATES, "frame") and self._io.demand().muted:
            self._mute(name)
            return
        record = replayed(name, sample, shift_ns)
        if name in _SOUND:
            if name in self._muted:
                self._muted.remove(name)
                self._sessions[name] = self._last_sessions[name]
            record["session"] += self._sessions[name]
            self._last_sessions[name] = int(record["session"][0])
        self._io.publish(
            name, record, sample.capture_ns + shift_ns, valid=sample.valid,
            reason=known_reason(sample.reason), confidence=sample.confidence, device=Device.NONE,
        )

    def _mute(self, name: str) -> None:
        now = self._io.clock()
        if name in _STATES:
            record = _STATES[name].zeros()
            record["state"], record["changed_ns"] = _MUTED, now
            self._io.publish(name, record, now, device=Device.NONE)
        elif name == "frame":
            self._refuse(name, Reason.MUTED)
        elif name not in self._muted:
            self._muted.add(name)
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
            name, None, self._io.clock(), valid=False, reason=reason, device=Device.NONE,
        )

    def _sleep_until(self, due_ns: int) -> bool:
        while (left_s := (due_ns - self._io.clock()) / 1e9) > 0:
            if not self._io.wait(min(left_s, _NAP_S)):
                return False
        return self._io.wait(0)

    def _seconds(self, recording: Recording) -> str:
        loop = ", again and again" if self._options.loop else ""
        return f"{recording.duration_ns / 1e9:.1f} s{loop}"
