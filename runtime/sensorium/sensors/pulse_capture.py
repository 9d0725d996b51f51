"""A sound server's microphone: small pieces while somebody speaks, larger ones in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.records.sensors import AUDIO_BLOCK
from sensorium.sensors import pulse_format, pulse_record
from sensorium.sensors.audio_blocks import RATE
from sensorium.sensors.lull import MOST
from sensorium.sensors.pulse_record import Recording
from sensorium.sensors.server_stream import Listened, ServerStream

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from sensorium.clock import Clock
    from sensorium.sensors.conversion import Deliver
    from sensorium.sensors.lull import Lull

_BLOCK = pulse_format.RATE * AUDIO_BLOCK // RATE
_PIECE = _BLOCK // 3
"""10.7 ms. A server that moves in steps of its own holds a block back by up to one piece."""
_NAME = "pulse"


class PulseCapture(ServerStream[Recording]):
    """A source of a sound server; see `ServerStream`.

    Args:
        source: Its name; empty: the server's default.
        session: See `ServerStream`, as for the others.
        lost_samples: See there.
        deliver: See there.
        clock: See there.
        raised: See there.
        lull: Says when blocks may wait.
    """

    def __init__(
        self,
        source: str,
        session: int,
        lost_samples: int,
        deliver: Deliver,
        clock: Clock,
        raised: Callable[[], AbstractContextManager[None]],
        lull: Lull,
    ) -> None:
        self._library = pulse_record.load()
        self._source = source
        self._lull = lull
        self._aside = np.empty(MOST * _BLOCK, np.float32)
        self._filled = self._lost = 0
        self._waits = False
        self._recording: Recording | None = None
        super().__init__(
            Listened(_NAME, pulse_format.RATE), session, lost_samples, deliver, clock, raised
        )

    def close(self) -> None:
        """See `ServerStream.close`."""
        with self._lock:
            self._deliver = None
            if self._recording is not None:
                self._recording.wake()
        super().close()

    def _open(self) -> Recording:
        return Recording(self._library, self._source, _PIECE)

    def _read(self, source: Recording) -> None:
        with self._lock:
            self._recording = source
        try:
            while not self.closed:
                sound, lost = source.read()
                if lost:
                    self._lose(lost)
                if len(sound):
                    waited = self._waits
                    self._hear(sound, source.latency_ns())
                    if waited != self._waits:
                        source.deliver(_BLOCK if self._waits else _PIECE)
        finally:
            with self._lock:
                self._recording = None

    def _hear(self, sound: NDArray[np.float32], latency_ns: int | None) -> None:
        """Puts sound aside and makes blocks of it, as soon as they may not wait."""
        self.heard_ns = now = self._clock()
        while len(sound):
            part = sound[: _BLOCK - self._filled % _BLOCK]
            sound = sound[len(part) :]
            begin, self._filled = self._filled, self._filled + len(part)
            self._aside[begin : self._filled] = part
            if self._filled % _BLOCK:
                return
            block = self._aside[self._filled - _BLOCK : self._filled]
            self._waits = self._lull.holds(block, now, first=self._filled == _BLOCK)
            if not self._waits or self._filled == len(self._aside):
                behind_ns = len(sound) * 1_000_000_000 // self.device.rate
                end_ns = now - behind_ns - (latency_ns or 0)
                self._take(self._filled, now, end_ns)

    def _lose(self, frames: int) -> None:
        """Sound is missing behind what was put aside: whole blocks are made, the rest given up."""
        rest = self._filled % _BLOCK
        if self._filled > rest:
            self._take(self._filled - rest, self.heard_ns, self.heard_ns)
        self._filled = 0
        self._lost += rest + frames

    def _take(self, count: int, now: int, end_ns: int) -> None:
        self._conversion.take(self._aside[:count], now, end_ns, dropped=self._lost)
        self._filled = self._lost = 0
