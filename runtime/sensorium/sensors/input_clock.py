"""When a microphone's samples were taken, and whether some were lost on the way."""

from __future__ import annotations

_GAIN = 0.1
"""Part of the difference between the expected and the observed time that is believed at once."""
_RESYNC_NS = 40_000_000
"""A larger difference is no jitter: the observed time is taken as it is."""
_BELIEVABLE_NS = 1_000_000_000
"""A backend that says that the sound is older than this does not know."""
_GAP_NS = 50_000_000
"""Sound that keeps coming this much later than before: samples are missing in between."""
_PATIENCE_NS = 250_000_000
"""How long it must keep coming late. A single late delivery is no loss: the rest catches up."""
_DRIFT = 0.01
"""How fast the usual arrival follows the device's own clock, per piece."""


class InputClock:
    """Follows one open stream.

    Two questions, two sources. *When*: the backend's ADC time where it makes sense (never in the
    future: PulseAudio's ALSA plugin reports that), else the arrival, smoothed over the known
    duration of each piece. *Lost*: an overflow that the backend reports, or arrivals that stay
    behind the count of samples. ADC times alone do not tell of a loss: they jump by 100 ms and
    more while PulseAudio settles and not a sample is missing.

    Args:
        rate: Hz of the device.
    """

    def __init__(self, rate: int) -> None:
        self._frame_ns = 1e9 / rate
        self._end_ns: float | None = None
        self._expected_ns = 0.0
        self._behind: tuple[int, float] | None = None
        self._usual: float | None = None

    def advance(
        self, now_ns: int, adc_end_ns: int | None, frames: int, *, overflow: bool
    ) -> tuple[int, int]:
        """Takes note of a piece of sound that has just arrived.

        Args:
            now_ns: When it arrived.
            adc_end_ns: When its last sample was taken, as the backend says; None: it does not.
            frames: Its samples.
            overflow: The backend says that samples before it were dropped.

        Returns:
            The time of the end of its last sample (ns), and the samples lost before it.
        """
        lost_ns = self._gap(now_ns, frames, overflow)
        believable = adc_end_ns is not None and now_ns - adc_end_ns < _BELIEVABLE_NS
        observed = min(adc_end_ns, now_ns) if adc_end_ns is not None and believable else now_ns
        if self._end_ns is None:
            self._end_ns = float(observed)
        else:
            previous = self._end_ns
            end = previous + frames * self._frame_ns + lost_ns
            error = observed - end
            end += error if abs(error) > _RESYNC_NS else _GAIN * error
            self._end_ns = max(previous, min(end, float(now_ns)))
        return round(self._end_ns), round(lost_ns / self._frame_ns)

    def _gap(self, now_ns: int, frames: int, overflow: bool) -> float:
        """The time that is missing before this piece, in ns."""
        if self._usual is None:
            self._expected_ns, self._usual = float(now_ns), 0.0
            return 0.0
        self._expected_ns += frames * self._frame_ns
        late = now_ns - self._expected_ns
        if overflow:
            return self._lose(max(0.0, late - self._usual))
        if late - self._usual <= _GAP_NS:
            self._behind = None
            self._usual = min(late, self._usual + _DRIFT * (late - self._usual))
            return 0.0
        since_ns, least = self._behind or (now_ns, late)
        least = min(least, late)
        self._behind = (since_ns, least)
        return self._lose(least - self._usual) if now_ns - since_ns >= _PATIENCE_NS else 0.0

    def _lose(self, lost_ns: float) -> float:
        self._expected_ns += lost_ns
        self._behind = None
        return lost_ns
