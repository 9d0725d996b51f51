"""A device's deliveries as timed blocks at 16 kHz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.sensors.audio_blocks import RATE, AudioBlocks
from sensorium.sensors.input_clock import InputClock
from sensorium.sensors.resampler import Resampler

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.sensors.sound_care import SoundCare

    Deliver = Callable[[NDArray[np.void], int], None]


class Conversion:
    """The state of one open stream.

    What the resampler holds back of the first delivery is made up for by giving up the rest of it:
    when a delivery is a block's worth, a block ends where a delivery ends from then on, less the
    resampler's own delay.

    Args:
        rate: Hz of the device.
        care: What its sound goes through first.
        session: Counts openings.
        lost_samples: Lost before, at 16 kHz.
        deliver: Takes each block and the time of its last sample.

    Attributes:
        started: Sound has come.
    """

    def __init__(
        self, rate: int, care: SoundCare, session: int, lost_samples: int, deliver: Deliver
    ) -> None:
        self.started = False
        self._rate = rate
        self._care = care
        self._deliver = deliver
        self._resampler = Resampler(rate, RATE)
        self._blocks = AudioBlocks(session, lost_samples)
        self._clock = InputClock(rate)
        self._fed = self._made = 0

    @property
    def lost_samples(self) -> int:
        """Samples lost so far, at 16 kHz, those before this stream included."""
        return self._blocks.lost_samples

    def take(
        self,
        interleaved: NDArray[np.float32],
        now_ns: int,
        end_ns: int | None,
        *,
        dropped: int = 0,
        overflow: bool = False,
    ) -> None:
        """Takes a delivery.

        Args:
            interleaved: [frames * channels], any values.
            now_ns: When it arrived.
            end_ns: When its last sample was taken, as the backend says; None: it does not.
            dropped: Frames before it that were given up here.
            overflow: The backend says that frames before it were lost.
        """
        sound = self._care.process(interleaved)
        ended_ns, lost = self._clock.advance(
            now_ns, end_ns, dropped + len(sound), overflow=overflow
        )
        lost += dropped
        if lost or overflow:
            self._blocks.gap(lost * RATE // self._rate)
        part = self._resampler.process(sound)
        self._fed += len(sound)
        self._made += len(part)
        if not self.started:
            self.started = True
            return
        held_ns = self._fed * 1_000_000_000 // self._rate - self._made * 1_000_000_000 // RATE
        for record, capture_ns in self._blocks.add(part, ended_ns - held_ns):
            self._deliver(record, capture_ns)
