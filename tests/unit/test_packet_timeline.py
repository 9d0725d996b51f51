"""Packets of an output that gives none while nothing is played, as Windows gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures.packets import HOLDS_NS, LOOKS_NS, MS, PERIOD, RATE, START_NS, PacketOutput, opened

from sensorium.records.sensors import AUDIO_BLOCK
from sensorium.sensors.audio_blocks import RATE as BLOCKS_RATE
from sensorium.sensors.conversion import Conversion
from sensorium.sensors.packet_timeline import Packet
from sensorium.sensors.sound_care import SoundCare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.sensors.packet_timeline import Piece


def random_output(
    spans: Sequence[tuple[float, float]], seconds: float, **options: float
) -> PacketOutput:
    """No sample of it is silence."""
    sound = np.random.default_rng(2).uniform(0.1, 1.0, int(seconds * RATE))
    return PacketOutput(sound, spans, **options)


def seen(output: PacketOutput, **options: Any) -> list[Piece]:
    return [piece for _, piece in output.seen(opened(), **options)]


def joined(pieces: list[Piece]) -> np.ndarray:
    return np.concatenate([piece.sound for piece in pieces])


def places(pieces: list[Piece]) -> list[float]:
    """Where each piece ends by its time, less where it ends by counting; samples."""
    counted = np.cumsum([len(piece.sound) + piece.lost for piece in pieces])
    return [
        (piece.end_ns - START_NS) * RATE / 1e9 - int(count)
        for piece, count in zip(pieces, counted, strict=True)
    ]


def test_pauses_have_their_length_and_what_is_played_stands_at_its_time() -> None:
    output = random_output([(300, 900), (1000, 1012.5), (1600, 1900), (1950, 2500)], 3.0)
    pieces = seen(output)
    sound = joined(pieces)
    assert abs(np.array(places(pieces))).max() <= 3
    assert all(piece.lost == 0 for piece in pieces)
    # Where it stands by counting, to a sample; the first of what begins may be cut.
    best = min(range(-2, 3), key=lambda shift: _differing(sound, output.heard, shift))
    assert _differing(sound, output.heard, best) < 0.01


def _differing(sound: np.ndarray, truth: np.ndarray, shift: int) -> float:
    """Part of the samples that are others than what was played."""
    moved = np.roll(truth, shift)[: len(sound)]
    return float(np.mean(sound != moved))


def test_silence_is_there_soon_and_never_ahead_of_the_time() -> None:
    timeline, end_ns = opened(), START_NS
    for now_ns in range(START_NS + LOOKS_NS, START_NS + 500 * MS, LOOKS_NS):
        for piece in timeline.take([], now_ns):
            assert not piece.sound.any()
            end_ns = piece.end_ns
        assert 0 < now_ns - end_ns <= 32 * MS
    assert timeline.silent


@pytest.mark.parametrize("drift", [-200e-6, 0.0, 200e-6])
def test_what_is_played_on_and_on_is_passed_on_as_it_is(drift: float) -> None:
    output = random_output([(0, 60_000)], 60.0, jitter_ns=2 * MS, drift=drift)
    sound = joined(seen(output))
    assert np.array_equal(sound, output.heard[: len(sound)])
    assert len(sound) > 59 * RATE


def test_a_packet_that_comes_late_while_something_is_played_is_no_pause() -> None:
    output = random_output([(0, 1000)], 1.0)
    held_ns = output.packets[44][0]
    output.packets = [
        (held_ns if 40 <= i < 44 else there_ns, packet)
        for i, (there_ns, packet) in enumerate(output.packets)
    ]
    sound = joined(seen(output))
    assert np.array_equal(sound, output.heard[: len(sound)])


def test_packets_that_are_stamped_three_at_a_time_follow_each_other() -> None:
    output = random_output([(300, 5300)], 5.3)
    for i, (_, packet) in enumerate(output.packets):
        there_ns, last = output.packets[min(i // 3 * 3 + 2, len(output.packets) - 1)]
        output.packets[i] = (there_ns, packet._replace(begin_ns=last.begin_ns))
    sound = joined(seen(output))
    played = np.flatnonzero(sound)
    whole = sound[played[0] : played[-1] + 1]
    assert len(whole) > 4.9 * RATE
    assert np.array_equal(whole, output.heard[_span(300, 5300)][: len(whole)])


def test_one_who_comes_too_late_has_lost_what_was_played() -> None:
    output = random_output([(0, 5000)], 5.0)
    timeline = opened()
    now_ns = START_NS + 500 * MS
    pieces = timeline.take([packet for there_ns, packet in output.packets if there_ns <= now_ns],
                           now_ns)
    now_ns += 3_000 * MS
    # Two seconds are kept.
    kept = [packet for there_ns, packet in output.packets
            if now_ns - HOLDS_NS < there_ns <= now_ns]
    pieces += timeline.take(kept, now_ns)
    assert sum(piece.lost for piece in pieces) == pytest.approx(RATE, abs=2 * PERIOD)
    assert abs(np.array(places(pieces))).max() <= 2
    assert not timeline.silent


def test_a_pc_that_slept_lost_the_time_and_makes_up_none() -> None:
    timeline = opened()
    timeline.take([], START_NS + LOOKS_NS)
    woken_ns = START_NS + 3_600_000 * MS
    assert timeline.take([], woken_ns) == []
    pieces = timeline.take([], woken_ns + 20 * MS)
    assert len(pieces) == 1
    assert pieces[0].lost == pytest.approx(3600 * RATE, rel=1e-4)
    assert len(pieces[0].sound) < PERIOD * 4
    assert woken_ns < pieces[0].end_ns < woken_ns + 20 * MS


@pytest.mark.parametrize("wrong_ns", [None, 0, START_NS + 10**13])
def test_packets_without_a_time_follow_each_other(wrong_ns: int | None) -> None:
    output = random_output([(300, 900)], 1.2)
    pieces = seen(output, told=lambda packet: Packet(packet.sound, wrong_ns))
    sound = joined(pieces)
    played = np.flatnonzero(sound)
    assert np.array_equal(
        sound[played[0] : played[-1] + 1][-RATE // 2 :], output.heard[_span(300, 900)][-RATE // 2 :]
    )
    assert abs(played[-1] - 900 * RATE / 1000) < 20 * RATE / 1000


def _span(first_ms: int, last_ms: int) -> slice:
    return slice(first_ms * RATE // 1000, last_ms * RATE // 1000)


def test_blocks_go_on_over_pauses_with_times_of_their_own() -> None:
    blocks: list[tuple[int, bool, int]] = []

    def deliver(record: np.ndarray, capture_ns: int) -> None:
        blocks.append((int(record["first_sample"][0]), bool(record["gap"][0]), capture_ns))

    conversion = Conversion(RATE, SoundCare(1, RATE), 1, 0, deliver)
    output = random_output([(500, 900), (1500, 1530), (1600, 4000)], 6.0, jitter_ns=MS)
    for piece in seen(output):
        conversion.take(piece.sound, piece.end_ns, piece.end_ns, dropped=piece.lost)
    firsts, gaps, times = (np.array(column) for column in zip(*blocks, strict=True))
    assert not gaps.any()
    assert np.array_equal(np.diff(firsts), np.full(len(firsts) - 1, AUDIO_BLOCK))
    by_count = (firsts - firsts[0]) * 1e9 / BLOCKS_RATE
    assert abs((times - times[0]) - by_count).max() < 2 * MS
