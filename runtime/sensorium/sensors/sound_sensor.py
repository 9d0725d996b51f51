"""A device of sound: open only while somebody needs it, closed when muted, back when there."""

from __future__ import annotations

import contextlib
import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Protocol

from sensorium.errors import SensorError
from sensorium.health import Device, Reason
from sensorium.sensors import portaudio
from sensorium.sensors.device_state import REASONS, RETRY_S, State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.sensors.sensor import Demand, SensorIO
    from sensorium.sensors.sound_care import SoundCare

_log = logging.getLogger(__name__)

_TICK_S = 0.25
"""How often the stream is looked at."""
_STALL_NS = 1_000_000_000
"""An open stream that is silent for this long (no callback) is dead."""
_START_NS = 5_000_000_000
"""The same before its first callback: sound servers may take seconds."""


class Known(Protocol):
    """A device, as the user is told of it."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def rate(self) -> int:
        """Hz."""
        ...


class Stream(Protocol):
    """An open stream, whose blocks are delivered by a thread of its own."""

    care: SoundCare
    heard_ns: int

    @property
    def device(self) -> Known:
        """What it listens to."""
        ...

    @property
    def started(self) -> bool:
        """Sound has come."""
        ...

    @property
    def active(self) -> bool:
        """False when it has ended by itself."""
        ...

    @property
    def lost_samples(self) -> int:
        """At 16 kHz, those of the streams before it included."""
        ...

    def close(self) -> None:
        """Nothing is delivered any more afterwards."""
        ...


class SoundSensor(ABC):
    """Keeps one stream open while it is wanted and can be had.

    While it is not open, its channel holds one record that is not valid and says why.
    """

    CHANNEL: ClassVar[str]
    """That it writes: 32 ms blocks at 16 kHz."""
    NAME: ClassVar[str]
    """Of the device, for the user."""
    REMEDY: ClassVar[str]
    """What to do when it gives no more sound."""

    def __init__(self, io: SensorIO) -> None:
        self._io = io
        self._stream: Stream | None = None
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

    @abstractmethod
    def _open(self, session: int, lost_samples: int) -> Stream:
        """Opens the device.

        Args:
            session: Counts openings.
            lost_samples: Lost before, at 16 kHz.

        Raises:
            SensorError: It cannot be opened.
        """

    def _describe(self, stream: Stream) -> tuple[str, str]:
        """What sound an open stream gives, and a remedy where it needs one."""
        said = f"{stream.device.name} at {stream.device.rate} Hz"
        if stream.care.repaired:
            return (
                f"{said}; samples that were no numbers were silenced",
                "look for another driver of the device",
            )
        return said, ""

    @abstractmethod
    def _told(self, demand: Demand, now_ns: int) -> None:
        """Called whenever the device was looked at, for what a sensor publishes beside its sound.

        Args:
            demand: Who needs the device.
            now_ns: The daemon's clock.
        """

    def _tick(self, demand: Demand) -> None:
        if demand.muted:
            self._shut(State.MUTED, demand)
        elif not demand.users:
            self._shut(State.CLOSED, demand)
        elif self._stream is None:
            self._try_open(demand)
        else:
            self._watch(self._stream, demand)

    def _shut(self, state: State, demand: Demand) -> None:
        """Closes the device because of the owner's or the users' will."""
        self._close()
        self._failures = self._retry_ns = 0
        self._tell(state, demand)

    def _try_open(self, demand: Demand) -> None:
        if self._io.clock() < self._retry_ns:
            self._tell(self._state or State.MISSING, demand)
            return
        # The first failure may say on stderr what the system thinks of it, the next ones need not.
        try:
            with portaudio.quiet() if self._failures else contextlib.nullcontext():
                self._stream = self._open(self._openings + 1, self._lost_samples)
        except SensorError as error:
            self._miss(error, demand)
            return
        self._openings += 1
        self._tell(State.OPEN, demand)

    def _watch(self, stream: Stream, demand: Demand) -> None:
        silent_ns = self._io.clock() - stream.heard_ns
        if stream.active and silent_ns < (_STALL_NS if stream.started else _START_NS):
            if stream.started:
                self._failures = 0
            self._tell(State.OPEN, demand)
            said = self._describe(stream)
            if said != self._said:
                self._said = said
                self._io.report("live", *said)
            return
        self._close()
        self._miss(
            SensorError(
                f"the {self.NAME} gives no more sound", self.REMEDY, Reason.DEVICE_MISSING
            ),
            demand,
        )

    def _miss(self, error: SensorError, demand: Demand) -> None:
        wait_s = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
        self._failures += 1
        self._retry_ns = self._io.clock() + int(wait_s * 1e9)
        state = State.DENIED if error.reason == Reason.DENIED else State.MISSING
        self._tell(state, demand, error)

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._lost_samples = self._stream.lost_samples
            self._stream = None

    def _deliver(self, record: NDArray[np.void], capture_ns: int) -> None:
        self._io.publish(self.CHANNEL, record, capture_ns, device=Device.NONE)

    def _tell(self, state: State, demand: Demand, error: SensorError | None = None) -> None:
        """Says the state in words and marks the channel when it has changed."""
        now = self._io.clock()
        if state != self._state:
            self._state, self._changed_ns = state, now
            if state is State.OPEN:
                assert self._stream is not None
                device = self._stream.device
                _log.info("%s open: %s at %d Hz", self.NAME, device.name, device.rate)
                self._said = ("", "")
            else:
                detail, remedy = (error.message, error.remedy) if error else ("", "")
                _log.info("%s %s %s", self.NAME, state.name.lower(), detail)
                self._io.report(state.name.lower(), detail, remedy)
                self._io.publish(
                    self.CHANNEL, None, now, valid=False, reason=REASONS[state], device=Device.NONE
                )
        self._told(demand, now)
