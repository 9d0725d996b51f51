"""Whisper's tokens and its prompt, beside those of `tokenizers` and of faster-whisper."""

from __future__ import annotations

import pytest

from sensorium.inference import store
from sensorium.perception.speech import Speech, SpeechOptions
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_text import Vocabulary, byte_letters

TEXTS = (
    "Öffne die Tür, bitte.", "Où est la clé ?", "¿Dónde está el mapa?", "Откройте дверь.",
    "ドアを開けてください。", "افتح الباب", "दरवाज़ा खोलो", "문을 열어 주세요", "🎮 go!",
)


@pytest.fixture(scope="module")
def theirs():
    """Their tokeniser over a vocabulary of single bytes, with all special tokens of Whisper."""
    library = pytest.importorskip("tokenizers", exc_type=ImportError)
    codes = pytest.importorskip("faster_whisper.tokenizer", exc_type=ImportError)._LANGUAGE_CODES
    # As in the files of the models: yue came with large-v3, and their list is by the alphabet.
    languages = [code for code in codes if code != "yue"]
    special = [
        "<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in languages),
        "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nocaptions|>",
        "<|notimestamps|>", *(f"<|{step / 50:.2f}|>" for step in range(1501)),
    ]  # fmt: skip
    letters = sorted(library.pre_tokenizers.ByteLevel.alphabet())
    fill = [f"w{number}" for number in range(51_865 - len(special) - len(letters))]
    made = library.Tokenizer(
        library.models.BPE({word: at for at, word in enumerate([*letters, *fill])}, [])
    )
    made.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = library.decoders.ByteLevel()
    made.add_special_tokens(special)
    return made


@pytest.fixture(scope="module")
def ours(theirs) -> Vocabulary:
    numbered = sorted(theirs.get_vocab().items(), key=lambda entry: entry[1])
    return Vocabulary.parse(
        {
            "vocabulary": "\n".join(word for word, _ in numbered), "suppressed": "",
            "suppressed_at_start": "",
        },
        "test",
    )


def test_bytes_are_written_as_the_same_letters(theirs) -> None:
    import tokenizers

    assert set(byte_letters()) == set(tokenizers.pre_tokenizers.ByteLevel.alphabet())


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_comes_back_from_its_tokens(theirs, ours: Vocabulary, text: str) -> None:
    tokens = theirs.encode(text).ids
    assert len(tokens) == len(text.encode())
    assert ours.text(tokens) == theirs.decode(tokens) == text
    prompt = ours.prompt("de")
    assert ours.text((*prompt, *tokens, ours.end)) == text


@pytest.mark.parametrize("language", ["de", "fr", "es", "ja", "en", "haw"])
def test_the_prompt_is_faster_whispers(theirs, ours: Vocabulary, language: str) -> None:
    from faster_whisper.tokenizer import Tokenizer

    peer = Tokenizer(theirs, True, task="transcribe", language=language)
    assert ours.prompt(language) == (*peer.sot_sequence, peer.no_timestamps)
    assert (ours.end, ours.times) == (peer.eot, peer.timestamp_begin)


def test_every_language_of_the_model_is_known(theirs, ours: Vocabulary) -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert set(ours.languages) == set(_LANGUAGE_CODES) - {"yue"}
    assert all(theirs.token_to_id(f"<|{name}|>") == at for name, at in ours.languages.items())


@pytest.mark.parametrize("language", ["", "german", "DE", "de-AT", "yue"])
def test_another_language_is_refused_with_those_that_are_known(
    ours: Vocabulary, language: str
) -> None:
    with pytest.raises(ValueError, match=rf'language "{language}", it knows auto, .*, de, '):
        Decoder(lambda feeds: {}, ours, language=language)


def test_both_halves_of_the_models_that_are_shipped_fit_together() -> None:
    for size in ("tiny-en", "base"):
        encoder, decoder = (store.find_card(f"whisper-{size}-{half}")
                            for half in ("encoder", "decoder"))
        taken = {port.name: port.shape for port in decoder.inputs}
        assert {port.name: port.shape for port in encoder.outputs}.items() <= taken.items()
        assert encoder.engine.opt_in == decoder.engine.opt_in
        assert (encoder.name, decoder.name) == Speech.engines(
            SpeechOptions(encoder=encoder.name, decoder=decoder.name)
        )
