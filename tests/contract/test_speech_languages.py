"""Speech in other languages, by the multilingual model: where its engines are built.

They are opt-in, so a test does not fetch and build them:
`sensorium-engines build whisper-base-encoder whisper-base-decoder`.
"""

from __future__ import annotations

import functools

import jiwer
import numpy as np
import pytest
from fixtures import pinned, speech
from fixtures.other_languages import plain, recorded
from fixtures.senses import Desk, no_rings

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception.recogniser import Recogniser
from sensorium.perception.speech import SAID, Speech, SpeechOptions
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.perception.whisper_text import Vocabulary
from sensorium_tools.fetch import Pinned

ENCODER, DECODER = "whisper-base-encoder", "whisper-base-decoder"
BLOCK = 512
RECORDED = ("all-circuits-busy-now", "cannot-complete-as-dialed", "conf-leaderhasleft")
GERMAN = "Bitte öffne die Tür und mach das Licht in der Küche aus."
LANGUAGES = ("de", "es", "fr", "it")
WRONG = 0.35
"""Of the words of a language: the benchmark has one in five of recorded French wrong."""


@pytest.fixture(scope="module")
def loaded():
    try:
        return {name: store.load(name) for name in (ENCODER, DECODER)}
    except EngineError as error:
        pytest.skip(f"the multilingual engines are not built: {error}")


@functools.cache
def said(language: str) -> tuple[tuple[np.ndarray, str], ...]:
    """Sentences with silence around them; what Debian has no recordings of is espeak-ng's."""
    found = recorded(language, RECORDED)
    if language == "de":
        found = ((speech.espeak(GERMAN, "de"), GERMAN),)
    if not found:
        pytest.skip(f"asterisk-core-sounds-{language} and -{language}-g722 are not installed")
    return tuple((room(sound), text) for sound, text in found)


def room(sound: np.ndarray) -> np.ndarray:
    padded = np.pad(sound * (0.4 / np.abs(sound).max()), (16_000, 16_000))
    padded += np.random.default_rng(0).normal(0, 0.001, len(padded))
    return padded[: len(padded) // BLOCK * BLOCK].astype(np.float32)


@pytest.mark.parametrize("told", ["auto", "itself"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_comes_out_in_its_language(loaded, language: str, told: str) -> None:
    hearing = Recogniser(
        loaded[ENCODER], loaded[DECODER], language if told == "itself" else "auto"
    )
    found = [hearing.hear(sound) for sound, _ in said(language)]
    assert {heard.language for heard in found} == {language}
    wrong = jiwer.wer(
        [plain(text) for _, text in said(language)], [plain(heard.text) for heard in found]
    )
    print(f"{language}: {wrong:.2f} of the words are wrong")
    assert wrong <= WRONG


def test_the_sense_takes_the_model_that_its_options_name(loaded) -> None:
    options = SpeechOptions(encoder=ENCODER, decoder=DECODER, language="de", partials=False)
    rig = Desk({VoiceActivity: VoiceOptions(), Speech: options})
    ((sound, text),) = said("de")
    rig.sound(sound, take=False)
    rig.drain()
    told = [record for record in rig.all("transcript") if record["is_final"]]
    assert {(int(one["outcome"]), one["language"]) for one in told} == {(SAID, b"de")}
    heard = " ".join(one["text"].decode() for one in told)
    assert jiwer.wer(plain(text), plain(heard)) <= WRONG


def test_a_language_that_is_none_is_refused_with_what_there_is(loaded) -> None:
    options = SpeechOptions(encoder=ENCODER, decoder=DECODER, language="xx")
    with pytest.raises(EngineError, match=r'language "xx", it knows auto, en, .*de') as caught:
        Speech(options, loaded, no_rings())
    assert "[senses.speech]" in caught.value.remedy


@pytest.mark.parametrize("text", [GERMAN, "Où est la clé ?", "Откройте дверь.", "ドアを開けて。"])
def test_tokens_are_those_of_the_models_own_tokeniser(loaded, text: str) -> None:
    tokenizers = pytest.importorskip("tokenizers", exc_type=ImportError)
    source = store.find_card(DECODER).sources[0]
    package = Pinned(DECODER, source.package, source.file, source.sha256)
    path = source.paths[0].replace("model.bin.part1", "tokenizer.json")
    theirs = tokenizers.Tokenizer.from_str(pinned.read(package, path).decode())
    ours = Vocabulary.parse(loaded[DECODER].metadata, DECODER)
    tokens = theirs.encode(text, add_special_tokens=False).ids
    assert ours.text(tokens) == text
    assert all(theirs.token_to_id(f"<|{name}|>") == at for name, at in ours.languages.items())
    assert len(ours.languages) == 99
