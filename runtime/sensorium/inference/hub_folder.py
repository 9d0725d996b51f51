"""A model's folder as hubs publish them: which of its files a converter reads.

The names are those that Hugging Face's `transformers` writes with `save_pretrained`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sensorium.inference.card_tables import Weight

if TYPE_CHECKING:
    from sensorium.config import Source as File
    from sensorium.inference.card import Card

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


def with_files(card: Card, file: File) -> Card:
    """A card with a folder among its sources as one that names the folder's files; else itself.

    Args:
        card: As it was read.
        file: It.

    Raises:
        ConfigError: It names a folder beside something else, or for another converter.
    """
    converter = card.conversion.converter
    for index, source in enumerate(card.sources):
        if source.kind != "folder":
            continue
        place = ("sources", index)
        if len(card.sources) > 1 or card.weights:
            raise file.error(place, "a folder is the only source, and has no [[weights]]")
        if converter not in FILES:
            raise file.error(
                place, f"the converter {converter} reads no folder",
                f"converter is one of {', '.join(FILES)}",
            )
        if len(source.paths) != 1 or not source.paths[0]:
            raise file.error((*place, "paths"), "is to name one folder")
        room = source.paths[0].rstrip("/\\")
        paths = tuple(f"{room}/{weight.name}" for weight in FILES[converter])
        return replace(
            card, sources=(replace(source, kind="file", paths=paths),), weights=FILES[converter]
        )
    return card
