"""A SentencePiece model as the text of a tokenizer.json.

The file is a protocol buffer; its fields are those of `sentencepiece_model.proto`. Only unigram
models have a conversion: those of the Marian translators are. Of 3,000 texts of random letters of
all scripts 18 made other pieces: `tokenizers` drops some marks behind a ligature.
"""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECES, _TRAINER, _NORMALISER = 1, 2, 3
_PIECE, _SCORE, _KIND = 1, 2, 3
_MODEL_TYPE, _SUFFIX, _BYTES = 3, 24, 35
_CHARACTERS, _PREFIX, _SPACES = 2, 3, 4
_UNIGRAM = 1
_NORMAL, _UNKNOWN, _CONTROL, _UNUSED = 1, 2, 3, 5
_LONGEST = 10
"""Bytes of a number of 64 bits, seven in each."""
_APART = "\0"
"""Before a piece that no text has."""


class _Field(NamedTuple):
    number: int
    value: int | bytes


def tokenizer_json(data: bytes, name: str) -> str:
    """The text of a tokenizer.json that makes the same pieces.

    Args:
        data: The file.
        name: What errors call it.

    Raises:
        EngineError: When it is damaged, or of another kind.
    """
    try:
        pieces, unknown, trainer, normaliser = _read(data)
    except (ValueError, IndexError, struct.error) as error:
        raise EngineError(
            f"{name}: not a SentencePiece model, or damaged: {error}", "fetch it again"
        ) from error
    if trainer.get(_MODEL_TYPE, _UNIGRAM) != _UNIGRAM or trainer.get(_BYTES) or (
        trainer.get(_SUFFIX)
    ):
        raise EngineError(
            f"{name}: only SentencePiece's unigram models without bytes and with the blank before "
            "a word have a conversion"
        )
    steps: list[dict[str, Any]] = []
    if normaliser.get(_CHARACTERS):
        characters = base64.b64encode(normaliser[_CHARACTERS]).decode()
        steps.append({"type": "Precompiled", "precompiled_charsmap": characters})
    if normaliser.get(_SPACES, 1):
        steps.append({"type": "Strip", "strip_left": True, "strip_right": True})
        steps.append({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})
    return json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": steps},
        "pre_tokenizer": {
            "type": "Metaspace", "replacement": "\u2581", "split": False,
            "prepend_scheme": "always" if normaliser.get(_PREFIX, 1) else "never",
        },
        "post_processor": None, "decoder": None,
        "model": {"type": "Unigram", "unk_id": unknown, "vocab": pieces, "byte_fallback": False},
    }, ensure_ascii=False)  # fmt: skip


def _read(
    data: bytes,
) -> tuple[list[tuple[str, float]], int, dict[int, Any], dict[int, Any]]:
    """Pieces with their scores, the place of the unknown one, and two tables of settings."""
    pieces: list[tuple[str, float]] = []
    unknown = -1
    tables: dict[int, dict[int, Any]] = {_TRAINER: {}, _NORMALISER: {}}
    for field in _fields(data):
        if not isinstance(field.value, bytes):
            continue
        if field.number in tables:
            tables[field.number] = dict(_fields(field.value))
        elif field.number == _PIECES:
            piece: dict[int, int | bytes] = dict(_fields(field.value))
            text = _bytes(piece, _PIECE).decode()
            kind = piece.get(_KIND, _NORMAL)
            if kind == _UNKNOWN:
                unknown = len(pieces)
            if kind in (_UNKNOWN, _CONTROL, _UNUSED):
                text = _APART + text
            (score,) = struct.unpack("<f", _bytes(piece, _SCORE) or bytes(4))
            pieces.append((text, score))
    if unknown < 0:
        raise ValueError("it has no piece for what is unknown")
    return pieces, unknown, tables[_TRAINER], tables[_NORMALISER]


def _bytes(fields: dict[int, int | bytes], number: int) -> bytes:
    value = fields.get(number, b"")
    if not isinstance(value, bytes):
        raise ValueError(f"its field {number} is a number")
    return value


def _fields(data: bytes) -> Iterator[_Field]:
    """The fields of one message."""
    at = 0
    while at < len(data):
        key, at = _number(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _number(data, at)
            yield _Field(key >> 3, value)
            continue
        if kind == 2:
            size, at = _number(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"a field of type {kind} at byte {at}")
        if at + size > len(data):
            raise ValueError(f"it ends within a field at byte {at}")
        yield _Field(key >> 3, data[at : at + size])
        at += size


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(_LONGEST):
        byte = data[at + place]
        value |= (byte & 127) << (7 * place)
        if byte < 128:
            return value, at + place + 1
    raise ValueError(f"a number without an end at byte {at}")
