from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception.hysteresis import Change, LabelGate, SpeechGate

BLOCK = 512
SILENCE = 1600


def published_iterator(probabilities: list[float]) -> list[tuple[int, str, int]]:
    """The rules of Silero's VADIterator, without its padding: (block, what, sample)."""
    events, triggered, temp_end, current = [], False, 0, 0
    for block, probability in enumerate(probabilities):
        current += BLOCK
        if probability >= 0.5 and temp_end:
            temp_end = 0
        if probability >= 0.5 and not triggered:
            triggered = True
            events.append((block, "start", current - BLOCK))
        elif probability < 0.5 - 0.15 and triggered:
            if not temp_end:
                temp_end = current
            if current - temp_end >= SILENCE:
                events.append((block, "end", temp_end - BLOCK))
                temp_end, triggered = 0, False
    return events


def gate_events(gate: SpeechGate, probabilities: list[float]) -> list[tuple[int, str, int]]:
    events = []
    for block, probability in enumerate(probabilities):
        change = gate.update(probability, block * BLOCK, BLOCK)
        if change == Change.BEGIN:
            events.append((block, "start", gate.onset_sample))
        elif change == Change.END:
            events.append((block, "end", gate.offset_sample))
    return events


@pytest.mark.parametrize("seed", range(20))
def test_speech_follows_the_published_iterator(seed: int) -> None:
    noise = np.random.default_rng(seed)
    walk = np.clip(np.cumsum(noise.normal(0, 0.15, 2000)) % 2.0, 0, 2)
    probabilities = np.where(walk > 1.0, 2.0 - walk, walk).tolist()
    expected = published_iterator(probabilities)
    assert len(expected) > 20
    assert gate_events(SpeechGate(0.5, 0.35, BLOCK, SILENCE), probabilities) == expected


def test_an_onset_is_dated_back_to_the_first_block_of_its_run() -> None:
    gate = SpeechGate(0.5, 0.35, 3 * BLOCK, SILENCE)
    probabilities = [0.9, 0.9, 0.4, 0.9, 0.9, 0.9, 0.9]
    assert gate_events(gate, probabilities) == [(5, "start", 3 * BLOCK)]
    assert gate.speaking


def test_a_stop_ends_speech_once() -> None:
    gate = SpeechGate(0.5, 0.35, BLOCK, SILENCE)
    assert gate.stop(5) == Change.NONE
    gate.update(0.9, 0, BLOCK)
    assert gate.stop(BLOCK) == Change.END
    assert (gate.speaking, gate.offset_sample) == (False, BLOCK)
    assert gate.stop(2 * BLOCK) == Change.NONE


def frames(gate: LabelGate, rows: list[dict[int, float]]) -> list[tuple[int, str, int]]:
    events = []
    for frame, row in enumerate(rows):
        scores = np.zeros(4, np.float32)
        scores[0] = 0.1
        for label, score in row.items():
            scores[label] = score
        held = gate.label
        change = gate.update(scores.tolist(), frame)
        if change == Change.BEGIN:
            events.append((frame, "begin", gate.label))
        elif change == Change.END:
            events.append((frame, "end", held))
    return events


def test_a_label_begins_and_ends_with_the_stated_delay() -> None:
    gate = LabelGate(0.5, 3, 0.35, 2)
    rows = [{}] * 4 + [{2: 0.6}] * 6 + [{}] * 4
    assert frames(gate, rows) == [(4 + 2, "begin", 2), (10 + 1, "end", 2)]
    assert gate.since_ns == 4


def test_a_short_run_and_a_short_dip_change_nothing() -> None:
    gate = LabelGate(0.5, 3, 0.35, 3)
    rows = [{1: 0.9}, {1: 0.9}, {}, {1: 0.9}, {1: 0.9}, {1: 0.9}, {}, {}, {1: 0.4}, {}, {1: 0.9}]
    assert frames(gate, rows) == [(5, "begin", 1)]
    assert gate.label == 1


def test_between_the_thresholds_nothing_begins_and_nothing_ends() -> None:
    gate = LabelGate(0.5, 1, 0.35, 1)
    assert frames(gate, [{1: 0.45}] * 5) == []
    assert frames(gate, [{1: 0.5}, {1: 0.45}, {1: 0.36}, {1: 0.34}]) == [
        (0, "begin", 1), (3, "end", 1)
    ]


def test_the_background_never_begins() -> None:
    assert frames(LabelGate(0.5, 1, 0.35, 1), [{0: 0.99}] * 10) == []


def test_one_label_ends_in_a_frame_and_the_next_begins_in_the_following() -> None:
    gate = LabelGate(0.5, 3, 0.35, 3)
    events = frames(gate, [{1: 0.9}] * 5 + [{3: 0.9}] * 6)
    assert events == [(2, "begin", 1), (7, "end", 1), (8, "begin", 3)]
    assert gate.since_ns == 5


def test_forgotten_frames_do_not_count() -> None:
    gate = LabelGate(0.5, 3, 0.35, 3)
    assert frames(gate, [{1: 0.9}] * 2) == []
    gate.forget()
    assert frames(gate, [{1: 0.9}] * 3) == [(2, "begin", 1)]


def test_a_class_that_must_be_held_begins_when_it_was_for_so_long_at_any_rate() -> None:
    for span_ns in (7, 11, 33):
        gate = LabelGate(0.5, 3, 0.3, 3, begin_ns=60)
        told = [
            at * span_ns for at in range(30) if gate.update((0.0, 0.9), at * span_ns) != Change.NONE
        ]
        (begun_ns,) = told
        assert max(60, 2 * span_ns) <= begun_ns < max(60, 2 * span_ns) + span_ns
        assert gate.since_ns == 0
