"""The microphone: what the wearer says, and whether somebody listens."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensorError, SensorSilent
from sensorium.health import Device
from sensorium.records import MICROPHONE, encode_text
from sensorium.sensors import portaudio
from sensorium.sensors.capture import Capture
from sensorium.sensors.lull import Lull
from sensorium.sensors.pulse_capture import PulseCapture
from sensorium.sensors.sound_sensor import SoundSensor

if TYPE_CHECKING:
    from sensorium.sensors.sensor import Demand, SensorIO
    from sensorium.sensors.sound_sensor import Stream

_log = logging.getLogger(__name__)

_ZERO_S = 5.0
"""Digital silence for so long is no silence of a room."""
_NAME_BYTES = 128


@dataclass(frozen=True)
class MicrophoneOptions:
    """The microphone."""

    device: str = field(
        default="",
        metadata={
            "doc": "A part of the device's name; empty: the default of the sound server, else of "
            "the system; pulse:SOURCE: a source of PulseAudio or PipeWire."
        },
    )


class Microphone(SoundSensor):
    """Writes `audio` and `microphone` (its state, four times a second)."""

    Options = MicrophoneOptions
    WRITES: tuple[str, ...] = ("audio", "microphone")
    CHANNEL = "audio"
    NAME = "microphone"
    REMEDY = "plug it in again, or start the sound server"

    def __init__(self, options: MicrophoneOptions, io: SensorIO) -> None:
        super().__init__(io)
        self._options = options
        self._sounddevice: Any = None

    def _open(self, session: int, lost_samples: int) -> Stream:
        source = _source(self._options.device)
        if source is not None:
            try:
                return PulseCapture(
                    source, session, lost_samples, self._deliver, self._io.clock, self._io.raised,
                    Lull(self._io.silent),
                )
            except SensorSilent:
                raise
            except SensorError as error:
                _log.debug("not by the sound server itself: %s", error)
        return self._open_by_portaudio(session, lost_samples)

    def _open_by_portaudio(self, session: int, lost_samples: int) -> Stream:
        if self._sounddevice is None:
            self._sounddevice = portaudio.load()
        else:
            self._rescan()
        with portaudio.chosen(self._options.device):
            device = portaudio.find(self._sounddevice, self._options.device)
            return Capture(
                self._sounddevice, device, session, lost_samples, self._deliver, self._io.clock,
                self._io.raised, Lull(self._io.silent),
            )

    def _rescan(self) -> None:
        try:
            portaudio.rescan(self._sounddevice)
        except self._sounddevice.PortAudioError as error:
            raise portaudio.failure(error) from error

    def _describe(self, stream: Stream) -> tuple[str, str]:
        if stream.care.zero_s >= _ZERO_S:
            return (
                f"{stream.device.name} gives nothing but zeros",
                "switch it on: a key on the device, or the system's privacy settings",
            )
        return super()._describe(stream)

    def _told(self, demand: Demand, now_ns: int) -> None:
        record = MICROPHONE.zeros()
        assert self._state is not None
        record["state"] = self._state
        record["users"] = demand.users
        record["openings"] = self._openings
        record["changed_ns"] = self._changed_ns
        stream = self._stream
        record["lost_samples"] = stream.lost_samples if stream else self._lost_samples
        if stream is not None:
            record["native_rate"] = stream.device.rate
            record["device"] = encode_text(stream.device.name, _NAME_BYTES)[0]
        self._io.publish("microphone", record, now_ns, device=Device.NONE)


def _source(device: str) -> str | None:
    """The sound server's source that a device's name means; None: it means none of a server's."""
    if sys.platform == "win32":
        return None
    if device.startswith(portaudio.PULSE):
        return device.removeprefix(portaudio.PULSE)
    return "" if device in ("", "pulse") else None
