"""The way from the loudspeaker to the microphone: where it begins, and whether the echo is removed.

The filter reaches only so far after its beginning. Where that lies is found from what was heard and
played in the last seconds, and moved only when what is played is clearly heard outside its reach.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.delay_estimator import AFTER, BEFORE, LEAST_MS, WINDOW, DelayEstimator
from sensorium.perception.far_end import RATE_HZ, SILENT
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.far_end import FarEnd
    from sensorium.perception.known_delays import KnownDelays

AT_FIRST_MS = -10
"""Where the filter begins until the way is known: times of a sound server are wrong by as much."""
_MARGIN_MS, _SLACK_MS = 12, 2
"""So long before the way's beginning the filter's is set, and so long it stays before it."""
_HOP = WINDOW // AUDIO_BLOCK // 2
"""Blocks from window to window; twice as many while the way is known and within reach."""
_BEHIND = -(-AFTER // AUDIO_BLOCK) + 2
"""Blocks until what was played after a window has been captured, too."""
_KEPT = 96
"""Blocks, 3 s, from which a filter that begins elsewhere learns at once."""
_AUDIBLE = 0.25
"""Part of what was played around a window that must not be silence."""
_PATIENCE = 26
"""Windows, 10 s of what was played, after which what is not heard is said not to be."""
_SUBTRACTED = 0.3
"""Part of the echo's amplitude, 3 dB, from which on it is called subtracted."""
_ECHOING = 0.25
"""Least part of a room's answer that comes later than its first 5 ms."""
_CERTAIN = 3
"""Windows in a row that must say that the echo is out of reach, once the way was known."""
_SAME_MS = 5
_JUMP = RATE_HZ // 1000
"""Samples by which a block may lie elsewhere than behind the one before."""


class Heard(NamedTuple):
    """A block of the microphone, what was left of it, and where it ends in what was played."""

    near: NDArray[np.float32]
    left: NDArray[np.float32]
    place: float


