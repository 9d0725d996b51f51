"""What the PC plays, captured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.records.sensors import AUDIO_BLOCK
from sensorium.sensors import pulse_format, pulse_simple
from sensorium.sensors.audio_blocks import RATE
from sensorium.sensors.pulse_simple import Source
from sensorium.sensors.server_stream import Listened, ServerStream

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sensorium.clock import Clock
    from sensorium.sensors.conversion import Deliver

DEFAULT = "@DEFAULT_MONITOR@"
"""The server's own word for the monitor of its default output."""
_LOOK_AGAIN_S = 5.0
"""Digital silence for so long: the default output may be another one meanwhile."""


class Loopback(ServerStream[Source]):
    """A captured output; see `ServerStream`.

    Args:
        name: Of a source; empty: the monitor of the default output.
        session: See `ServerStream`, as for the others.
        lost_samples: See there.
        deliver: See there.
        clock: See there.
        raised: See there.
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
        self._library = pulse_simple.load()
        self._name = name
        super().__init__(
            Listened(name or DEFAULT, pulse_format.RATE), session, lost_samples, deliver, clock,
            raised,
        )

    @property
    def moved(self) -> bool:
        """The default output may be another one: a stream stays where it is while it has sound."""
        return not self._name and self.care.zero_s > _LOOK_AGAIN_S

    def _open(self) -> Source:
        return Source(self._library, self.device.name, self.device.rate * AUDIO_BLOCK // RATE)

    def _read(self, source: Source) -> None:
        while not self.closed:
            sound = source.read()
            self.heard_ns = now = self._clock()
            # When the server mixed it, shortly before it is heard: the latency that a monitor
            # tells is wrong by half a second until it has settled.
            self._conversion.take(sound, now, None)
