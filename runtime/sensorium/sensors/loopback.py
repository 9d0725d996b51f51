"""What the PC plays, captured: one open stream, read in a thread of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium.errors import SensorError
from sensorium.health import Reason
from sensorium.records.sensors import AUDIO_BLOCK
from sensorium.sensors import pulse_simple
from sensorium.sensors.audio_blocks import RATE
from sensorium.sensors.conversion import Conversion
from sensorium.sensors.pulse_simple import Source
from sensorium.sensors.sound_care import SoundCare

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sensorium.clock import Clock
    from sensorium.sensors.conversion import Deliver

DEFAULT = "@DEFAULT_MONITOR@"
"""The server's own word for the monitor of its default output."""

_OPEN_S = 3.0
"""A server that has not answered by then hangs."""
_CLOSE_S = 0.5
"""The next block comes sooner."""


class Output(NamedTuple):
    """What is captured.

    Attributes:
        name: Of the source.
        rate: Hz.
    """

    name: str
    rate: int


class Loopback:
    """A captured output from its opening to its closing.

    The server's library blocks, for good when the server hangs. So all of it happens in a thread,
    which is left to itself when it does not come back, and ends when it does.

    Args:
        name: Of a source; empty: the monitor of the default output.
        session: Counts openings.
        lost_samples: Lost before, at 16 kHz.
        deliver: Takes each block and the time of its last sample, in the stream's thread.
        clock: The daemon's clock.
        raised: See `SensorIO.raised`; held while the thread runs.

    Attributes:
        care: What the sound goes through first.
        device: What is captured.
        heard_ns: When sound last came; when the stream was opened, before that.

    Raises:
        SensorError: The source cannot be opened.
    """

    def __init__(
        self,
        name: str,
        session: int,
        lost_samples: int,
        deliver: Deliver,
        clock: Clock,
        raised: Callable[[], AbstractContextManager[None]],
    ) -> None:
        library = pulse_simple.load()
        self.device = Output(name or DEFAULT, pulse_simple.RATE)
        self.care = SoundCare(1, self.device.rate)
        self.heard_ns = clock()
        self._clock = clock
        self._raised = raised
        self._deliver: Deliver | None = deliver
        self._lock = threading.Lock()
        self._conversion = Conversion(
            self.device.rate, self.care, session, lost_samples, self._pass_on
        )
        self._opened = threading.Event()
        self._failure: SensorError | None = None
        self._thread = threading.Thread(
            target=self._run, args=(library,), name="loopback", daemon=True
        )
        self._thread.start()
        if not self._opened.wait(_OPEN_S):
            self.close()
            raise SensorError(
                "the sound server does not answer", "start it again", Reason.DEVICE_MISSING
            )
        if self._failure is not None:
            raise self._failure

    @property
    def started(self) -> bool:
        """Sound has come."""
        return self._conversion.started

    @property
    def active(self) -> bool:
        """False when the source or its server is gone."""
        return self._failure is None

    @property
    def lost_samples(self) -> int:
        """At 16 kHz, those of the streams before it included."""
        return self._conversion.lost_samples

    def close(self) -> None:
        """Nothing is delivered any more afterwards; the source is let go of in its own thread."""
        with self._lock:
            self._deliver = None
        self._thread.join(_CLOSE_S)

    def _pass_on(self, record: Any, capture_ns: int) -> None:
        with self._lock:
            if self._deliver is not None:
                self._deliver(record, capture_ns)

    def _run(self, library: Any) -> None:
        try:
            source = Source(library, self.device.name, self.device.rate * AUDIO_BLOCK // RATE)
        except SensorError as error:
            self._failure = error
            return
        finally:
            self._opened.set()
        try:
            self._read(source)
        except SensorError as error:
            self._failure = error
        finally:
            source.close()

    def _read(self, source: Source) -> None:
        with self._raised():
            while self._deliver is not None:
                sound = source.read()
                self.heard_ns = now = self._clock()
                # When the server mixed it, shortly before it is heard: the latency that a monitor
                # tells is wrong by half a second until it has settled.
                self._conversion.take(sound, now, None)
