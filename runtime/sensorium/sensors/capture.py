"""One open input stream of PortAudio: its callback makes blocks of 16 kHz sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.sensors import portaudio
from sensorium.sensors.audio_blocks import RATE, AudioBlocks
from sensorium.sensors.input_clock import InputClock
from sensorium.sensors.resampler import Resampler

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.clock import Clock

    Deliver = Callable[[NDArray[np.void], int], None]


class Capture:
    """An input stream from its opening to its closing.

    The callback runs in PortAudio's own thread, holds the interpreter for about 0.1 ms and
    publishes from there, so that a block waits for no other thread. The first piece is given up:
    what remains of it in the resampler sets the blocks' ends to the pieces' ends, so that a
    finished block does not wait for the next piece.

    Args:
        sounddevice: The module.
        device: From `portaudio.find`.
        period_ms: Length of a piece, the time between two calls of the callback.
        session: Counts openings.
        lost_samples: Lost before, at 16 kHz.
        deliver: Takes each block and the time of its last sample, in the callback's thread.
        clock: The daemon's clock.

    Attributes:
        heard_ns: When the callback last ran; when the stream was opened, before that.
        started: The callback has run.

    Raises:
        SensorError: The device cannot be opened.
    """

    def __init__(
        self,
        sounddevice: Any,
        device: portaudio.Device,
        period_ms: int,
        session: int,
        lost_samples: int,
        deliver: Deliver,
        clock: Clock,
    ) -> None:
        self.device = device
        self.started = False
        self._rate = device.rate
        self._clock = clock
        self._deliver = deliver
        self._sounddevice = sounddevice
        self._resampler = Resampler(device.rate, RATE)
        self._blocks = AudioBlocks(session, lost_samples)
        frames = device.rate * period_ms // 1000
        self._input_clock = InputClock(device.rate)
        self._fed = self._made = 0
        self.heard_ns = clock()
        self._stream: Any = None
        self._open(frames)

    @property
    def lost_samples(self) -> int:
        """Samples lost so far, at 16 kHz, those before this stream included."""
        return self._blocks.lost_samples

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
            try:
                self._stream = self._sounddevice.InputStream(
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

    def _callback(self, sound: NDArray[np.float32], frames: int, time: Any, status: Any) -> None:
        now = self._clock()
        adc = time.inputBufferAdcTime
        end: int | None = None
        if adc > 0:
            # Both clocks are read now: the callback may have waited for the interpreter.
            end = now - round((self._stream.time - adc - frames / self._rate) * 1e9)
        overflow = bool(status.input_overflow) and self.started
        end_ns, lost = self._input_clock.advance(now, end, frames, overflow=overflow)
        if lost or overflow:
            self._blocks.gap(lost * RATE // self._rate)
        # Where a device only opens with several channels, the first is taken: the mean of
        # microphones in an array cancels some of the voice.
        part = self._resampler.process(sound[:, 0])
        self._fed += frames
        self._made += len(part)
        self.heard_ns = now
        if not self.started:
            self.started = True
            return
        held_ns = self._fed * 1_000_000_000 // self._rate - self._made * 1_000_000_000 // RATE
        for record, capture_ns in self._blocks.add(part, end_ns - held_ns):
            self._deliver(record, capture_ns)
