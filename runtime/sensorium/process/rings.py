"""Any channel's records, as far back as its ring reaches: what a sense looks up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.health import Reason
from sensorium.perception.expected import Expected
from sensorium.perception.sense import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.channels.region import Region
    from sensorium.perception.sense import Apps
    from sensorium.process.outputs import Outputs


class ChannelRings:
    """See `perception.sense.Rings`.

    Args:
        outputs: The process's regions; it may read all of them, what it writes included.
        substitutes: Channel to the one that is read instead.
        expected: See `Rings.expected`; one for all senses of the process.
    """

    def __init__(
        self,
        outputs: Outputs,
        substitutes: Mapping[str, str] | None = None,
        expected: Expected | None = None,
    ) -> None:
        self._outputs = outputs
        self._substitutes = substitutes or {}
        self.expected = expected or Expected()
        self._known: dict[tuple[str, int], Cursor] = {}

    @property
    def apps(self) -> Apps:
        """See `Rings.apps`."""
        return self._outputs.apps

    @property
    def live(self) -> bool:
        """See `Rings.live`."""
        return not self._outputs.deferred

    def source(self, channel: str) -> str:
        """The channel that is read where `channel` is asked for."""
        return self._substitutes.get(channel, channel)

    def latest(self, channel: str) -> int:
        """See `Rings.latest`."""
        ring = self._ring(channel)
        return ring.latest() if ring is not None else 0

    def generation(self, channel: str) -> int:
        """See `Rings.generation`."""
        ring = self._ring(channel)
        return ring.region.generation if ring is not None else 0

    def at(self, channel: str, n: int, generation: int | None = None) -> Sample | None:
        """See `Rings.at`."""
        ring = self._ring(channel, generation)
        if ring is None or not 0 < n <= ring.latest():
            return None
        ring.seek(n)
        ring.next(self._outputs.clock())
        found = ring.sample
        if found.n != n:
            return None
        return Sample(
            found.view(CHANNELS[channel].record), found.capture_ns, found.valid,
            Reason(found.reason), n, ring.region.generation,
        )

    def _ring(self, channel: str, generation: int | None = None) -> Cursor | None:
        channel = self.source(channel)
        name = CHANNELS[channel].region
        mapped = self._outputs.regions.get(name)
        if mapped is None:
            return None
        region: Region | None = mapped[0]
        if generation is not None and generation != mapped[0].generation:
            region = self._outputs.earlier.get(name)
            if region is None or region.generation != generation:
                return None
        assert region is not None
        ring = self._known.get((channel, region.generation))
        if ring is None or ring.region is not region:
            earlier = self._outputs.earlier.get(name)
            for key, old in tuple(self._known.items()):
                if key[0] == channel and old.region is not earlier:
                    # Nobody else holds it any more.
                    del self._known[key]
            ring = Cursor(region, channel, live=False)
            self._known[channel, region.generation] = ring
        return ring
