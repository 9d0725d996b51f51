"""WordPiece against Hugging Face's own tokeniser, on thousands of odd strings."""

from __future__ import annotations

import contextlib
import json
import random
import unicodedata

import pytest
from tokenizers import Tokenizer

from sensorium.errors import EngineError
from sensorium.perception.wordpiece import WordPiece

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PIECES = ("ab", "abc", "##bc", "##cd", "##ing", "un", "##able", "play", "##ed", "die", "##ss")
ODD = "abcdeéÉÀıİßſΣςñŋǅ ,.!?'\"-_$+^`~[]\t\n\r\v\f\x00\x07\u0085\u00a0\u200b\u00ad\ufeff\ufffd"
ODD += "中文字々ーひカ\u3000\u2028\u0301\u0327\ufb01Ⅷ①½µK\U0001f600\U00020000\ue000"
RECLASSED = (0x166D, 0x1734, 0x1885, 0x1886)
"""Characters whose class a later version of Unicode has changed."""


def old_characters() -> list[str]:
    """All that Unicode 3.2 had: newer ones are not in the tables that `tokenizers` has."""
    return [
        chr(point)
        for point in range(0x110000)
        if unicodedata.ucd_3_2_0.category(chr(point)) not in ("Cn", "Co", "Cs")
        and point not in RECLASSED
    ]


def tokenizer_json(**changes) -> str:
    """A tokenizer.json as BERT's, with a vocabulary in which each odd character is a piece."""
    singles = sorted(
        {
            part
            for char in ODD
            for form in (char, char.lower())
            for part in unicodedata.normalize("NFD", form) + form
        }
    )
    vocabulary = dict.fromkeys((*SPECIAL, *PIECES, *singles, *("##" + one for one in singles)))
    normaliser = {
        "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
        "strip_accents": None, "lowercase": True, **changes,
    }  # fmt: skip
    ids = {token: {"id": token, "ids": [SPECIAL.index(token)], "tokens": [token]}
           for token in ("[CLS]", "[SEP]")}  # fmt: skip
    single = [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ]
    return json.dumps(
        {
            "version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [
                {
                    "id": at, "content": token, "single_word": False, "lstrip": False,
                    "rstrip": False, "normalized": False, "special": True,
                }
                for at, token in enumerate(SPECIAL)
            ],
            "normalizer": normaliser,
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": ids
            },
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": {piece: at for at, piece in enumerate(vocabulary)},
            },
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [{}, {"lowercase": False}, {"strip_accents": False}, {"clean_text": False},
     {"handle_chinese_chars": False}, {"lowercase": False, "strip_accents": True}],
    ids=str,
)  # fmt: skip
def test_odd_strings_have_the_ids_of_the_reference(changes):
    text = tokenizer_json(**changes)
    reference, ours = Tokenizer.from_str(text), WordPiece(text, "test")
    draws = random.Random(7)
    old = old_characters()
    for _ in range(1500):
        pieces = draws.choices(
            (draws.choice(old), *PIECES, *SPECIAL, *ODD), k=draws.randrange(1, 40)
        )
        string = "".join(piece.removeprefix("##") for piece in pieces)
        assert list(ours(string, 1_000)[0]) == reference.encode(string).ids, ascii(string)


def test_plain_words_are_cut_into_the_longest_pieces():
    ours = WordPiece(tokenizer_json(), "test")
    vocabulary = json.loads(tokenizer_json())["model"]["vocab"]
    names = {index: piece for piece, index in vocabulary.items()}
    tokens = [names[index] for index in ours("Abcd abbc, ÀB", 100)[0]]
    assert tokens == [
        "[CLS]", "abc", "##d", "ab", "##bc", ",", "ab", "[SEP]"
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", " \n\u200b", "\x00"])
def test_a_text_of_nothing_is_its_start_and_end(text):
    ids = WordPiece(tokenizer_json(), "test")(text, 16)
    assert (ids.dtype, ids.tolist()) == ("int64", [[2, 3]])


def test_a_long_text_is_cut_and_keeps_its_end():
    ours = WordPiece(tokenizer_json(), "test")
    for text in ("a " * 500, "a" * 100_000, "é," * 1_000_000):
        for limit in (2, 3, 16):
            ids = ours(text, limit)[0]
            assert len(ids) <= limit
            assert (ids[0], ids[-1]) == (2, 3)


def test_another_file_is_refused():
    good = json.loads(tokenizer_json())
    bad = [
        "", "[]", "{}", "null", b"\xff\xfe", "[" * 100_000,
        json.dumps({**good, "model": {**good["model"], "type": "BPE"}}),
        json.dumps({**good, "normalizer": None}),
        json.dumps({**good, "model": {**good["model"], "vocab": {"a": 0}}}),
        json.dumps({**good, "model": {**good["model"], "vocab": {"a": "b"}}}),
        json.dumps({**good, "added_tokens": None}),
    ]  # fmt: skip
    for text in bad:
        with pytest.raises(EngineError, match=r"^minilm: not a WordPiece"):
            WordPiece(text, "minilm")


@pytest.mark.parametrize("seed", range(30))
def test_a_garbled_file_is_an_engine_error_or_another_tokeniser(seed):
    data = bytearray(tokenizer_json().encode())
    draws = random.Random(seed)
    for _ in range(8):
        data[draws.randrange(len(data))] = draws.randrange(256)
    with contextlib.suppress(EngineError):
        WordPiece(bytes(data[: draws.randrange(len(data) * 2)]), "test")("abc [MASK] é", 16)
