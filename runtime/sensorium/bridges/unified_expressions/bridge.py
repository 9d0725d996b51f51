"""The bridge to avatars that are made for VRCFaceTracking."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.bridges.channels import Channels
from sensorium.bridges.osc import probe
from sensorium.bridges.osc.opening import open_link
from sensorium.bridges.osc.options import OscOptions
from sensorium.bridges.unified_expressions import eyes

if TYPE_CHECKING:
    from sensorium.bridges.bridge import Host


@dataclass(frozen=True)
class UnifiedExpressionsOptions(OscOptions):
    """Which parts of a face."""

    eyes: bool = field(
        default=True,
        metadata={"doc": "Whether it is told where the eyes look, where the headset tracks them."},
    )


class UnifiedExpressions:
    """See `bridge.Bridge`."""

    Options = UnifiedExpressionsOptions
    APP = "sensorium-unified-expressions"

    def __init__(self, options: UnifiedExpressionsOptions, host: Host) -> None:
        self._options = options
        self._host = host

    @staticmethod
    def classes(options: UnifiedExpressionsOptions) -> tuple[str, ...]:
        """See `Bridge`: where eyes look in the head takes the head's pose, too."""
        return ("gaze", "motion") if options.eyes else ()

    @staticmethod
    def prove(detail: str) -> str:
        """See `Bridge`."""
        return probe.prove(detail)

    async def run(self) -> None:
        """See `Bridge`."""
        names = eyes.CHANNELS if self._options.eyes else ()
        parameters = eyes.parameters() if self._options.eyes else ()
        channels = Channels(self.APP, self._host.folder, names)
        try:
            async with open_link(
                "Sensorium-Face", self._options, self._host, parameters
            ) as link:
                while True:
                    await channels.look()
                    link.flush(eyes.values(channels))
                    link.note("; ".join(error.message for error in channels.refused))
                    await asyncio.sleep(1.0 / self._options.rate_hz)
        finally:
            channels.close()
