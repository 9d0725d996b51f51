"""A model's folder as hubs publish them: which of its files a converter reads.

The names are those that Hugging Face's `transformers` writes with `save_pretrained`.
"""

from __future__ import annotations

from dataclasses import replace

from sensorium.inference.card_tables import Source, Weight

FILES: dict[str, tuple[Weight, ...]] = {
    "bert": (
        Weight("", "model.safetensors"),
        Weight("", "config.json"),
        Weight("", "tokenizer.json", optional=True),
        Weight("", "vocab.txt", optional=True),
        Weight("", "tokenizer_config.json", optional=True),
    ),
    "marian": (
        Weight("", "model.safetensors"),
        Weight("", "config.json"),
        Weight("", "source.spm"),
        Weight("", "vocab.json"),
    ),
}
"""Converter to the files that it reads, in its order."""


def weights(converter: str) -> tuple[Weight, ...]:
    """The files of a folder as a card's weights: any that the user has there."""
    return FILES[converter]


def source(folder: Source, converter: str) -> Source:
    """A source of kind folder as one of kind file."""
    room = folder.paths[0].rstrip("/\\")
    paths = tuple(f"{room}/{weight.name}" for weight in FILES[converter])
    return replace(folder, kind="file", paths=paths)
