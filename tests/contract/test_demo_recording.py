"""The shipped demo recording: what is in it, and that the senses find it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from fixtures import engines
from fixtures.senses import Player, no_rings

from sensorium.folders import data_room
from sensorium.perception.gesture import Gesture
from sensorium.perception.voice_activity import VoiceActivity
from sensorium.recording import Recording
from sensorium.sensors.replayed import ReplayOptions, channels, steps
from sensorium_tools.demo_recording import HANDS, SPEECH, START_NS, make
from sensorium_tools.hand_poses import GESTURES, LEFT, RIGHT

if TYPE_CHECKING:
    from pathlib import Path

DEMO = data_room("configs") / "demo.mcap"


def events(sense: type, channel: str) -> list[tuple[float, int, str]]:
    """What a sense tells of the demo: second in the recording, begin or end, name."""
    loaded = {name: engines.load(name) for name in sense.ENGINES}
    try:
        streams = sense(sense.Options(), loaded, no_rings()).streams()
        players = {stream.trigger: Player(stream) for stream in streams}
        for step in steps(ReplayOptions(DEMO)):
            player = players.get(step.channel)
            if player and step.valid:
                player.valid(step.record, step.capture_ns)
            elif player:
                player.invalid(step.capture_ns, step.reason)
    finally:
        for engine in loaded.values():
            engine.close()
    told = players[channel].said
    return [
        ((item.capture_ns - START_NS) / 1e9, item["event"],
         item["name"].decode() if "name" in item.record.dtype.names else "")
        for item in told if item.channel.endswith("_event")
    ]


def test_it_holds_hands_head_and_voice_and_is_small() -> None:
    assert DEMO.stat().st_size < 1_000_000
    with Recording(DEMO) as recording:
        assert recording.complete
        assert recording.lost == {}
        assert recording.counts == {
            "microphone": 48, "head": 1080, "hand_left": 1080, "hand_right": 1080, "audio": 375,
        }
        assert 11.9e9 < recording.duration_ns < 12.1e9
    assert set(channels(ReplayOptions(DEMO))) == {
        "microphone", "head", "hand_left", "hand_right", "audio",
    }


@pytest.mark.parametrize(("side", "channel"), [(LEFT, "hand_left"), (RIGHT, "hand_right")])
def test_every_gesture_that_is_shown_is_recognised(side: int, channel: str) -> None:
    shown = [(start, name) for start, name in HANDS[side] if name in GESTURES]
    told = events(Gesture, channel)
    begun = [(when, name) for when, event, name in told if event == 1]
    assert [name for _, name in begun] == [name for _, name in shown]
    for (when, _), (start, _) in zip(begun, shown, strict=True):
        assert 0 < when - start < 0.4  # the hand takes 0.3 s to move
    assert [event for _, event, _ in told] == [1, 2] * len(shown)


def test_every_sentence_that_is_spoken_is_heard() -> None:
    told = events(VoiceActivity, "audio")
    assert [event for _, event, _ in told] == [1, 2] * len(SPEECH)
    for (when, _, _), (start, _) in zip(told[::2], SPEECH, strict=True):
        assert 0 < when - start < 0.25


def test_it_is_what_its_tool_makes(tmp_path: Path) -> None:
    """Motion to the byte; sound only where the same version of espeak-ng speaks."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    make(tmp_path / "demo.mcap")
    motion = ("head", "hand_left", "hand_right", "microphone")
    with Recording(DEMO) as shipped, Recording(tmp_path / "demo.mcap") as made:
        for (name, one), (other_name, other) in zip(
            shipped.events(motion), made.events(motion), strict=True
        ):
            assert name == other_name
            assert one._replace(confidence=0) == other._replace(confidence=0)
        assert shipped.counts == made.counts
