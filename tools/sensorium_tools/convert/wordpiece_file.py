"""The tokeniser of a BERT-shaped model, as the text that travels with its graph.

A hub's folder has a tokenizer.json; older ones a vocab.txt, one piece a line, whose rules are those
of Google's tokenization.py (BERT, 2018) with the switches of tokenizer_config.json.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_NEEDED = ("[UNK]", "[CLS]", "[SEP]")


def tokenizer_json(files: Mapping[str, bytes], name: str, vocabulary: int) -> str:
    """The text of a tokenizer.json; empty where the files have none.

    Args:
        files: Of the model, by name; an empty one is missing.
        name: What errors call it.
        vocabulary: Rows of the model's table of words.

    Raises:
        EngineError: When a file is damaged, or has more pieces than the model.
    """
    if files.get("tokenizer.json"):
        return _text(files["tokenizer.json"], "tokenizer.json", name)
    if not files.get("vocab.txt"):
        return ""
    pieces = _text(files["vocab.txt"], "vocab.txt", name).removesuffix("\n").split("\n")
    numbers = {piece.removesuffix("\r"): at for at, piece in enumerate(pieces)}
    if len(pieces) > vocabulary or any(piece not in numbers for piece in _NEEDED):
        raise EngineError(
            f"{name}: vocab.txt has {len(pieces)} pieces, the model {vocabulary}; "
            f"{', '.join(_NEEDED)} must be among them",
            "take both files from one model",
        )
    return json.dumps(_rules(numbers, _switches(files, name)))


def _switches(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    data = files.get("tokenizer_config.json") or b"{}"
    try:
        switches = json.loads(data)
        if not isinstance(switches, dict):
            raise ValueError("it holds no table")
    except (ValueError, RecursionError) as error:
        raise EngineError(
            f"{name}: tokenizer_config.json is damaged: {error}", "fetch it again"
        ) from error
    return switches


def _rules(numbers: dict[str, int], switches: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {
                "id": numbers[token], "content": token, "single_word": False, "lstrip": False,
                "rstrip": False, "normalized": False, "special": True,
            }
            for token in _SPECIAL if token in numbers
        ],
        "normalizer": {
            "type": "BertNormalizer", "clean_text": True,
            "handle_chinese_chars": bool(switches.get("tokenize_chinese_chars", True)),
            "strip_accents": switches.get("strip_accents"),
            "lowercase": bool(switches.get("do_lower_case", True)),
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "BertProcessing",
            "sep": ["[SEP]", numbers["[SEP]"]], "cls": ["[CLS]", numbers["[CLS]"]],
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": numbers,
        },
    }


def _text(data: bytes, file: str, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise EngineError(f"{name}: {file} is not UTF-8: {error}", "fetch it again") from error
