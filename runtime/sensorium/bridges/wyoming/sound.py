"""The sound of audio events, as the models hear it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sensorium.bridges.wyoming.events import BadEvent
from sensorium.sensors.audio_blocks import RATE
from sensorium.sensors.resampler import Resampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TYPES: dict[int, str] = {1: "<i1", 2: "<i2", 4: "<i4"}
"""Bytes of a sample to its type: signed, as Wyoming's own tools take them."""
_RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
"""A filter for any other may be of any size."""
_MOST_CHANNELS = 8


class Format(NamedTuple):
    """What `audio-start` and `audio-chunk` name.

    Attributes:
        rate: Hz.
        width: Bytes of a sample.
        channels: Side by side.
    """

    rate: int
    width: int
    channels: int

    @classmethod
    def of(cls, data: dict[str, Any]) -> Format:
        """The format in an event.

        Raises:
            BadEvent: It is none, or none that can be heard.
        """
        rate, width, channels = (data.get(name) for name in ("rate", "width", "channels"))
        if type(rate) is not int or rate not in _RATES:
            raise BadEvent(f"rate must be one of {', '.join(map(str, _RATES))} Hz")
        if type(width) is not int or width not in _TYPES:
            raise BadEvent("width must be 1, 2 or 4 bytes")
        if type(channels) is not int or not 1 <= channels <= _MOST_CHANNELS:
            raise BadEvent(f"channels must lie in 1 to {_MOST_CHANNELS}")
        return cls(rate, width, channels)


class Conversion:
    """The sound of one stream: mono, 16 kHz.

    Args:
        form: Of all its chunks.
    """

    def __init__(self, form: Format) -> None:
        self.form = form
        self._resampler = Resampler(form.rate, RATE) if form.rate != RATE else None

    def take(self, payload: bytes) -> NDArray[np.float32]:
        """The samples of a chunk, [n], -1..1.

        Raises:
            BadEvent: It ends within a frame.
        """
        form = self.form
        if len(payload) % (form.width * form.channels):
            raise BadEvent("a payload ends within a sample")
        samples = np.frombuffer(payload, _TYPES[form.width]).astype(np.float32)
        samples *= 2.0 ** (1 - 8 * form.width)
        mono = samples.reshape(-1, form.channels).mean(axis=1, dtype=np.float32)
        return mono if self._resampler is None else self._resampler.process(mono)
