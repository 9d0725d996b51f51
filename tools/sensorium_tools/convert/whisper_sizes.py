"""The sizes of one Whisper model, found in its variables and checked against what we can build."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from sensorium_tools.convert.ctranslate2_model import Ctranslate2Model

HEAD_WIDTH = 64
"""Of every Whisper model (`n_state / n_head` in its dimensions)."""
MELS = 80
_MOST_LAYERS = 64
_REMEDY = "convert a model of Whisper's, such as tiny.en"
_EXACT_GELU = 3
"""Of `ctranslate2::ops::ActivationType`: ReLU, GELUTanh, Swish, GELU."""
_FLAGS = {
    "decoder/activation": _EXACT_GELU, "decoder/alibi": 0, "decoder/pre_norm": 1,
    "decoder/scale_embeddings": 0, "decoder/start_from_zero_embedding": 0,
}


@dataclass(frozen=True)
class WhisperSizes:
    """How large the parts are.

    Attributes:
        width: Of the residual stream.
        heads: Of each attention; 64 wide each.
        encoder_layers: Count.
        decoder_layers: Count.
        sound_positions: Positions of the encoder: 20 ms each.
        text_positions: Most tokens of a text with its prompt.
        vocabulary: Count of tokens.
    """

    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    sound_positions: int
    text_positions: int
    vocabulary: int


def sizes(model: Ctranslate2Model) -> WhisperSizes:
    """The sizes of a model.

    Raises:
        EngineError: When it is no Whisper model, or one of a kind that cannot be converted.
    """
    if model.specification != "WhisperSpec":
        raise EngineError(f'{model.label}: its specification is "{model.specification}"', _REMEDY)
    for name, value in _FLAGS.items():
        if model.scalar(name) != value:
            raise EngineError(f"{model.label}: {name} is not {value}: cannot be converted")
    vocabulary, width = _shape(model, "decoder/embeddings/weight")
    heads = model.scalar("decoder/num_heads")
    if model.scalar("encoder/num_heads") != heads or width != heads * HEAD_WIDTH:
        raise EngineError(f"{model.label}: {heads} heads do not share the width {width} by 64")
    return WhisperSizes(
        width, heads, _layers(model, "encoder"), _layers(model, "decoder"),
        _shape(model, "encoder/position_encodings/encodings")[0],
        _shape(model, "decoder/position_encodings/encodings")[0], vocabulary,
    )


def _shape(model: Ctranslate2Model, name: str) -> tuple[int, int]:
    values = model.variables.get(name)
    if values is None or values.ndim != 2:
        raise EngineError(f"{model.label}: {name} is missing, or no matrix")
    return int(values.shape[0]), int(values.shape[1])


def _layers(model: Ctranslate2Model, part: str) -> int:
    count = 0
    while model.has(f"{part}/layer_{count}/ffn/linear_0/weight"):
        count += 1
    if not 0 < count <= _MOST_LAYERS:
        raise EngineError(f"{model.label}: the {part} has {count} layers")
    return count
