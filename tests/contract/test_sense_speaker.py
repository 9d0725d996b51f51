"""Speaker and voice measures on real regions, behind voice activity, with the real engines."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines
from fixtures.senses import Desk
from fixtures.voices import OTHERS, RATE_HZ, STRANGER, WEARER, sentences, spoken

from sensorium.inference import store
from sensorium.perception import enrolling, enrolment, private_file
from sensorium.perception.speaker import NO, UNKNOWN, YES, Speaker, SpeakerOptions
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.perception.voice_measures import MeasuresOptions, VoiceMeasures

if TYPE_CHECKING:
    from sensorium.perception.enrolment import Enrolment


@pytest.fixture(scope="module")
def wearer() -> Enrolment:
    engine = engines.load("resemblyzer")
    heard = [enrolling.hear(sound, engine) for sound in sentences(WEARER)]
    made = enrolling.enrol(heard, engine, store.find_card("resemblyzer").identity, "e")
    engine.close()
    return made


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))


@pytest.fixture
def desk() -> Desk:
    return Desk({
        VoiceActivity: VoiceOptions(), Speaker: SpeakerOptions(), VoiceMeasures: MeasuresOptions(),
    })


def quiet(seconds: float) -> np.ndarray:
    noise = np.random.default_rng(2)
    return noise.normal(0, 1e-4, int(seconds * RATE_HZ)).astype(np.float32)


def say(desk: Desk, voice: str, text: str = OTHERS[1]) -> None:
    desk.sound(np.concatenate([quiet(0.6), spoken(voice, text), quiet(1.2)]))


def answers(desk: Desk) -> list[int]:
    return [int(record["wearer"]) for record in desk.all("speaker")]


def note(desk: Desk) -> str:
    """What status says of the sense."""
    for slot in desk.perceiver.slots:
        slot.refresh()
    return [detail for name, _, detail, _ in desk.reports if name == "Speaker"][-1]


def test_the_wearer_is_told_from_another(desk: Desk, wearer: Enrolment) -> None:
    enrolment.write(enrolment.place(), wearer)
    say(desk, WEARER)
    say(desk, STRANGER)
    ended = [record for record in desk.all("utterance") if record["event"] == 4]
    mine, other = desk.all("speaker")
    assert [int(record["utterance"]) for record in (mine, other)] == [
        int(record["utterance"]) for record in ended
    ]
    assert (mine["wearer"], other["wearer"]) == (YES, NO)
    assert mine["score"] >= mine["threshold"]
    assert other["score"] < other["threshold"]
    assert (mine["sentences"], mine["start_ns"]) == (6, ended[0]["start_ns"])
    assert mine["seconds"] == pytest.approx(
        (ended[0]["offset"] - ended[0]["onset"]) / RATE_HZ, abs=1e-3
    )


def test_nobody_enrolled_is_an_answer_and_status_says_what_to_do(desk: Desk) -> None:
    say(desk, WEARER)
    (record,) = desk.all("speaker")
    assert (record["wearer"], record["sentences"], record["seconds"]) == (UNKNOWN, 0, 0.0)
    assert math.isnan(record["score"])
    assert math.isnan(record["threshold"])
    assert "nobody is enrolled (sensorium enrol)" in note(desk)


def test_an_enrolment_is_in_force_at_once_and_so_is_its_end(
    desk: Desk, wearer: Enrolment
) -> None:
    say(desk, WEARER)
    enrolment.write(enrolment.place(), wearer)
    assert "enrolled" not in note(desk)
    say(desk, WEARER)
    private_file.delete(enrolment.place())
    say(desk, WEARER)
    assert answers(desk) == [UNKNOWN, YES, UNKNOWN]


@pytest.mark.parametrize("how", ["model", "damaged"])
def test_an_enrolment_that_cannot_be_used_is_refused_with_the_remedy(
    desk: Desk, wearer: Enrolment, how: str
) -> None:
    enrolment.write(enrolment.place(), replace(wearer, model="0" * 64))
    if how == "damaged":
        enrolment.place().write_text("{")
    say(desk, WEARER)
    assert answers(desk) == [UNKNOWN]
    said = note(desk)
    assert ("another model" if how == "model" else "is damaged") in said
    assert "sensorium enrol" in said


def test_too_short_a_word_is_of_an_unknown_speaker(desk: Desk, wearer: Enrolment) -> None:
    enrolment.write(enrolment.place(), wearer)
    say(desk, WEARER, "Yes.")
    (record,) = desk.all("speaker")
    assert record["wearer"] == UNKNOWN
    assert record["sentences"] == 6


def test_a_restart_answers_each_utterance_once(desk: Desk, wearer: Enrolment) -> None:
    enrolment.write(enrolment.place(), wearer)
    say(desk, WEARER)
    desk.start()
    assert answers(desk) == [YES]
    say(desk, STRANGER)
    desk.start()
    desk.start()
    assert answers(desk) == [YES, NO]
    assert len(desk.all("voice_measures")) == 2


def test_what_was_said_while_it_was_down_is_answered_late(wearer: Enrolment) -> None:
    enrolment.write(enrolment.place(), wearer)
    desk = Desk({VoiceActivity: VoiceOptions()})
    say(desk, WEARER)
    say(desk, STRANGER)
    desk.start({
        VoiceActivity: VoiceOptions(), Speaker: SpeakerOptions(), VoiceMeasures: MeasuresOptions(),
    })
    assert answers(desk) == [YES, NO]
    desk.start()
    assert answers(desk) == [YES, NO]
    assert len(desk.all("voice_measures")) == 2


def test_an_utterance_whose_sound_is_gone_is_unknown(desk: Desk, wearer: Enrolment) -> None:
    enrolment.write(enrolment.place(), wearer)
    say(desk, WEARER)
    record = np.array([desk.all("utterance")[-1]])
    record["utterance"] += 1
    record["first"], record["last"] = 10**9, 10**9 + RATE_HZ
    desk.publish("utterance", record, 1)
    desk.drain()
    assert answers(desk) == [YES, UNKNOWN]
    measured = desk.all("voice_measures")[-1]
    assert (measured["seconds"], measured["loudness"]) == (0.0, -120.0)
    assert math.isnan(measured["pitch"])


def test_sound_that_is_no_number_or_beyond_the_scale_is_borne(
    desk: Desk, wearer: Enrolment
) -> None:
    """Behind the microphone's own checks: nothing of it may end a sense."""
    enrolment.write(enrolment.place(), wearer)
    say(desk, WEARER)
    broken = spoken(WEARER, OTHERS[0]).copy()
    broken[20_000:20_050] = np.nan
    broken[30_000:30_010] = np.inf
    first = 512 * desk.rings.latest("audio")
    desk.sound(broken, take=False)
    record = np.array([desk.all("utterance")[-1]])
    record["utterance"] += 1
    record["first"] = record["onset"] = first
    record["last"] = record["offset"] = first + len(broken) // 512 * 512
    desk.publish("utterance", record, 1)
    speaker = next(feed for feed in desk.perceiver.feeds if feed.slot.part.name == "Speaker")
    measures = next(f for f in desk.perceiver.feeds if f.slot.part.name == "VoiceMeasures")
    speaker.drain()
    measures.drain()
    assert answers(desk)[1] in (YES, NO)
    found = desk.all("voice_measures")[1]
    assert all(np.isfinite(found[name]) for name in ("loudness", "peak", "pitch", "tempo"))


def test_an_utterance_is_measured(desk: Desk) -> None:
    say(desk, WEARER)
    (record,) = desk.all("voice_measures")
    assert record["utterance"] == desk.all("utterance")[-1]["utterance"]
    assert -40 < record["loudness"] < record["peak"] < 0
    assert 70 < record["pitch_low"] <= record["pitch"] <= record["pitch_high"] < 180
    assert 0.3 < record["voiced"] < 1.0
    assert 2.5 < record["tempo"] < 6.5
