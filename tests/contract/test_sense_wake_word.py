"""The wake word on real regions, with the real engines and voices that its training never heard."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from fixtures import engines, speech
from fixtures.counted_engine import CountedEngine
from fixtures.senses import Desk

from sensorium.errors import EngineError
from sensorium.health import Reason
from sensorium.perception import wake_word
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.perception.wake_head import Head
from sensorium.perception.wake_options import WakeWordOptions
from sensorium.perception.wake_word import WakeWord
from sensorium_tools.progress import Progress
from sensorium_tools.train import kokoro
from sensorium_tools.train.utterance import Utterance
from sensorium_tools.train.voices import HELD_OUT, Voice

RATE = 16_000
HEAD = "hey-sensorium"
PHRASE = "hey sensorium"
VOICES = (
    ("espeak-ng", "en-us+f1"), ("espeak-ng", "en-gb-scotland+m6"), ("espeak-ng", "en-us+linda"),
    ("espeak-ng", "en-us+m1"), ("kokoro", "jf_tebukuro"), ("kokoro", "jm_kumo"),
)
ONE = VOICES[0]


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    for name in (*WakeWord.ENGINES, HEAD, "silero-vad"):
        engines.ensure_built(name)


def desk(*, check: bool = False, **options) -> Desk:
    options = WakeWordOptions(check=check, **options)
    return Desk({VoiceActivity: VoiceOptions(), WakeWord: options})


def said(synthesiser: str, voice: str, text: str = PHRASE) -> np.ndarray:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    if synthesiser == "kokoro" and (reason := kokoro.missing(Progress())):
        pytest.skip(reason)
    assert voice in HELD_OUT[synthesiser]
    return 0.5 * Utterance(Voice(synthesiser, voice), 150, 50, text).sound()


def room(seconds: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed)
    return noise.normal(0, 0.001, int(seconds * RATE)).astype(np.float32)


def scene(*parts: np.ndarray) -> np.ndarray:
    """Parts with a quiet room around and under them."""
    whole = np.concatenate([room(2.5), *parts, room(2.0)])
    return whole + room(len(whole) / RATE, 1)[: len(whole)]


@pytest.mark.parametrize(("synthesiser", "voice"), VOICES)
def test_a_voice_that_was_held_out_is_heard_once_where_it_ends(synthesiser, voice) -> None:
    phrase = said(synthesiser, voice)
    listening = desk()
    begun_ns = listening._capture_ns
    listening.sound(scene(phrase))
    (found,) = listening.all("wake_word")
    assert bytes(found["phrase"]).rstrip(b"\0") == PHRASE.encode()
    assert found["score"] >= found["threshold"] > 0
    assert found["detections"] == 1
    end = 2.5 + len(phrase) / RATE
    assert found["sample"] / RATE == pytest.approx(end, abs=0.3)
    assert (int(found["detected_ns"]) - begun_ns) / 1e9 == pytest.approx(end, abs=0.3)
    assert found["start_ns"] < found["detected_ns"]


def test_a_command_may_follow_at_once_and_the_phrase_may_come_again() -> None:
    phrase, command = said(*ONE), said(*ONE, "turn on the light")
    listening = desk()
    listening.sound(scene(phrase, command, room(1.5), phrase, command))
    assert [int(one["detections"]) for one in listening.all("wake_word")] == [1, 2]


def test_people_who_say_something_else_do_not_wake_it() -> None:
    listening = desk()
    for _, sound, _ in speech.utterances():
        listening.sound(np.concatenate([sound, room(0.5)]).astype(np.float32))
    for text in ("sensorium", "hey auditorium", "hey you over there", "a sensory emporium"):
        listening.sound(scene(said(*ONE, text)))
    assert listening.all("wake_word") == []


def test_the_gate_of_voice_activity_changes_no_detection() -> None:
    parts = []
    for place, (synthesiser, voice) in enumerate(VOICES):
        parts += [room(0.3 + 0.9 * place, place), said(synthesiser, voice)]
        parts += [said(synthesiser, voice, "and some other words")] * (place % 2)
    whole = scene(*parts)
    found = []
    for gate in (True, False):
        listening = desk(voice_gate=gate)
        listening.sound(whole)
        found.append([
            (int(one["sample"]), float(one["score"])) for one in listening.all("wake_word")
        ])
    assert found[0] == found[1]
    assert len(found[0]) >= len(VOICES) - 1


def test_nothing_is_computed_while_nobody_speaks_and_little_at_a_time(monkeypatch) -> None:
    counted = {name: CountedEngine(engines.load(name)) for name in (*WakeWord.ENGINES, HEAD)}
    monkeypatch.setattr(
        engines, "load",
        lambda name, load=engines.load: counted[name] if name in counted else load(name),
    )
    listening = desk()
    listening.sound(room(4.0))
    # What it hears after its own start, in case that was a restart.
    begun = counted["speech-mel"].runs
    listening.sound(room(4.0))
    assert counted["speech-mel"].runs == begun
    most = 0
    for start in range(0, 4 * RATE, 512):
        before = counted["speech-mel"].runs
        listening.sound(scene(said(*ONE))[start : start + 512])
        most = max(most, counted["speech-mel"].runs - before)
    assert 0 < most <= wake_word.MOST_STEPS
    assert len(listening.all("wake_word")) == 1


@pytest.mark.parametrize("behind_s", [-0.4, 0.0, 0.6])
def test_a_restart_loses_no_phrase_and_tells_none_twice(behind_s: float) -> None:
    """The process ends before, at or after the phrase's end, and comes back 0.8 s later."""
    phrase = said(*ONE)
    whole = scene(phrase, room(3.0))
    ends = int((2.5 + behind_s) * RATE) + len(phrase)
    listening = desk()
    listening.sound(whole[:ends])
    listening.sound(whole[ends : ends + 25 * 512], take=False)
    listening.start()
    listening.sound(whole[ends + 25 * 512 :])
    found = listening.all("wake_word")
    assert [int(one["detections"]) for one in found] == [1]
    assert found[0]["sample"] / RATE == pytest.approx(2.5 + len(phrase) / RATE, abs=0.3)
    listening.start()
    listening.sound(room(3.0))
    assert len(listening.all("wake_word")) == 1


