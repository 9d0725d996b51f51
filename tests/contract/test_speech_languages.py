"""Speech in other languages, by the multilingual model: where its engines are built.

They are opt-in, so a test does not fetch and build them:
`sensorium-engines build whisper-base-encoder whisper-base-decoder`.
"""

from __future__ import annotations

import re
import unicodedata

import jiwer
import numpy as np
import pytest
from fixtures import pinned, speech
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
SENTENCES = {
    "de": "Bitte öffne die Tür und mach das Licht in der Küche aus.",
    "fr": "Ouvre la porte et éteins la lumière dans la cuisine.",
    "es": "Abre la puerta y apaga la luz de la cocina, por favor.",
}
WRONG = 0.34
"""Of the words, which a synthesiser said: about one in six is wrong of such sentences."""


@pytest.fixture(scope="module")
def loaded():
    try:
        return {name: store.load(name) for name in (ENCODER, DECODER)}
    except EngineError as error:
        pytest.skip(f"the multilingual engines are not built: {error}")


def said(language: str) -> np.ndarray:
    sound = speech.espeak(SENTENCES[language], language)
    sound = np.pad(sound * (0.4 / np.abs(sound).max()), (16_000, 16_000))
    sound += np.random.default_rng(0).normal(0, 0.001, len(sound))
    return sound[: len(sound) // BLOCK * BLOCK].astype(np.float32)


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", text).lower()))


@pytest.mark.parametrize("told", ["auto", "itself"])
@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_a_sentence_comes_out_in_its_language(loaded, language: str, told: str) -> None:
    found = Recogniser(
        loaded[ENCODER], loaded[DECODER], language if told == "itself" else "auto"
    ).hear(said(language))
    assert found.language == language
    assert jiwer.wer(plain(SENTENCES[language]), plain(found.text)) <= WRONG


def test_the_sense_takes_the_model_that_its_options_name(loaded) -> None:
    options = SpeechOptions(encoder=ENCODER, decoder=DECODER, language="de", partials=False)
    rig = Desk({VoiceActivity: VoiceOptions(), Speech: options})
    rig.sound(said("de"), take=False)
    rig.drain()
    told = [record for record in rig.all("transcript") if record["is_final"]]
    assert {(int(one["outcome"]), one["language"]) for one in told} == {(SAID, b"de")}
    text = " ".join(one["text"].decode() for one in told)
    assert jiwer.wer(plain(SENTENCES["de"]), plain(text)) <= WRONG


def test_a_language_that_is_none_is_refused_with_what_there_is(loaded) -> None:
    options = SpeechOptions(encoder=ENCODER, decoder=DECODER, language="xx")
    with pytest.raises(EngineError, match=r'language "xx", it knows auto, en, .*de') as caught:
        Speech(options, loaded, no_rings())
    assert "[senses.speech]" in caught.value.remedy


@pytest.mark.parametrize("text", [*SENTENCES.values(), "Откройте дверь.", "ドアを開けて。"])
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
