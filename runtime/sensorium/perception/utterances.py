"""Cuts a stream of speech probabilities into utterances: begin, progress, pause, end.

An utterance ends by silence, by its length (then speech goes on in the next one, and nothing lies
between them), or with its input. All positions are sample indices; see `records.voice`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE_HZ = 16_000
LEAD_IN = 3 * RATE_HZ // 10
"""Sound before the onset that belongs to an utterance: soft first consonants."""
LEAD_OUT = 96 * RATE_HZ // 1000
"""Sound behind the offset that belongs to it, at most: soft last ones."""
PAUSE = 96 * RATE_HZ // 1000
"""Silence after which it may be the end."""
PROGRESS = 320 * RATE_HZ // 1000
"""Speech from progress to progress."""
SEARCH = 4 * RATE_HZ
"""Where a speech that is too long may be cut: within so much sound before its end."""


class Event(IntEnum):
    """The record's field `event`."""

    BEGIN = 1
    PROGRESS = 2
    PAUSE = 3
    END = 4


class Ending(IntEnum):
    """The record's field `ending`."""

    NONE = 0
    SILENCE = 1
    LENGTH = 2
    INPUT_LOST = 3


@dataclass(frozen=True)
class Step:
    """What is told of an utterance; the fields are those of the record `utterance`."""

    event: Event
    ending: Ending
    first: int
    last: int
    onset: int
    offset: int
    continues: bool
    speech: float
    peak: float


@dataclass
class _Open:
    """The utterance that goes on."""

    first: int
    onset: int
    offset: int
    continues: bool
    told: int
    silent_from: int | None = None
    paused: bool = False
    blocks: int = 0
    spoken: int = 0
    peak: float = 0.0


class Utterances:
    """The state of one stream.

    Args:
        onset: Silence ends at this probability.
        offset: Silence begins under this probability.
        silence: Samples of silence that end an utterance.
        longest: Samples of the longest utterance.

    Attributes:
        going_on: Whether an utterance has begun and not ended.
    """

    def __init__(self, onset: float, offset: float, silence: int, longest: int) -> None:
        self._onset = onset
        self._offset = offset
        self._silence = silence
        self._longest = longest
        self._free = 0
        self._now = 0
        self._open: _Open | None = None
        self._quiet: deque[tuple[float, float, int, int]] = deque(maxlen=SEARCH // 512)

    @property
    def going_on(self) -> bool:
        """See the class."""
        return self._open is not None

    def resume(self, step: Step) -> None:
        """Goes on with an utterance that had begun; `step` is the newest that was told of it."""
        paused = step.event is Event.PAUSE
        self._open = _Open(
            step.first, step.onset, step.offset, step.continues, step.last,
            step.offset if paused else None, paused,
        )
        self._now = step.last

    def free_from(self, index: int) -> None:
        """A lead-in may reach back to `index`, and no further."""
        self._free = index

    def block(
        self, probability: float, level: float, first: int, count: int, onset: int | None
    ) -> Iterator[Step]:
        """Takes one block.

        Args:
            probability: Of speech in it.
            level: Its loudness, in dB of any reference.
            first: Index of its first sample; the blocks follow one another.
            count: Of its samples.
            onset: Where speech began, where this block showed that it did.

        Yields:
            What happened, in order.
        """
        self._now = first + count
        if self._open is None:
            if onset is None:
                return
            self._begin(max(onset - LEAD_IN, self._free), onset, continues=False)
            self._count(probability, level, first, count)
            yield self._step(Event.BEGIN)
            return
        self._count(probability, level, first, count)
        yield from self._judge()

    def lost(self) -> Iterator[Step]:
        """The input has ended or has a gap: what went on ends here."""
        if self._open is not None:
            yield self._end(Ending.INPUT_LOST)
        self._free = self._now

    def _begin(self, first: int, onset: int, *, continues: bool) -> None:
        self._open = _Open(first, onset, self._now, continues, self._now)
        if not continues:
            self._quiet.clear()

    def _count(self, probability: float, level: float, first: int, count: int) -> None:
        """Follows silence by the same two thresholds as onsets and offsets."""
        going = self._going()
        self._quiet.append((round(probability, 1), level, first, count))
        going.blocks += 1
        going.peak = max(going.peak, probability)
        if probability >= self._onset:
            going.silent_from, going.paused = None, False
        elif probability < self._offset and going.silent_from is None:
            going.silent_from = first
        if going.silent_from is None:
            going.spoken += 1
            going.offset = first + count
        else:
            going.offset = going.silent_from

    def _judge(self) -> Iterator[Step]:
        going = self._going()
        silence = 0 if going.silent_from is None else self._now - going.silent_from
        if silence >= self._silence:
            yield self._end(Ending.SILENCE)
        elif self._now - going.first >= self._longest:
            yield from self._cut()
        elif silence >= PAUSE and not going.paused:
            going.paused = True
            yield self._step(Event.PAUSE)
        elif not silence and self._now - going.told >= PROGRESS:
            yield self._step(Event.PROGRESS)

    def _cut(self) -> Iterator[Step]:
        """Ends it where it was quietest of late, and begins the next one there."""
        going = self._going()
        _, _, first, count = min(self._quiet)
        at = first + count // 2
        end = replace(
            self._step(Event.END), ending=Ending.LENGTH, last=at, offset=min(at, going.offset)
        )
        yield end
        later = [block for block in self._quiet if block[2] >= at]
        silent_from = going.silent_from
        self._begin(at, at, continues=True)
        new = self._going()
        new.silent_from, new.blocks = silent_from, len(later)
        new.spoken = sum(block[0] >= self._offset for block in later)
        new.peak = max((block[0] for block in later), default=0.0)
        new.offset = self._now if silent_from is None else max(at, silent_from)
        self._quiet.clear()
        self._quiet.extend(later)
        yield self._step(Event.BEGIN)

    def _end(self, ending: Ending) -> Step:
        step = replace(self._step(Event.END), ending=ending)
        self._open = None
        self._free = step.last
        return step

    def _step(self, event: Event) -> Step:
        going = self._going()
        going.told = self._now
        return Step(
            event, Ending.NONE, going.first, min(going.offset + LEAD_OUT, self._now), going.onset,
            going.offset, going.continues, going.spoken / max(going.blocks, 1), going.peak,
        )

    def _going(self) -> _Open:
        assert self._open is not None
        return self._open