def test_a_phrase_across_a_break_is_no_phrase_and_the_next_one_is() -> None:
    phrase = said(*ONE)
    listening = desk()
    listening.sound(scene(phrase[: len(phrase) // 2])[: -int(2.0 * RATE)])
    listening.silence_device(Reason.MUTED)
    listening.sound(phrase[len(phrase) // 2 :])
    listening.sound(room(2.0))
    assert listening.all("wake_word") == []
    listening.sound(scene(phrase))
    assert len(listening.all("wake_word")) == 1


def test_an_own_threshold_is_used() -> None:
    listening = desk(threshold=1.0)
    listening.sound(scene(said(*ONE)))
    assert listening.all("wake_word") == []


def test_an_engine_that_is_no_head_is_named() -> None:
    with pytest.raises(EngineError, match="speech-mel: is no head of a wake word") as refused:
        Head(engines.load("speech-mel"), 0.0)
    assert "train wake-word" in refused.value.remedy


@pytest.mark.parametrize("names", [(), ("a", "a"), tuple("abcdefghi")])
def test_the_names_of_heads_are_checked(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="one to eight"):
        WakeWordOptions(engines=names)


def test_a_phrase_that_was_said_while_the_process_was_busy_is_heard() -> None:
    phrase = said(*ONE)
    listening = desk()
    listening.sound(room(9.0))
    listening.sound(scene(phrase), take=False)
    # Voice activity, in its own process, has heard it; this one sees the newest state alone.
    listening.drain()
    listening.sound(room(0.5))
    assert [int(one["detections"]) for one in listening.all("wake_word")] == [1]


def test_the_engines_follow_the_options() -> None:
    assert WakeWord.engines(WakeWordOptions(engines=("a", "b"))) == (*WakeWord.ENGINES, "a", "b")
