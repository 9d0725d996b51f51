"""What a Windows PC plays, captured."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from sensorium.sensors.packet_timeline import PacketTimeline
from sensorium.sensors.server_stream import Listened, ServerStream
from sensorium.sensors.wasapi_windows import HOLDS_NS, RATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sensorium.clock import Clock
    from sensorium.sensors.conversion import Deliver

if sys.platform == "win32":
    from sensorium.sensors.wasapi_windows import Output

    _PERIOD_S = 0.01
    """Of Windows' engine, in which it makes a packet."""
    _SILENT_S = 0.016
    """Twice a block: the fewer looks, the less it costs while nothing is played."""
    _DEFAULT_NS = 1_000_000_000
    """How often it is looked whether the default output is another one."""

    class WasapiLoopback(ServerStream[Output]):
        """A captured output; see `ServerStream`.

        Args:
            name: A part of the output's name; empty: the default output.
            session: See `ServerStream`, as for the others.
            lost_samples: See there.
            deliver: See there.
            clock: See there.
            raised: See there.

        Attributes:
            moved: The default output is another one now.
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
            self.moved = False
            self._name = name
            self._looked_ns = clock()
            super().__init__(
                Listened(name or "the default output", RATE), session, lost_samples, deliver,
                clock, raised,
            )

        def _open(self) -> Output:
            output = Output(self._name)
            self.device = Listened(output.name, RATE)
            return output

        def _read(self, source: Output) -> None:
            timeline = PacketTimeline(RATE, HOLDS_NS, self._clock())
            while not self.closed:
                time.sleep(_SILENT_S if timeline.silent else _PERIOD_S)
                packets = source.packets()
                self.heard_ns = now = self._clock()
                for piece in timeline.take(packets, now):
                    # The packets' own times tell what is missing, not their arrivals.
                    end_ns = min(piece.end_ns, now)
                    self._conversion.take(piece.sound, end_ns, end_ns, dropped=piece.lost)
                if not self._name and now - self._looked_ns > _DEFAULT_NS:
                    self._looked_ns = now
                    self.moved = not source.is_default()
