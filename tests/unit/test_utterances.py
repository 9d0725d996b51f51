"""Where utterances begin, pause, are cut and end, on probabilities that are made up here."""

from __future__ import annotations

import pytest

from sensorium.perception.hysteresis import Change, SpeechGate
from sensorium.perception.utterances import (
    LEAD_IN,
    LEAD_OUT,
    PROGRESS,
    SEARCH,
    Ending,
    Event,
    Step,
    Utterances,
)

BLOCK = 512
SILENCE, LONGEST = 9 * BLOCK, 375 * BLOCK


class Stream:
    """Voice activity's two parts on given probabilities."""

    def __init__(self) -> None:
        self.gate = SpeechGate(0.5, 0.35, BLOCK, 1600)
        self.utterances = Utterances(0.5, 0.35, SILENCE, LONGEST)
        self.steps: list[Step] = []
        self.at = 0

    def feed(self, probability: float, blocks: int = 1, level: float = -20.0) -> Stream:
        for _ in range(blocks):
            change = self.gate.update(probability, self.at, BLOCK)
            onset = self.gate.onset_sample if change == Change.BEGIN else None
            self.steps += self.utterances.block(probability, level, self.at, BLOCK, onset)
            self.at += BLOCK
        return self

    def of(self, event: Event) -> list[Step]:
        return [step for step in self.steps if step.event is event]


def test_an_utterance_ends_by_silence_and_says_so_before() -> None:
    stream = Stream().feed(0.1, 20).feed(0.9, 40).feed(0.1, 12)
    begin, pause, end = (stream.of(event)[0] for event in (Event.BEGIN, Event.PAUSE, Event.END))
    assert (begin.onset, begin.first) == (20 * BLOCK, 20 * BLOCK - LEAD_IN)
    assert (end.onset, end.offset, end.ending) == (20 * BLOCK, 60 * BLOCK, Ending.SILENCE)
    assert end.last == 60 * BLOCK + LEAD_OUT
    # The pause names the very piece that the end does, so that what was made of it can stand.
    assert (pause.first, pause.last, pause.offset) == (end.first, end.last, end.offset)
    assert end.peak == pytest.approx(0.9)
    assert not stream.utterances.going_on


def test_progress_is_told_while_one_speaks() -> None:
    stream = Stream().feed(0.1, 20).feed(0.9, 41)
    told = [step.last for step in stream.of(Event.PROGRESS)]
    assert told == [21 * BLOCK + k * PROGRESS for k in range(1, 5)]


def test_a_short_silence_is_a_pause_and_ends_nothing() -> None:
    stream = Stream().feed(0.9, 20).feed(0.1, 5).feed(0.9, 20).feed(0.1, 5).feed(0.9, 3)
    assert [len(stream.of(event)) for event in (Event.BEGIN, Event.PAUSE, Event.END)] == [1, 2, 0]


def test_a_lead_in_takes_nothing_of_the_utterance_before_nor_from_before_the_sound() -> None:
    stream = Stream().feed(0.9, 20).feed(0.1, 9).feed(0.9, 20).feed(0.1, 9)
    first, second = stream.of(Event.END)
    assert first.first == 0
    assert second.first == first.last


def test_a_long_speech_is_cut_where_it_is_quietest_and_nothing_lies_between() -> None:
    stream = Stream().feed(0.1, 20).feed(0.95, 300).feed(0.62, 1).feed(0.95, 500).feed(0.1, 9)
    ends, begins = stream.of(Event.END), stream.of(Event.BEGIN)
    assert [end.ending for end in ends] == [Ending.LENGTH, Ending.LENGTH, Ending.SILENCE]
    assert ends[0].last == begins[1].onset == begins[1].first == 320 * BLOCK + BLOCK // 2
    assert [begin.continues for begin in begins] == [False, True, True]
    for before, after in zip(ends, begins[1:], strict=False):
        assert before.last == after.first
        assert after.first - before.first >= LONGEST - SEARCH
        assert before.last - before.first <= LONGEST
    assert ends[-1].offset == 821 * BLOCK


def test_among_equal_blocks_the_softest_is_cut() -> None:
    stream = Stream().feed(0.9, 300).feed(0.9, 1, level=-40.0).feed(0.9, 100)
    assert stream.of(Event.END)[0].last == 300 * BLOCK + BLOCK // 2


def test_input_that_is_lost_ends_it() -> None:
    stream = Stream().feed(0.9, 20)
    (end,) = stream.utterances.lost()
    assert (end.ending, end.offset) == (Ending.INPUT_LOST, 20 * BLOCK)
    assert not list(stream.utterances.lost())


@pytest.mark.parametrize("blocks", [23, 44])
def test_another_process_ends_what_one_has_begun(blocks: int) -> None:
    whole = Stream().feed(0.9, 40).feed(0.1, 9)
    first = Stream().feed(0.9, min(blocks, 40)).feed(0.1, max(0, blocks - 40))
    newest = first.steps[-1]
    second = Stream()
    second.at = -(-newest.last // BLOCK) * BLOCK
    second.gate.speaking = True
    second.utterances.resume(newest)
    left = 40 - second.at // BLOCK
    second.feed(0.9, max(0, left)).feed(0.1, 49 - second.at // BLOCK)
    end, expected = second.of(Event.END)[0], whole.of(Event.END)[0]
    assert (end.onset, end.offset, end.first, end.last) == (
        expected.onset, expected.offset, expected.first, expected.last,
    )
