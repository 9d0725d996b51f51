"""One open input stream of PortAudio: its callback makes blocks of 16 kHz sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.records.sensors import AUDIO_BLOCK
from sensorium.sensors import portaudio
from sensorium.sensors.audio_blocks import RATE
from sensorium.sensors.conversion import Conversion
from sensorium.sensors.lull import MOST
from sensorium.sensors.sound_care import SoundCare

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sensorium.clock import Clock
    from sensorium.sensors.conversion import Deliver
    from sensorium.sensors.lull import Lull

_PIECES = 3
"""Deliveries in a block: every 10.7 ms, 512 frames at 48 kHz. A sound server that moves in steps
of its own holds a block back by up to one delivery."""
_FLOAT_BYTES = 4


class Capture:
    """An input stream from its opening to its closing.

    The callback runs in PortAudio's own thread. It only puts a delivery aside until a block's
    worth is there (a wake-up costs more than its work), then makes the block and publishes it
    from there, so that a block waits for no other thread. In a lull it waits for the next ones.

    Args:
        sounddevice: The module.
        device: From `portaudio.find`.
        session: Counts openings.
        lost_samples: Lost before, at 16 kHz.
        deliver: Takes each block and the time of its last sample, in the callback's thread.
        clock: The daemon's clock.
        raised: See `SensorIO.raised`; held while a block is made.
        lull: Says when blocks may wait.

    Attributes:
        care: What the sound goes through first.
        heard_ns: When the callback last ran; when the stream was opened, before that.

    Raises:
        SensorError: The device cannot be opened.
    """

    def __init__(
        self,
        sounddevice: Any,
        device: portaudio.Device,
        session: int,
        lost_samples: int,
        deliver: Deliver,
        clock: Clock,
        raised: Callable[[], AbstractContextManager[None]],
        lull: Lull,
    ) -> None:
        self.device = device
        self._rate = device.rate
        self._clock = clock
        self._raised = raised
        self._lull = lull
        self._sounddevice = sounddevice
        self._goes_on = (session, lost_samples, deliver)
        self._dropped = 0
        self._overflow = False
        self.heard_ns = clock()
        self._stream: Any = None
        self._open(device.rate * AUDIO_BLOCK // RATE // _PIECES)

    @property
    def started(self) -> bool:
        """Sound has come."""
        return self._conversion.started

    @property
    def lost_samples(self) -> int:
        """Samples lost so far, at 16 kHz, those before this stream included."""
        return self._conversion.lost_samples

    @property
    def active(self) -> bool:
        """False when the stream has ended by itself: the device or its server is gone."""
        return bool(self._stream.active)

    def close(self) -> None:
        """Closes the device. The callback does not run any more afterwards."""
        # Errors are of no use here: the device may be gone already.
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)

    def _open(self, frames: int) -> None:
        errors = self._sounddevice.PortAudioError
        last: Exception | None = None
        for channels in dict.fromkeys((1, min(2, self.device.channels), self.device.channels)):
            self._channels = channels
            self.care = SoundCare(channels, self._rate)
            self._conversion = Conversion(self._rate, self.care, *self._goes_on)
            # A view takes a delivery as it is; a bytearray makes a copy of it first.
            self._block = _PIECES * frames * channels * _FLOAT_BYTES
            self._aside = memoryview(bytearray(MOST * self._block))
            self._filled = self._whole_ns = 0
            try:
                self._stream = self._sounddevice.RawInputStream(
                    samplerate=self._rate, blocksize=frames, device=self.device.index,
                    channels=channels, dtype="float32", latency="low", callback=self._callback,
                )
            except errors as error:
                last = error
                continue
            try:
                self._stream.start()
            except errors as error:
                self._stream.close(ignore_errors=True)
                last = error
            else:
                return
        assert last is not None
        raise portaudio.failure(last) from last

    def _callback(self, sound: Any, frames: int, time: Any, status: Any) -> None:
        self.heard_ns = now = self._clock()
        if status and status.input_overflow and self.started:
            self._lose(frames)
        end = self._filled + len(sound)
        self._aside[self._filled : end] = sound
        self._filled = end
        if not end % self._block and not self._waits(now):
            self._filled = 0
            with self._raised():
                self._take(end, now, frames, time.inputBufferAdcTime)

    def _waits(self, now: int) -> bool:
        """Whether what was put aside waits for another block; asked at the end of each."""
        begin = self._filled - self._block
        block = np.frombuffer(self._aside[begin : self._filled], np.float32)
        self._whole_ns = now
        return self._lull.holds(block, now, first=not begin) and self._filled < len(self._aside)

    def _lose(self, frames: int) -> None:
        """Sound is missing behind what was put aside: whole blocks are made, the rest given up."""
        rest = self._filled % self._block
        if self._filled > rest:
            with self._raised():
                self._take(self._filled - rest, self._whole_ns, frames, 0.0)
        self._dropped += rest // (self._channels * _FLOAT_BYTES)
        self._overflow = True
        self._filled = 0

    def _take(self, size: int, now: int, frames: int, adc_s: float) -> None:
        """Makes blocks of what was put aside; its newest `frames` began at `adc_s`."""
        end: int | None = None
        if adc_s > 0:
            # Both clocks are read now: the callback may have waited for the interpreter.
            end = self._clock() - round((self._stream.time - adc_s - frames / self._rate) * 1e9)
        self._conversion.take(
            np.frombuffer(self._aside[:size], np.float32), now, end,
            dropped=self._dropped, overflow=self._overflow,
        )
        self._dropped, self._overflow = 0, False
