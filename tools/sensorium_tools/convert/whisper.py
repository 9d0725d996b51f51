"""Whisper's weights in CTranslate2's format to ONNX: its encoder or its decoder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError
from sensorium.perception.whisper_text import (
    SUPPRESSED,
    SUPPRESSED_AT_START,
    VOCABULARY,
    Vocabulary,
)
from sensorium_tools.convert import whisper_decoder, whisper_encoder
from sensorium_tools.convert.ctranslate2_model import read
from sensorium_tools.convert.onnx_graph import check
from sensorium_tools.convert.whisper_sizes import WhisperSizes, sizes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensorium.inference.card import Card

_FILES = {"encoder": 1, "decoder": 3}
"""Part to how many weights it takes: model.bin; for the decoder vocabulary.txt and config.json."""

_AGAIN = "fetch the weights again; the card pins their sha256"


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`; `conversion.part` is "encoder" or "decoder"."""
    part = card.conversion.part
    if len(weights) != _FILES.get(part):
        raise EngineError(
            f"{card.name}: cannot make the part \"{part}\" of Whisper of {len(weights)} files",
            "encoder: model.bin; decoder: model.bin, vocabulary.txt, config.json",
        )
    model = read(weights[0], card.weights[0].name)
    found = sizes(model)
    if part == "encoder":
        data = whisper_encoder.build(model, found)
    else:
        settings = _settings(card, weights[2])
        metadata = _metadata(card, found, weights[1], settings)
        data = whisper_decoder.build(model, found, _alignment(card, found, settings), metadata)
    check(card, data)
    return data


def _settings(card: Card, config: bytes) -> dict[str, Any]:
    """The model's own settings."""
    try:
        settings: dict[str, Any] = dict(json.loads(config))
    except (ValueError, TypeError, RecursionError) as error:
        raise EngineError(
            f"{card.name}: {card.weights[2].name} is damaged: {error}", _AGAIN
        ) from error
    return settings


def _alignment(
    card: Card, found: WhisperSizes, settings: Mapping[str, Any]
) -> list[tuple[int, int]]:
    """The heads that follow the sound.

    A file that names none has those of the later half of the layers, as `whisper/model.py` of
    github.com/openai/whisper has it.
    """
    later = range(found.decoder_layers // 2, found.decoder_layers)
    every = [[layer, head] for layer in later for head in range(found.heads)]
    try:
        heads = sorted((int(layer), int(head)) for layer, head in
                       settings.get("alignment_heads") or every)
    except (ValueError, TypeError) as error:
        raise EngineError(f"{card.name}: alignment_heads are damaged: {error}", _AGAIN) from error
    if not all(
        0 <= layer < found.decoder_layers and 0 <= head < found.heads for layer, head in heads
    ):
        raise EngineError(
            f"{card.name}: alignment_heads name a head that there is not: {heads}", _AGAIN
        )
    return heads


def _metadata(
    card: Card, found: WhisperSizes, vocabulary: bytes, settings: Mapping[str, Any]
) -> dict[str, str]:
    """What the decoder's text is made with; checked as its reader will."""
    try:
        metadata = {
            VOCABULARY: vocabulary.decode().removesuffix("\n"),
            SUPPRESSED: _numbers(settings["suppress_ids"]),
            SUPPRESSED_AT_START: _numbers(settings["suppress_ids_begin"]),
        }
    except (ValueError, KeyError, TypeError) as error:
        raise EngineError(
            f"{card.name}: {card.weights[1].name} or {card.weights[2].name} is damaged: {error}",
            _AGAIN,
        ) from error
    count = len(Vocabulary.parse(metadata, card.name).tokens)
    if count != found.vocabulary:
        raise EngineError(
            f"{card.name}: {card.weights[1].name} has {count} tokens, "
            f"{card.weights[0].name} {found.vocabulary}"
        )
    return metadata


def _numbers(values: list[int]) -> str:
    return " ".join(str(int(value)) for value in values)
