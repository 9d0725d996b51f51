"""Senses that the governor slows tell what is right, or nothing: real engines, real regions."""

from __future__ import annotations

import pytest
from fixtures import engines
from fixtures.senses import Desk

from sensorium.folders import data_room
from sensorium.inference.governor.step import StepKind
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception.gesture import Gesture, GestureOptions
from sensorium.perception.sense import SENSES
from sensorium.process.registry import load
from sensorium.sensors.replayed import ReplayOptions, steps

HANDS = ("hand_left", "hand_right")
BEGIN, END = 1, 2
RING_MS = 32_000
"""Of sound."""
LONGEST_UTTERANCE_MS = 20_000


@pytest.mark.parametrize("name", SENSES)
def test_every_sense_says_how_it_may_be_slowed(name: str) -> None:
    tempo = load(SENSES[name]).TEMPO
    assert isinstance(tempo, Tempo)
    assert 0 <= tempo.priority <= 100
    assert (tempo.longest_ms > 0) == (tempo.slowing is not Slowing.NEVER)
    if tempo.slowing is Slowing.DEFERRED:
        assert tempo.longest_ms <= RING_MS - LONGEST_UTTERANCE_MS


def gestures(interval_ms: int) -> list[tuple[int, bytes, int]]:
    """Side, name and change of each gesture in the demo's recording, seen at most so often."""
    desk = Desk({Gesture: GestureOptions()}, governed=True)
    start_ns, first_ns, governed_ns = desk.clock(), None, 0
    for step in steps(ReplayOptions(file=data_room("configs") / "demo.mcap", channels=HANDS)):
        first_ns = first_ns if first_ns is not None else step.publish_ns
        shift = start_ns - first_ns
        desk.clock.set(step.publish_ns + shift)
        if interval_ms and desk.clock() - governed_ns > 1_000_000_000:
            governed_ns = desk.clock()
            desk.govern({"Gesture": (StepKind.REDUCED, interval_ms)})
        desk.publish(
            step.channel, step.record, step.capture_ns + shift, valid=step.valid,
            reason=step.reason,
        )
        desk.drain()
    return [
        (int(row["side"]), bytes(row["name"]), int(row["event"]))
        for row in desk.all("gesture_event")
    ]


def test_gestures_of_a_recording_are_the_same_at_a_sixth_of_its_frames() -> None:
    engines.ensure_built("gesture-recognizer")
    at_full = gestures(0)
    assert len(at_full) >= 4
    for interval_ms in (30, 60):
        thinned = gestures(interval_ms)
        assert set(thinned) <= set(at_full)
        assert len(thinned) >= len(at_full) * 2 // 3
        # Each begin has its end, of the same hand and gesture.
        for side in (1, 2):
            told = [(name, event) for hand, name, event in thinned if hand == side]
            assert [event for _, event in told] == [BEGIN, END] * (len(told) // 2)