class EchoPath:
    """Listens to what is heard of what was played.

    Args:
        tail_ms: So far the filter reaches.
        delay_ms: Where it begins; None: that is found.
        known: Where it began in earlier sessions.
    """

    def __init__(self, tail_ms: int, delay_ms: int | None, known: KnownDelays) -> None:
        self._known = known
        self._tail_ms = tail_ms
        self._found_by_itself = delay_ms is None
        self._start_ms = AT_FIRST_MS if delay_ms is None else delay_ms
        self._found = False
        self._estimator = DelayEstimator()
        self.restart()

    def restart(self) -> None:
        """The way may be another one now; the filter's beginning stays until it is known."""
        self.past: deque[Heard] = deque(maxlen=_KEPT)
        self._estimator.expected_ms = self._known.ms
        self._estimator.restart()
        self._since = 0
        self._delay_ms: int | None = None
        self._newest_ms = 0
        self._seen = 0
        self._outside = 0
        self._own_voice = False
        self._removed = 0.0

    @property
    def lead(self) -> int:
        """Samples by which the filter is given what was played before it is heard; may be < 0."""
        return -self._start_ms * RATE_HZ // 1000

    @property
    def note(self) -> str:
        """What is known of the way, for `CleanAudio.note`."""
        if self._delay_ms is None:
            if self._estimator.windows == 0:
                return "what the PC plays will be looked for in the microphone's sound"
            if self._estimator.windows - self._seen < _PATIENCE:
                return "what the PC plays is looked for in the microphone's sound"
            return "what the PC plays is not found in the microphone's sound"
        word = "before it is captured" if self._delay_ms < 0 else "after it was played"
        after = f"{abs(self._delay_ms)} ms {word}"
        if self._own_voice:
            return (
                f"no echo is subtracted: what is heard is played {-self._delay_ms} ms later, as "
                "your own voice is by an app that plays it back; if it is an echo, set delay_ms"
            )
        end_ms = self._start_ms + self._tail_ms
        if not self._found_by_itself and not self._start_ms <= self._delay_ms < end_ms:
            return (
                f"no echo is subtracted: what the PC plays is heard {after}, out of reach of "
                f'delay_ms = {self._start_ms} and tail_ms = {self._tail_ms}; delay_ms = "auto" '
                "finds it"
            )
        if self._removed < _SUBTRACTED:
            return f"what the PC plays is heard {after} and hardly softened yet"
        return f"what the PC plays is subtracted, {after}"

    def take(self, heard: Heard, far: FarEnd) -> bool:
        """Takes the next block.

        Returns:
            Whether the filter is to begin elsewhere from now on.
        """
        if heard.place - far.loud > BEFORE + WINDOW:
            self.past.clear()
            return False
        if self.past:
            self._join(heard.place - self.past[-1].place)
        self.past.append(heard)
        self._since += 1
        settled = self._estimator.delay_ms is not None and self._outside == 0
        due = self._since >= (2 * _HOP if settled else _HOP)
        return due and self._compare(far) and self._follow()

    def _compare(self, far: FarEnd) -> bool:
        """Hands the estimator the newest window, where all that was played around it is there."""
        if len(self.past) < WINDOW // AUDIO_BLOCK + _BEHIND:
            return False
        window = list(self.past)[-WINDOW // AUDIO_BLOCK - _BEHIND : -_BEHIND]
        end = round(window[-1].place)
        played = far.between(end - WINDOW - BEFORE, end + AFTER)
        if played is None:
            return False
        self._since = 0
        if np.mean(np.abs(played).reshape(-1, AUDIO_BLOCK).max(axis=1) > SILENT) < _AUDIBLE:
            return False
        near = np.concatenate([block.near for block in window])
        left = np.concatenate([block.left for block in window])
        self._estimator.take(near, left, played)
        return True

    def _join(self, step: float) -> None:
        """Keeps what follows each other in `past`, by how far a block lies behind the last one."""
        if abs(step - AUDIO_BLOCK) <= _JUMP:
            return
        self.past.clear()
        if abs(step - round(step / AUDIO_BLOCK) * AUDIO_BLOCK) > _JUMP:
            # Not blocks that are missing: the clocks were compared anew.
            self.restart()

    def _follow(self) -> bool:
        """Takes over what the estimator says; whether the filter is to begin elsewhere."""
        delay_ms = self._estimator.delay_ms
        if delay_ms is None:
            if self._estimator.windows - self._seen >= _PATIENCE:
                self._delay_ms = None
            return False
        self._seen = self._estimator.windows
        self._removed = self._estimator.removed
        again, self._newest_ms = abs(delay_ms - self._newest_ms) <= _SAME_MS, delay_ms
        if self._delay_ms is None or (again and abs(delay_ms - self._delay_ms) > _SAME_MS):
            self._delay_ms = delay_ms
        first, last = self._start_ms + _SLACK_MS, self._start_ms + self._tail_ms // 2
        outside = not first <= delay_ms <= last
        self._outside = self._outside + 1 if outside else 0
        self._found = self._found or not outside
        self._own_voice = self._own_voice and outside
        # From the beginning that is not known on it is found as soon; what comes before it was
        # played is to be judged anew.
        if not outside and self._start_ms > AT_FIRST_MS and self._removed >= _SUBTRACTED:
            self._known.keep(max(0, delay_ms))
        if not self._found_by_itself or self._outside < (_CERTAIN if self._found else 1):
            return False
        start_ms = max(LEAST_MS, delay_ms - _MARGIN_MS)
        early = delay_ms < AT_FIRST_MS + _SLACK_MS
        # One's own voice that an app plays back comes after it was heard, too, and without a room's
        # answer: it must not be subtracted.
        self._own_voice = early and self._estimator.echoing < _ECHOING
        if self._own_voice:
            return False
        if not early:
            start_ms = max(AT_FIRST_MS, start_ms)
        changed = start_ms != self._start_ms
        self._start_ms, self._found = start_ms, True
        return changed
