"""One open stream of a sound server, read in a thread of its own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from sensorium.errors import SensorError, SensorSilent
from sensorium.health import Reason
from sensorium.sensors.conversion import Conversion
from sensorium.sensors.sound_care import SoundCare

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sensorium.clock import Clock
    from sensorium.sensors.conversion import Deliver

_OPEN_S = 3.0
"""A server that has not answered by then hangs."""
_CLOSE_S = 0.5
"""The next piece of sound comes sooner."""


class Listened(NamedTuple):
    """What is listened to.

    Attributes:
        name: For the user.
        rate: Hz.
    """

    name: str
    rate: int


class Closable(Protocol):
    """An open source."""

    def close(self) -> None:
        """Lets go of it."""
        ...


_Source = TypeVar("_Source", bound=Closable)


class ServerStream(ABC, Generic[_Source]):
    """A source from its opening to its closing.

    The server's library blocks, for good when the server hangs. So all of it happens in a thread,
    which is left to itself when it does not come back, and ends when it does.

    Args:
        device: What is listened to.
        session: Counts openings.
        lost_samples: Lost before, at 16 kHz.
        deliver: Takes each block and the time of its last sample, in the stream's thread.
        clock: The daemon's clock.
        raised: See `SensorIO.raised`; held while the thread runs.

    Attributes:
        care: What the sound goes through first.
        device: As given.
        heard_ns: When sound last came; when the stream was opened, before that.

    Raises:
        SensorError: The source cannot be opened.
        SensorSilent: The server does not answer.
    """

    def __init__(
        self,
        device: Listened,
        session: int,
        lost_samples: int,
        deliver: Deliver,
        clock: Clock,
        raised: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.device = device
        self.care = SoundCare(1, device.rate)
        self.heard_ns = clock()
        self._clock = clock
        self._raised = raised
        self._deliver: Deliver | None = deliver
        self._lock = threading.Lock()
        self._conversion = Conversion(
            device.rate, self.care, session, lost_samples, self._pass_on
        )
        self._opened = threading.Event()
        self._failure: SensorError | None = None
        self._thread = threading.Thread(target=self._run, name=device.name, daemon=True)
        self._thread.start()
        if not self._opened.wait(_OPEN_S):
            self.close()
            raise SensorSilent(
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

    @property
    def closed(self) -> bool:
        """Nothing is delivered any more."""
        return self._deliver is None

    def close(self) -> None:
        """Nothing is delivered any more afterwards; the source is let go of in its own thread."""
        with self._lock:
            self._deliver = None
        self._thread.join(_CLOSE_S)

    @abstractmethod
    def _open(self) -> _Source:
        """Opens the source; raises SensorError. In the stream's thread."""

    @abstractmethod
    def _read(self, source: _Source) -> None:
        """Converts what comes until it is `closed`; raises SensorError. In the stream's thread."""

    def _pass_on(self, record: Any, capture_ns: int) -> None:
        with self._lock:
            if self._deliver is not None:
                self._deliver(record, capture_ns)

    def _run(self) -> None:
        try:
            source = self._open()
        except SensorError as error:
            self._failure = error
            return
        finally:
            self._opened.set()
        try:
            with self._raised():
                self._read(source)
        except SensorError as error:
            self._failure = error
        finally:
            source.close()
