"""The bridge to avatars that are made for VRCFaceTracking."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.bridges.channels import Channels
from sensorium.bridges.osc import probe
from sensorium.bridges.osc.opening import open_link
from sensorium.bridges.osc.options import OscOptions
from sensorium.bridges.unified_expressions import eyes, face
from sensorium.bridges.unified_expressions.face import Face

if TYPE_CHECKING:
    from sensorium.bridges.bridge import Host
    from sensorium.bridges.osc.parameter import Parameter


@dataclass(frozen=True)
class UnifiedExpressionsOptions(OscOptions):
    """Which parts of a face."""

    eyes: bool = field(
        default=True,
        metadata={"doc": "Whether it is told where the eyes look, where the headset tracks them."},
    )
    face: bool = field(
        default=False,
        metadata={
            "doc": "Whether it is told how the face moves that the camera sees; needs the sense "
            "face. The camera is open while this bridge runs."
        },
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
        return (
            *(("gaze", "motion") if options.eyes else ()),
            *(("camera",) if options.face else ()),
        )

    @staticmethod
    def prove(detail: str) -> str:
        """See `Bridge`."""
        return probe.prove(detail)

    async def run(self) -> None:
        """See `Bridge`."""
        options = self._options
        names = [
            *(eyes.CHANNELS if options.eyes else ()), *(face.CHANNELS if options.face else ())
        ]
        channels = Channels(self.APP, self._host.folder, names)
        seen = Face()
        try:
            async with open_link(
                "Sensorium-Face", options, self._host, self._parameters()
            ) as link:
                while True:
                    await channels.look()
                    # What the headset sees of the eyes is surer than what a camera does.
                    link.flush({**seen.values(channels), **eyes.values(channels)})
                    link.note("; ".join(error.message for error in channels.refused))
                    await asyncio.sleep(1.0 / options.rate_hz)
        finally:
            channels.close()

    def _parameters(self) -> list[Parameter]:
        """Each once: eyes are seen by both."""
        found = [
            *(eyes.parameters() if self._options.eyes else ()),
            *(Face.parameters() if self._options.face else ()),
        ]
        return list({one.name: one for one in found}.values())
