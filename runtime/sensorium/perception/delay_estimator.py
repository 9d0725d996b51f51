"""How long after it was played a sound is heard: generalised cross-correlation, whitened.

The phase transform of C. Knapp and G. Carter, "The Generalized Correlation Method for Estimation of
Time Delay", IEEE Trans. Acoustics, Speech and Signal Processing 24(4), 1976, over three quarters of
a second at a time. A voice over the echo, music and tones give a window high values, too, but
elsewhere in each: so what counts is the rank of each delay among all, and ranks are combined over
the windows as R. A. Fisher's "Statistical Methods for Research Workers" (1925) combines
probabilities: by the sum of their logarithms, which falls with the windows' age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 16_000
LEAST_MS, MOST_MS = -100, 1000
"""Delays that are looked for."""
WINDOW = 24 * AUDIO_BLOCK
"""Samples that are compared at a time, 0.77 s."""
_SPAN = 32_768
_TAPER = 1440
BEFORE = MOST_MS * RATE_HZ // 1000 + _TAPER
AFTER = _SPAN - WINDOW - BEFORE
"""Samples of what was played that are needed before and after the place of such a window."""
_LOW, _HIGH = 200 * _SPAN // RATE_HZ, 7000 * _SPAN // RATE_HZ
"""The band in which loudspeakers and microphones are good."""
_FAINT = 0.3
"""Of the mean magnitude: what is softer than this weighs less, as it is mostly noise."""
_BIN = RATE_HZ // 1000
_BINS = MOST_MS - LEAST_MS
_REACH = 8
"""Milliseconds of a room's answer that are taken together."""
_KEPT = 0.8
"""Of the evidence, from window to window."""
_CLEAR = 12.0
"""By so many nats a delay must be likelier than any other one: that is chance once in e^12."""
_WINDOWS = 2
"""In so many windows that follow each other."""
_CLEAR_AGAIN = 2.5
"""The same of a delay that is expected, of which one window suffices: chance finds one of 1100."""
_EXPECTANT = 6
"""Windows in which that counts: later on all are weighed alike."""
_UNSTEADY_MS = 5
"""So far apart the same delay may be found in them: times of a sound server wander."""
_FORERUN_MS, _ANSWER_MS = 30, 150
"""What lies so close before and after the likeliest delay is the same room's answer."""
_ONSET = 0.2
"""Of the greatest energy: where a room's answer begins."""


