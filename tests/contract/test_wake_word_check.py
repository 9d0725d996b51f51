"""The wake word's second stage: what a head is in doubt of, heard again by the real Whisper."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines
from fixtures.counted_engine import CountedEngine
from fixtures.senses import Desk

from sensorium.config import load
from sensorium.errors import EngineError, EngineMissing, HashError
from sensorium.health import Reason
from sensorium.perception.phrase_check import DECODER, ENCODER, PhraseCheck
from sensorium.perception.sense import SENSES
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.perception.wake_head import DOUBT, LIMIT, SURE, Head
from sensorium.perception.wake_options import WakeWordOptions
from sensorium.perception.wake_trigger import Heard
from sensorium.perception.wake_word import WakeWord
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_features import log_mel
from sensorium.perception.whisper_text import Vocabulary
from sensorium.sensors.sensor import SENSORS
from sensorium.supervisor import plan
from sensorium_tools.train.utterance import Utterance
from sensorium_tools.train.voices import HELD_OUT, Voice

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000
HEAD, PHRASE = "hey-sensorium", "hey sensorium"
VOICES = ("en-us+f1", "en-gb-scotland+m6", "en-us+linda")
ALWAYS = {DOUBT: "0.15", SURE: "1.0", LIMIT: "-25"}
"""Nothing is sure."""
STRICT = {**ALWAYS, LIMIT: "-8"}
"""The phrase is confirmed where it is clear, what only sounds like it is not."""
OLD = dict.fromkeys(ALWAYS)
"""As a training left it that chose no thresholds for a check."""


@pytest.fixture(scope="module")
def loaded() -> dict[str, object]:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    names = (*WakeWord.ENGINES, HEAD, "silero-vad", ENCODER, DECODER)
    return {name: engines.load(name) for name in names}


@pytest.fixture
def desk(loaded, monkeypatch):
    """Makes a desk, with the head's metadata; `without`: why Whisper's encoder cannot be used."""

    def made(
        metadata: dict[str, str | None], *, without: EngineError | None = None, **options
    ) -> Desk:
        known = {name: CountedEngine(one, **(metadata if name == HEAD else {}))
                 for name, one in loaded.items()}

        def load(name: str) -> CountedEngine:
            if without is not None and name == ENCODER:
                raise without
            asked.append(name)
            return known[name]

        asked: list[str] = []
        monkeypatch.setattr(engines, "load", load)
        listening = Desk({VoiceActivity: VoiceOptions(), WakeWord: WakeWordOptions(**options)})
        listening.asked, listening.checks = asked, known[ENCODER]
        return listening

    return made


def said(text: str, voice: str = VOICES[0]) -> np.ndarray:
    assert voice in HELD_OUT["espeak-ng"]
    return 0.5 * Utterance(Voice("espeak-ng", voice), 150, 50, text).sound()


def room(seconds: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed)
    return noise.normal(0, 0.001, int(seconds * RATE)).astype(np.float32)


def scene(*parts: np.ndarray) -> np.ndarray:
    whole = np.concatenate([room(2.5), *parts, room(2.0)])
    return whole + room(len(whole) / RATE, 1)[: len(whole)]


def test_a_doubt_that_is_the_phrase_is_confirmed_once(desk) -> None:
    listening = desk(ALWAYS)
    for voice in VOICES:
        listening.sound(scene(said(PHRASE, voice)))
    found = listening.all("wake_word")
    assert [int(one["detections"]) for one in found] == [1, 2, 3]
    for one in found:
        assert -25 <= one["likelihood"] < 0
        assert one["score"] >= one["threshold"] == pytest.approx(0.15)


def test_a_doubt_that_only_sounds_like_the_phrase_is_rejected(desk) -> None:
    listening = desk({**STRICT, DOUBT: "0.00002"})
    for checked, text in enumerate(("hey consortium", "sensorium", "hey sensorial"), 1):
        listening.sound(scene(said(text)))
        assert listening.checks.runs >= checked
    assert listening.all("wake_word") == []


def test_the_phrase_may_follow_a_rejected_doubt_at_once(desk) -> None:
    listening = desk(STRICT)
    listening.sound(scene(said("hey sensorial"), room(0.3), said(PHRASE)))
    assert listening.checks.runs > 1
    assert [int(one["detections"]) for one in listening.all("wake_word")] == [1]


def test_what_a_head_is_sure_of_is_not_checked(desk) -> None:
    listening = desk({**ALWAYS, SURE: "0.5", LIMIT: "0"})
    listening.sound(scene(said(PHRASE)))
    (found,) = listening.all("wake_word")
    assert math.isnan(found["likelihood"])
    assert found["score"] >= found["threshold"] == 0.5


def test_a_restart_in_mid_doubt_loses_no_phrase_and_tells_none_twice(desk) -> None:
    whole = scene(said(PHRASE), room(3.0))
    once = desk(ALWAYS)
    once.sound(whole)
    ends = int(once.all("wake_word")[0]["sample"]) + RATE // 5
    listening = desk(ALWAYS)
    listening.sound(whole[:ends])
    assert listening.all("wake_word") == []
    listening.sound(whole[ends : ends + 25 * 512], take=False)
    listening.start()
    listening.sound(whole[ends + 25 * 512 :])
    assert [int(one["detections"]) for one in listening.all("wake_word")] == [1]


def test_a_doubt_at_whose_end_the_microphone_closes_is_decided_by_what_was_heard(desk) -> None:
    listening = desk(ALWAYS)
    listening.sound(scene(said(PHRASE), room(0.15))[: -2 * RATE])
    listening.silence_device(Reason.MUTED)
    listening.sound(room(1.0))
    assert len(listening.all("wake_word")) == 1


@pytest.mark.parametrize(
    "without", [EngineMissing("not built", "build it"), HashError("was changed", "build it")]
)
def test_without_the_check_s_engines_the_head_decides_alone_and_says_so(desk, without) -> None:
    listening = desk(ALWAYS, without=without)
    listening.sound(scene(said(PHRASE), room(1.0), said("hey auditorium")))
    (found,) = listening.all("wake_word")
    assert math.isnan(found["likelihood"])
    assert found["score"] >= found["threshold"] > 0.3
    notes = [detail for name, state, detail, _ in listening.reports if name == "WakeWord"]
    assert f"doubts are not checked: {ENCODER} cannot be used" in notes[-1]
    assert listening.reports[-1][1] == "live"


def test_a_head_that_has_no_limit_decides_alone_and_says_so(desk) -> None:
    listening = desk(OLD)
    listening.sound(scene(said(PHRASE)))
    (found,) = listening.all("wake_word")
    assert math.isnan(found["likelihood"])
    assert "its training chose no limit" in listening.reports[-1][2]
    assert not {ENCODER, DECODER} & set(listening.asked)


@pytest.mark.parametrize("options", [{"check": False}, {"threshold": 0.6}])
def test_where_no_check_is_wanted_its_engines_are_not_loaded(desk, options) -> None:
    listening = desk(ALWAYS, **options)
    assert not {ENCODER, DECODER} & set(listening.asked)
    listening.sound(scene(said(PHRASE)))
    (found,) = listening.all("wake_word")
    assert math.isnan(found["likelihood"])
    assert "checked" not in listening.reports[-1][2]


def test_a_doubt_whose_sound_is_overwritten_goes_by_the_head_s_own_threshold(loaded) -> None:
    check = PhraseCheck(loaded[ENCODER], loaded[DECODER])
    head = Head(CountedEngine(loaded[HEAD], **ALWAYS), 0.0, check)
    for score, passes in ((head.alone, True), (head.alone - 0.01, False)):
        told, likelihood = head.confirms(
            Heard(40_000, score, 0.001, True), lambda first, last: None, 50_000
        )
        assert told is passes
        assert math.isnan(likelihood)


@pytest.mark.parametrize(
    "metadata", [{SURE: "much"}, {DOUBT: "0.9", SURE: "0.5"}, {LIMIT: "nan"}, {DOUBT: "0"}]
)
def test_thresholds_that_make_no_sense_are_named(loaded, metadata) -> None:
    with pytest.raises(EngineError, match="hey-sensorium: is no head of a wake word"):
        Head(CountedEngine(loaded[HEAD], **{**ALWAYS, **metadata}), 0.0)


def test_it_takes_its_turn_before_speech_and_commands(tmp_path: Path) -> None:
    """Whatever the order in the file: a command that waits for the wake word looks for it once."""
    names = ("command", "speech", "wake_word", "voice_activity")
    path = tmp_path / "daemon.toml"
    path.write_text("".join(f"[senses.{name}]\n" for name in names))
    config = load(path, sensors=SENSORS, senses=SENSES)
    (slow,) = (orders for orders in plan.plan(config) if orders.kind == "slow")
    assert list(slow.senses) == ["wake_word", "speech", "command"]


def test_the_likelihood_is_that_of_the_text_that_whisper_writes(loaded) -> None:
    """Of a clear sentence: the sum over the tokens that decoding chose by itself.

    Decoding bars some tokens, which leaves the others a little more likely.
    """
    sound = np.concatenate([room(0.3), said("turn on the light"), room(0.3)])
    encoder, decoder = loaded[ENCODER], loaded[DECODER]
    heard = Decoder(decoder.run, Vocabulary.parse(decoder.metadata, DECODER)).decode(
        encoder.run({"mel": log_mel(sound, 800)})
    )
    assert heard.text.strip(" .").lower() == "turn on the light"
    expected = sum(math.log(chance) for chance in heard.chances[:4])
    check = PhraseCheck(encoder, decoder)
    assert expected - 0.3 < check.likelihood(sound, "turn on the light") <= expected + 0.01
    assert check.likelihood(sound, "hey sensorium") < expected - 15
