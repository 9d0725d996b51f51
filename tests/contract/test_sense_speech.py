"""Speech to text on real engines and real regions: partial and final, restarts, what is lost."""

from __future__ import annotations

import itertools

import jiwer
import numpy as np
import pytest
from fixtures import engines
from fixtures import speech as voices
from fixtures.senses import Desk, no_rings

from sensorium.channels.catalogue import AUDIO_SLOTS
from sensorium.errors import EngineError
from sensorium.inference.governor.step import StepKind
from sensorium.perception.recogniser import Recogniser
from sensorium.perception.speech import LOST, NOTHING, SAID, Speech, SpeechOptions
from sensorium.perception.utterances import Event
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium_tools.evaluate.english_words import words

RATE, BLOCK = 16_000, 512
WRONG = 0.25
"""Of the words: among 29 are "brown fox" and "dog", which nobody understands as one synthesiser
says them."""
WRONG_OF_PROMPTS = 0.1
"""Of 89 words without these: what a processor rounds otherwise is a word or two of them."""

ENGINES = ("whisper-tiny-en-encoder", "whisper-tiny-en-decoder")


def room(seconds: float) -> np.ndarray:
    """The noise of a quiet room, -60 dBFS."""
    blocks = int(seconds * RATE) // BLOCK
    return np.random.default_rng(0).normal(0, 0.001, blocks * BLOCK).astype(np.float32)


def plain(text: str) -> str:
    return " ".join(words(text))


@pytest.fixture(scope="module")
def prompts() -> list[tuple[np.ndarray, list[str]]]:
    """Recorded prompts and two sentences, a second of silence around each, and their texts; each
    part is short enough for the audio ring."""
    voices.require_recorded()
    all_of_them = voices.recorded(voices.RECORDED) + voices.spoken()[-2:]
    return [said(all_of_them[:5]), said(all_of_them[5:])]


@pytest.fixture(scope="module")
def talk() -> tuple[np.ndarray, list[str]]:
    """Three short sentences."""
    return said(voices.spoken())