class DelayEstimator:
    """Compares what was heard with what was played: 2 to 3 ms of CPU a window.

    Attributes:
        expected_ms: Delays that held before: one of them is believed sooner, where it is the
            likeliest of all.
        delay_ms: How long after it was played it is heard; None: that is not known.
        windows: That were compared.
    """

    def __init__(self) -> None:
        self.expected_ms: tuple[int, ...] = ()
        near = np.hanning(WINDOW)
        edge = np.hanning(2 * _TAPER)
        far = np.concatenate([edge[:_TAPER], np.ones(_SPAN - 2 * _TAPER), edge[_TAPER:]])
        self._near_taper, self._far_taper = near.astype(np.float32), far.astype(np.float32)
        self.restart()

    def restart(self) -> None:
        """Forgets all: the way may be another one now."""
        self._evidence = np.zeros(_BINS)
        self._answer = np.zeros(_BINS)
        self._gone = np.zeros(_BINS)
        self._likeliest = 0
        self._steady = 0
        self.delay_ms: int | None = None
        self.windows = 0

    def take(
        self, near: NDArray[np.float32], left: NDArray[np.float32], far: NDArray[np.float32]
    ) -> None:
        """Takes a window.

        Args:
            near: What the microphone heard, [WINDOW].
            left: What was left of it when the echo had been subtracted, [WINDOW].
            far: What was played from BEFORE samples before the window to AFTER behind it.
        """
        played = np.fft.rfft(far * self._far_taper)[_LOW:_HIGH]
        heard = played * np.fft.rfft(near * self._near_taper, _SPAN)[_LOW:_HIGH].conj()
        size = np.abs(heard)
        mean = float(size.mean())
        if mean == 0.0:
            return
        weight = 1.0 / (size + _FAINT * mean)
        by_delay = _by_delay(heard * weight)
        kept = np.fft.rfft(left * self._near_taper, _SPAN)[_LOW:_HIGH].conj()
        gone = by_delay - _by_delay(played * kept * weight)
        answer = np.sum(by_delay**2, axis=1)
        # Where hardly anything was heard, what a filter adds of its own would outweigh all else.
        agreeing = np.clip(np.sum(by_delay * gone, axis=1), -2.0 * answer, 2.0 * answer)
        self.windows += 1
        close = np.convolve(answer, np.ones(_REACH), "same")
        rank = np.empty(_BINS)
        rank[np.argsort(-close)] = np.arange(1, _BINS + 1)
        self._evidence = _KEPT * self._evidence - np.log(rank / _BINS)
        self._answer = _KEPT * self._answer + answer
        self._gone = _KEPT * self._gone + agreeing
        self._judge()

    @property
    def removed(self) -> float:
        """Part of the echo's amplitude that was subtracted, 0..1, whatever else was heard.

        Of the newest seconds; meaningful only while there is a `delay_ms`.
        """
        if self.delay_ms is None:
            return 0.0
        first = max(0, self.delay_ms - LEAST_MS - 2)
        part = slice(first, first + _ANSWER_MS // 2)
        heard = self._answer[part] - np.mean(np.delete(self._answer, part))
        # What else is heard correlates with nothing that was subtracted.
        return float(np.clip(np.sum(self._gone[part]) / max(np.sum(heard), 1e-9), 0.0, 1.0))

    @property
    def echoing(self) -> float:
        """Part of what is heard that comes more than 5 ms after the first of it: a room's answer.

        Meaningful only while there is a `delay_ms`.
        """
        if self.delay_ms is None:
            return 0.0
        onset = self.delay_ms - LEAST_MS
        answer = self._answer - np.median(self._answer)
        late = float(np.sum(answer[onset + 5 : onset + _ANSWER_MS // 2]))
        return late / max(late + float(np.sum(answer[max(0, onset - 5) : onset + 5])), 1e-9)

    def _judge(self) -> None:
        best = int(np.argmax(self._evidence))
        around = slice(max(0, best - _FORERUN_MS), best + _ANSWER_MS)
        elsewhere = np.delete(self._evidence, around)
        steady = abs(best - self._likeliest) <= _UNSTEADY_MS
        self._likeliest = best
        clear = self._evidence[best] - elsewhere.max()
        delay_ms = self._onset(best) + LEAST_MS
        self._steady = 0 if clear < _CLEAR else self._steady + 1 if steady else 1
        known = self._steady >= _WINDOWS or (
            clear >= _CLEAR_AGAIN and self.windows <= _EXPECTANT
            and any(abs(delay_ms - one) <= _UNSTEADY_MS for one in self.expected_ms)
        )
        self.delay_ms = delay_ms if known else None

    def _onset(self, best: int) -> int:
        first = max(0, best - _FORERUN_MS)
        near = self._answer[first : best + _FORERUN_MS] - np.median(self._answer)
        return first + int(np.argmax(near > _ONSET * near.max()))


def _by_delay(cross: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.floating[Any]]:
    """The correlation with each delay from LEAST_MS on, [_BINS, _BIN]."""
    whole = np.zeros(_SPAN // 2 + 1, np.complex64)
    whole[_LOW:_HIGH] = cross
    # At BEFORE stands the delay of 0, and longer ones before it.
    reach = np.fft.irfft(whole)[BEFORE - MOST_MS * _BIN + 1 : BEFORE - LEAST_MS * _BIN + 1]
    return reach[::-1].reshape(_BINS, _BIN)
