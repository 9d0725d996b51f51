"""What the PC plays: the game's own voices, so that they can be told from the wearer's."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sensorium.sensors.sound_sensor import SoundSensor, Stream

if TYPE_CHECKING:
    from sensorium.sensors.sensor import Demand, SensorIO


@dataclass(frozen=True)
class OutputOptions:
    """Which output."""

    device: str = field(
        default="",
        metadata={
            "doc": "A monitor source of PulseAudio or PipeWire (`pactl list short sources`); on "
            "Windows a part of an output's name, or of an input's that carries what is played; "
            "empty: the default output, also when it is another one later."
        },
    )


class OutputStream(Stream, Protocol):
    """A captured output."""

    @property
    def moved(self) -> bool:
        """What is played may be played on another output now."""
        ...


class OutputSound(SoundSensor):
    """Writes `output_audio`; follows the default output, which headset software changes."""

    Options = OutputOptions
    WRITES: tuple[str, ...] = ("output_audio",)
    CHANNEL = "output_audio"
    NAME = "output's monitor"
    REMEDY = "start the sound server, or plug the output in again"

    def __init__(self, options: OutputOptions, io: SensorIO) -> None:
        super().__init__(io)
        self._options = options
        self._output: OutputStream | None = None

    def _open(self, session: int, lost_samples: int) -> Stream:
        if sys.platform == "win32":
            from sensorium.sensors.wasapi_loopback import WasapiLoopback as Loopback
        else:
            from sensorium.sensors.loopback import Loopback
        self._output = Loopback(
            self._options.device, session, lost_samples, self._deliver, self._io.clock,
            self._io.raised,
        )
        return self._output

    def _told(self, demand: Demand, now_ns: int) -> None:
        """Opens the default output again where it may be another one."""
        if self._stream is not None and self._output is not None and self._output.moved:
            self._close()
            self._try_open(demand)