def said(utterances) -> tuple[np.ndarray, list[str]]:
    parts, texts = [room(1.0)], []
    for _, sound, text in utterances:
        parts += [(sound * (0.4 / np.abs(sound).max())).astype(np.float32), room(1.0)]
        texts.append(text)
    sound = np.concatenate(parts)
    return sound[: len(sound) // BLOCK * BLOCK], texts


def desk(**options) -> Desk:
    return Desk({VoiceActivity: VoiceOptions(), Speech: SpeechOptions(**options)})


def hear_all(desk: Desk, sound: np.ndarray) -> None:
    """Voice activity first: a busy machine's long recognition is no lost input to it."""
    desk.sound(sound, take=False)
    desk.drain()


def finals(desk: Desk) -> list[np.void]:
    return [told for told in desk.all("transcript") if told["is_final"]]


def ended(desk: Desk) -> list[int]:
    return [int(told["utterance"]) for told in desk.all("utterance") if told["event"] == Event.END]


def errors(desk: Desk, texts: list[str]) -> float:
    heard = " ".join(told["text"].decode() for told in finals(desk))
    return jiwer.wer(plain(" ".join(texts)), plain(heard))


def test_what_is_said_is_written_down_with_its_utterance(prompts) -> None:
    rig = desk()
    for sound, _ in prompts:
        hear_all(rig, sound)
    texts = [text for _, part in prompts for text in part]
    told = finals(rig)
    assert [int(one["utterance"]) for one in told] == ended(rig)
    assert {int(one["outcome"]) for one in told} == {SAID}
    assert errors(rig, texts) < WRONG_OF_PROMPTS
    ends = {int(one["utterance"]): one for one in rig.all("utterance") if one["event"] == Event.END}
    for one in told:
        end = ends[int(one["utterance"])]
        assert (one["start_ns"], one["end_ns"]) == (end["start_ns"], end["end_ns"])
        assert (one["part"], one["parts"], one["language"]) == (1, 1, b"en")
        assert 0 <= one["no_speech"] < 1


def test_partial_text_grows_before_the_final_and_never_after(talk) -> None:
    rig = desk()
    rig.sound(talk[0])
    by_utterance: dict[int, list[np.void]] = {}
    for told in rig.all("transcript"):
        by_utterance.setdefault(int(told["utterance"]), []).append(told)
    for told in by_utterance.values():
        *partials, final = told
        assert partials
        assert final["is_final"]
        assert not any(one["is_final"] for one in partials)
        revisions = [int(one["revision"]) for one in partials]
        assert revisions == list(range(1, len(partials) + 1))
        assert final["revision"] == revisions[-1]


def test_without_partials_only_finals_are_told(talk) -> None:
    rig = desk(partials=False)
    rig.sound(talk[0])
    assert [int(told["utterance"]) for told in rig.all("transcript")] == ended(rig)


def test_what_the_governor_has_wait_is_written_down_later_and_the_same(talk) -> None:
    sound, _ = talk
    at_once = desk(partials=False)
    at_once.sound(sound)
    wanted = [(told["utterance"], told["text"]) for told in finals(at_once)]
    for step, interval_ms in ((StepKind.REDUCED, 4000), (StepKind.PAUSED, 8000)):
        rig = Desk(
            {VoiceActivity: VoiceOptions(), Speech: SpeechOptions(partials=False)}, governed=True
        )
        long, second = np.concatenate((sound, room(10.0))), RATE // BLOCK * BLOCK
        for start in range(0, len(long), second):
            rig.govern({"Speech": (step, interval_ms)})
            rig.sound(long[start : start + second])
        told = finals(rig)
        assert [one["text"] for one in told] == [text for _, text in wanted]
        assert ended(rig) == [one["utterance"] for one in told]
        assert not any(one["lost"] for one in told)
        assert rig.perceiver.slots[1].pace.figures()["waited_s"] > 3


@pytest.mark.parametrize("at_s", [1.5, 5.2, 9.1])
def test_a_restart_delivers_each_utterance_once(talk, at_s: float) -> None:
    sound, texts = talk
    rig = desk()
    cut = int(at_s * RATE) // BLOCK * BLOCK
    rig.sound(sound[:cut])
    rig.start()
    rig.sound(sound[cut:])
    assert [int(one["utterance"]) for one in finals(rig)] == ended(rig)
    assert errors(rig, texts) < WRONG


def test_who_was_away_catches_up_in_order(talk) -> None:
    sound, texts = talk
    rig = desk()
    rig.sound(sound, take=False)
    rig.start()
    assert [int(one["utterance"]) for one in finals(rig)] == ended(rig)
    assert errors(rig, texts) < WRONG
    assert int(finals(rig)[0]["backlog"]) == len(ended(rig)) - 1
    assert int(finals(rig)[-1]["backlog"]) == 0


def test_sound_that_was_overwritten_is_said_to_be_lost_and_counted(talk) -> None:
    sound, _ = talk
    voice = Desk({VoiceActivity: VoiceOptions()})
    voice.sound(sound)
    both = {VoiceActivity: VoiceOptions(), Speech: SpeechOptions()}
    voice._senses = both
    voice.start()
    before = len(finals(voice))
    voice._senses = {VoiceActivity: VoiceOptions()}
    voice.start()
    voice.sound(sound)
    voice.sound(room(AUDIO_SLOTS * BLOCK / RATE + 1))
    voice._senses = both
    voice.start()
    late = finals(voice)[before:]
    assert late
    assert [int(one["utterance"]) for one in finals(voice)] == ended(voice)
    assert {int(one["outcome"]) for one in late} == {LOST}
    assert int(late[-1]["lost"]) == len(late)
    assert all(one["text"] == b"" for one in late)


def test_a_cough_is_nothing_said() -> None:
    rng = np.random.default_rng(1)
    burst = rng.normal(0, 0.3, 20 * BLOCK) * np.exp(-np.arange(20 * BLOCK) / 3000)
    rig = desk()
    rig.sound(np.concatenate([room(1.0), burst.astype(np.float32), room(1.0)]))
    assert all(int(one["outcome"]) == NOTHING for one in finals(rig))
    assert [int(one["utterance"]) for one in finals(rig)] == ended(rig)


def test_words_have_their_times_and_their_place_in_the_text(talk) -> None:
    rig = desk()
    hear_all(rig, talk[0])
    for told in finals(rig):
        text = bytes(told["text"])
        words = told["words"][: int(told["word_count"])]
        said = [
            text[int(word["offset"]) : int(word["offset"]) + int(word["length"])].decode()
            for word in words
        ]
        assert " ".join(said) == text.decode()
        times = [int(word[name]) for word in words for name in ("start_ns", "end_ns")]
        assert times == sorted(times)
        # The lead-in and lead-out of an utterance, and what is heard beyond a cut.
        assert times[0] >= told["start_ns"] - 400_000_000
        assert times[-1] <= told["end_ns"] + 1_000_000_000
        assert all(0 < float(word["confidence"]) <= 1 for word in words)
        assert told["words_lost"] == 0


def test_a_word_at_a_cut_is_written_once(talk) -> None:
    """Sentences without a pause between them, cut after 5 s each time."""
    sound = np.concatenate([each for _, each, _ in voices.spoken()] * 2)
    sound = (sound * (0.4 / np.abs(sound).max())).astype(np.float32)
    whole = np.concatenate([room(1.0), sound[: len(sound) // BLOCK * BLOCK], room(1.0)])
    rig = Desk({
        VoiceActivity: VoiceOptions(utterance_max_s=5.0, utterance_silence_ms=3000),
        Speech: SpeechOptions(partials=False),
    })
    hear_all(rig, whole)
    told = finals(rig)
    assert sum(int(one["continues"]) for one in told) >= 3
    assert errors(rig, [text for _, _, text in voices.spoken()] * 2) < 0.3
    heard = plain(" ".join(one["text"].decode() for one in told)).split()
    assert not [word for word, after in itertools.pairwise(heard) if word == after]


@pytest.mark.parametrize("fault", ["clipped", "offset", "no number", "faint"])
def test_poor_sound_is_understood(talk, fault: str) -> None:
    sound, texts = talk[0].copy(), talk[1]
    if fault == "clipped":
        sound = np.clip(sound * 8, -1, 1)
    elif fault == "offset":
        sound += np.float32(0.3)
    elif fault == "no number":
        sound[RATE * 4 : RATE * 4 + 40] = np.nan
    else:
        sound *= np.float32(0.05)
    recogniser = Recogniser(engines.load(ENGINES[0]), engines.load(ENGINES[1]))
    heard = recogniser.hear(sound)
    assert jiwer.wer(plain(" ".join(texts)), plain(heard.text)) < 0.4


@pytest.mark.parametrize("kind", ["nothing", "noise", "hum"])
def test_what_is_no_speech_has_no_text(kind: str) -> None:
    recogniser = Recogniser(engines.load(ENGINES[0]), engines.load(ENGINES[1]))
    time = np.arange(3 * RATE) / RATE
    sound = {
        "nothing": np.zeros(3 * RATE),
        "noise": np.random.default_rng(2).normal(0, 0.1, 3 * RATE),
        "hum": 0.2 * np.sin(2 * np.pi * 50 * time),
    }[kind].astype(np.float32)
    heard = recogniser.hear(sound)
    assert (heard.text, heard.words) == ("", ())
    assert heard.no_speech > 0.5


def test_an_unknown_language_is_refused_with_what_to_write() -> None:
    loaded = {name: engines.load(name) for name in ENGINES}
    with pytest.raises(EngineError, match="language") as caught:
        Speech(SpeechOptions(language="de"), loaded, no_rings())
    assert "multilingual" in caught.value.remedy


def test_a_region_that_is_replaced_doubles_and_loses_nothing(talk) -> None:
    """As when another app's grant is withdrawn, in the middle of an utterance."""
    sound, _ = talk
    rig = desk(partials=False)
    cut = 5 * RATE // BLOCK * BLOCK
    rig.sound(sound[:cut])
    before = [int(one["utterance"]) for one in finals(rig)]
    rig.renew("transcript", 2)
    rig.sound(sound[cut:])
    assert before + [int(one["utterance"]) for one in finals(rig)] == ended(rig)


class Failing:
    """A recogniser whose engine fails until it is mended."""

    def __init__(self, real: Recogniser) -> None:
        self.real = real
        self.broken = False

    def hear(self, *arguments, **options):
        if self.broken:
            raise EngineError("the engine failed")
        return self.real.hear(*arguments, **options)


def test_an_engine_that_fails_has_the_utterance_when_it_is_back(talk) -> None:
    sound, texts = talk
    rig = desk(partials=False)
    cut = 9 * RATE // BLOCK * BLOCK
    rig.sound(sound[:cut])
    slot = rig.perceiver.slots[1]
    stream = slot.streams[0]
    stream._recogniser = failing = Failing(stream._recogniser)
    failing.broken = True
    rig.sound(sound[cut:])
    assert any("the engine failed" in report for report in rig.reports)
    rig.start()
    assert [int(one["utterance"]) for one in finals(rig)] == ended(rig)
    assert errors(rig, texts) < WRONG
