"""Turns noisy scores into begins and ends: two thresholds and a shortest time each."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Change(IntEnum):
    """What one more score brought about; the values of the records' field `event`."""

    NONE = 0
    BEGIN = 1
    END = 2


class SpeechGate:
    """Onsets and offsets of speech, by the rules of Silero's VADIterator.

    In github.com/snakers4/silero-vad, src/silero_vad/utils_vad.py, class VADIterator: speech
    begins at a probability of `threshold` (0.5); it ends when the probability is under
    `threshold` - 0.15 and `min_silence_duration_ms` (100) have passed since the end of the first
    such block, unless `threshold` was reached between. Unlike there, nothing is padded, and
    `min_speech` may ask for a longer run before the onset.

    Args:
        onset: Speech begins at this probability.
        offset: Silence begins under this probability.
        min_speech: Samples of an unbroken run at `onset` before the onset is told.
        min_silence: Samples from the end of the first silent block to the offset.

    Attributes:
        speaking: After hysteresis.
        onset_sample: Where the newest speech begins: the first sample of its first block.
        offset_sample: Where it ended: the first sample of the first silent block.
    """

    def __init__(self, onset: float, offset: float, min_speech: int, min_silence: int) -> None:
        self.speaking = False
        self.onset_sample = 0
        self.offset_sample = 0
        self._onset = onset
        self._offset = offset
        self._min_speech = min_speech
        self._min_silence = min_silence
        self._run_start: int | None = None
        self._silence: tuple[int, int] | None = None

    def update(self, probability: float, first: int, count: int) -> Change:
        """Takes one block.

        Args:
            probability: Of speech in it.
            first: Index of its first sample.
            count: Of its samples.
        """
        end = first + count
        if self.speaking:
            return self._while_speaking(probability, first, end)
        if probability < self._onset:
            self._run_start = None
            return Change.NONE
        if self._run_start is None:
            self._run_start = first
        if end - self._run_start < self._min_speech:
            return Change.NONE
        self.speaking = True
        self.onset_sample = self._run_start
        self._run_start = self._silence = None
        return Change.BEGIN

    def stop(self, sample: int) -> Change:
        """Ends speech at once, at `sample`: the sound after it is not the same stream."""
        was_speaking = self.speaking
        self.speaking = False
        self._run_start = self._silence = None
        if not was_speaking:
            return Change.NONE
        self.offset_sample = sample
        return Change.END

    def _while_speaking(self, probability: float, first: int, end: int) -> Change:
        if probability >= self._onset:
            self._silence = None
        elif probability < self._offset:
            if self._silence is None:
                self._silence = (first, end)
            silent_from, counted_from = self._silence
            if end - counted_from >= self._min_silence:
                return self.stop(silent_from)
        return Change.NONE


class LabelGate:
    """Begins and ends of classes: label 0 is the background and never begins.

    A class begins when it is the best one, at `begin_score` or more, in `begin_frames` frames in
    a row that span `begin_ns` or more; it ends when its score is under `end_score` in `end_frames`
    frames in a row. So, where `begin_ns` asks for no more, a begin is told `begin_frames` - 1
    frames after the first that shows it, an end `end_frames` - 1. The next
    class can begin in the frame after the end.

    Attributes:
        label: The class that is held; 0: none.
        since_ns: Time of the first frame of the run that made `label` begin.
    """

    def __init__(
        self, begin_score: float, begin_frames: int, end_score: float, end_frames: int,
        begin_ns: int = 0,
    ) -> None:
        self.label = 0
        self.since_ns = 0
        self._begin_score = begin_score
        self._begin_frames = begin_frames
        self._begin_ns = begin_ns
        self._end_score = end_score
        self._end_frames = end_frames
        self._candidate = 0
        self._candidate_frames = 0
        self._candidate_ns = 0
        self._low_frames = 0

    def update(self, scores: Sequence[float], time_ns: int) -> Change:
        """Takes the scores of one frame.

        Args:
            scores: One for each label, 0..1.
            time_ns: Of the frame.
        """
        self._count(scores, time_ns)
        if self.label:
            low = scores[self.label] < self._end_score
            self._low_frames = self._low_frames + 1 if low else 0
            return self.stop() if self._low_frames >= self._end_frames else Change.NONE
        if (
            self._candidate_frames < self._begin_frames
            or time_ns - self._candidate_ns < self._begin_ns
        ):
            return Change.NONE
        self.label = self._candidate
        self.since_ns = self._candidate_ns
        return Change.BEGIN

    def stop(self) -> Change:
        """Ends what is held, at once."""
        was_held = self.label
        self.label = self._low_frames = 0
        return Change.END if was_held else Change.NONE

    def forget(self) -> None:
        """Drops the run that has not yet begun: its frames do not follow one another."""
        self._candidate = self._candidate_frames = 0

    def _count(self, scores: Sequence[float], time_ns: int) -> None:
        score = max(scores)
        best = scores.index(score)
        if best == 0 or score < self._begin_score:
            self.forget()
            return
        if best != self._candidate:
            self._candidate, self._candidate_frames, self._candidate_ns = best, 0, time_ns
        self._candidate_frames += 1
