"""Whether nobody speaks, by what voice activity has written."""

from __future__ import annotations

import pytest
from fixtures.senses import Desk

from sensorium.channels.catalogue import CHANNELS
from sensorium.health import Reason
from sensorium.perception.utterances import Event
from sensorium.process.outputs import Outputs
from sensorium.process.silence import Silence
from sensorium.records.sensors import AUDIO_BLOCK
from sensorium.sensors.lull import MOST


@pytest.fixture
def desk() -> Desk:
    return Desk({})


def activity(desk: Desk, *, speaking: bool = False, probability: float = 0.01) -> None:
    record = CHANNELS["voice_activity"].record.zeros()
    record["speaking"], record["probability"] = speaking, probability
    desk.publish("voice_activity", record, desk.clock())


def utterance(desk: Desk, event: Event) -> None:
    record = CHANNELS["utterance"].record.zeros()
    record["event"] = event
    desk.publish("utterance", record, desk.clock())


def test_without_voice_activity_nothing_is_known(desk: Desk) -> None:
    assert not Silence(Outputs((), desk.clock))()
    assert not Silence(desk.outputs)()


@pytest.mark.parametrize(
    ("speaking", "probability", "silent"),
    [(False, 0.01, True), (False, 0.2, False), (True, 0.01, False), (False, float("nan"), False)],
)
def test_silence_is_clear(desk: Desk, speaking: bool, probability: float, silent: bool) -> None:
    silence = Silence(desk.outputs)
    activity(desk, speaking=speaking, probability=probability)
    assert silence() is silent


def test_the_pauses_of_an_utterance_are_none(desk: Desk) -> None:
    silence = Silence(desk.outputs)
    activity(desk)
    for event in (Event.BEGIN, Event.PROGRESS, Event.PAUSE):
        utterance(desk, event)
        assert not silence()
        assert not silence()
    utterance(desk, Event.END)
    assert silence()
    assert silence()


def test_what_is_old_or_not_valid_is_none(desk: Desk) -> None:
    silence = Silence(desk.outputs)
    activity(desk)
    assert silence()
    desk.clock.set(desk.clock() + CHANNELS["voice_activity"].max_age_ns + 1)
    assert not silence()
    activity(desk)
    assert silence()
    desk.publish(
        "voice_activity", CHANNELS["voice_activity"].record.zeros(), desk.clock(), valid=False,
        reason=Reason.INPUT_LOST,
    )
    assert not silence()


def test_what_waits_in_silence_is_far_from_stale() -> None:
    together_ns = MOST * AUDIO_BLOCK * 1_000_000_000 // 16_000
    for name in ("audio", "voice_activity", "viseme"):
        assert together_ns * 1.9 < CHANNELS[name].max_age_ns
