"""The microphone: open only while somebody needs it, closed when muted, back when plugged in."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensorError
from sensorium.health import Device, Reason
from sensorium.records import AUDIO, MICROPHONE, encode_text
from sensorium.sensors import portaudio
from sensorium.sensors.capture import Capture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.sensors.sensor import Demand, SensorIO

_log = logging.getLogger(__name__)

_TICK_S = 0.25
"""How often the stream is looked at and the state published."""
_STALL_NS = 1_000_000_000
"""An open stream that is silent for this long (no callback) is dead."""
_START_NS = 5_000_000_000
"""The same before its first callback: sound servers may take seconds."""
_ZERO_S = 5.0
"""Digital silence for so long is no silence of a room."""
_RETRY_S = (0.5, 1.0, 2.0, 4.0)
"""Waits before the device is looked for again; the last repeats."""
_NAME_BYTES = 128


class State(IntEnum):
    """`state` of the record `microphone`."""

    OPEN = 1
    CLOSED = 2
    MUTED = 3
    DENIED = 4
    MISSING = 5


_REASONS = {
    State.CLOSED: Reason.CLOSED,
    State.MUTED: Reason.MUTED,
    State.DENIED: Reason.DENIED,
    State.MISSING: Reason.DEVICE_MISSING,
}


@dataclass(frozen=True)
class MicrophoneOptions:
    """The microphone."""

    device: str = field(
        default="",
        metadata={
            "doc": "A part of the device's name; empty: the system's default; pulse:SOURCE: a "
            "source of PulseAudio or PipeWire."
        },
    )


class Microphone:
    """Writes `audio` (32 ms blocks at 16 kHz) and `microphone` (its state, four times a second).

    While the device is not open, `audio` holds one record that is not valid and says why.
    """

    Options = MicrophoneOptions
    WRITES: tuple[str, ...] = ("audio", "microphone")

    def __init__(self, options: MicrophoneOptions, io: SensorIO) -> None:
        self._options = options
        self._io = io
        self._sounddevice: Any = None
        self._capture: Capture | None = None
        self._state: State | None = None
        self._changed_ns = 0
        self._openings = 0
        self._lost_samples = 0
        self._said = ("", "")
        self._failures = 0
        self._retry_ns = 0

    def run(self) -> None:
        """Loops until the process stops; a missing device is a state."""
        try:
            while True:
                self._tick(self._io.demand())
                if not self._io.wait(_TICK_S):
                    return
        finally:
            self._close()

    def _tick(self, demand: Demand) -> None:
        if demand.muted:
            self._shut(State.MUTED, demand)
        elif not demand.users:
            self._shut(State.CLOSED, demand)
        elif self._capture is None:
            self._try_open(demand)
        else:
            self._watch(self._capture, demand)

    def _shut(self, state: State, demand: Demand) -> None:
        """Closes the device because of the owner's or the users' will."""
        self._close()
        self._failures = self._retry_ns = 0
        self._tell(state, demand)

    def _try_open(self, demand: Demand) -> None:
        if self._io.clock() < self._retry_ns:
            self._tell(self._state or State.MISSING, demand)
            return
        # The first failure may say on stderr what ALSA thinks of it, the next ones need not.
        try:
            with portaudio.quiet() if self._failures else contextlib.nullcontext():
                self._open()
        except SensorError as error:
            self._miss(error, demand)
            return
        self._tell(State.OPEN, demand)

    def _open(self) -> None:
        if self._sounddevice is None:
            self._sounddevice = portaudio.load()
        else:
            self._rescan()
        device = portaudio.find(self._sounddevice, self._options.device)
        self._capture = Capture(
            self._sounddevice, device, self._openings + 1, self._lost_samples, self._deliver,
            self._io.clock, self._io.raised,
        )
        self._openings += 1

    def _rescan(self) -> None:
        try:
            portaudio.rescan(self._sounddevice)
        except self._sounddevice.PortAudioError as error:
            raise portaudio.failure(error) from error

    def _watch(self, capture: Capture, demand: Demand) -> None:
        silent_ns = self._io.clock() - capture.heard_ns
        if capture.active and silent_ns < (_STALL_NS if capture.started else _START_NS):
            if capture.started:
                self._failures = 0
            self._tell(State.OPEN, demand)
            self._account(capture)
            return
        self._close()
        self._miss(
            SensorError(
                "the microphone gives no more sound",
                "plug it in again, or start the sound server",
                Reason.DEVICE_MISSING,
            ),
            demand,
        )

    def _account(self, capture: Capture) -> None:
        """Reports what sound the device gives, again when that has changed."""
        name, care = capture.device.name, capture.care
        said = (f"{name} at {capture.device.rate} Hz", "")
        if care.zero_s >= _ZERO_S:
            said = (
                f"{name} gives nothing but zeros",
                "switch it on: a key on the device, or the system's privacy settings",
            )
        elif care.repaired:
            said = (
                f"{said[0]}; samples that were no numbers were silenced",
                "look for another driver of the device",
            )
        if said != self._said:
            self._said = said
            self._io.report("live", *said)

    def _miss(self, error: SensorError, demand: Demand) -> None:
        wait_s = _RETRY_S[min(self._failures, len(_RETRY_S) - 1)]
        self._failures += 1
        self._retry_ns = self._io.clock() + int(wait_s * 1e9)
        state = State.DENIED if error.reason == Reason.DENIED else State.MISSING
        self._tell(state, demand, error)

    def _close(self) -> None:
        if self._capture is not None:
            self._capture.close()
            self._lost_samples = self._capture.lost_samples
            self._capture = None

    def _deliver(self, record: NDArray[np.void], capture_ns: int) -> None:
        self._io.publish("audio", record, capture_ns, device=Device.NONE)

    def _tell(self, state: State, demand: Demand, error: SensorError | None = None) -> None:
        """Publishes the state; says it in words and marks `audio` when it has changed."""
        now = self._io.clock()
        device = self._capture.device if self._capture else None
        if state != self._state:
            self._state, self._changed_ns = state, now
            if state is State.OPEN:
                assert device is not None
                _log.info("microphone open: %s at %d Hz", device.name, device.rate)
                self._said = ("", "")
            else:
                detail, remedy = (error.message, error.remedy) if error else ("", "")
                _log.info("microphone %s %s", state.name.lower(), detail)
                self._io.report(state.name.lower(), detail, remedy)
                self._io.publish(
                    "audio", AUDIO.zeros(), now, valid=False, reason=_REASONS[state],
                    device=Device.NONE,
                )
        record = MICROPHONE.zeros()
        record["state"] = state
        record["users"] = demand.users
        record["openings"] = self._openings
        record["lost_samples"] = (
            self._capture.lost_samples if self._capture else self._lost_samples
        )
        record["changed_ns"] = self._changed_ns
        if device is not None:
            record["native_rate"] = device.rate
            record["device"] = encode_text(device.name, _NAME_BYTES)[0]
        self._io.publish("microphone", record, now, device=Device.NONE)
