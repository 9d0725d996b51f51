"""What the PC plays: the game's own voices, so that they can be told from the wearer's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.sensors.loopback import Loopback
from sensorium.sensors.sound_sensor import SoundSensor

if TYPE_CHECKING:
    from sensorium.sensors.sensor import Demand, SensorIO
    from sensorium.sensors.sound_sensor import Stream

_LOOK_AGAIN_S = 5.0
"""Digital silence for so long: the default output may be another one meanwhile."""


@dataclass(frozen=True)
class OutputOptions:
    """Which output."""

    device: str = field(
        default="",
        metadata={
            "doc": "A monitor source of PulseAudio or PipeWire (`pactl list short sources`); "
            "empty: the default output's."
        },
    )


class OutputSound(SoundSensor):
    """Writes `output_audio`.

    While it is silent it opens the default output again now and then, since headset software
    changes that; a stream stays where it is as long as it gives sound.
    """

    Options = OutputOptions
    WRITES: tuple[str, ...] = ("output_audio",)
    CHANNEL = "output_audio"
    NAME = "output's monitor"
    REMEDY = "start the sound server, or plug the output in again"

    def __init__(self, options: OutputOptions, io: SensorIO) -> None:
        super().__init__(io)
        self._options = options

    def _open(self, session: int, lost_samples: int) -> Stream:
        return Loopback(
            self._options.device, session, lost_samples, self._deliver, self._io.clock,
            self._io.raised,
        )

    def _told(self, demand: Demand, now_ns: int) -> None:
        """Looks again for the default output when it has been silent for long."""
        stream = self._stream
        if stream is not None and not self._options.device and stream.care.zero_s > _LOOK_AGAIN_S:
            self._close()
            self._try_open(demand)
