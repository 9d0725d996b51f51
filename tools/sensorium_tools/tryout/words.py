"""Shows what a text tells of, how alike texts are, and what is said in a sound."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.errors import EngineError
from sensorium.perception.segment_text import MODELS
from sensorium_tools.tryout.shown import AsItIs, table

_LONGEST = 60
"""Characters of a text in a table."""


class Likeness(AsItIs):
    """See `Shown`: of each two texts, how alike they are in meaning."""

    def lines(
        self, name: str, given: list[str], outputs: list[dict[str, Any]]
    ) -> list[str]:
        """See `Shown.lines`."""
        texts = given
        if len(texts) < 2:
            raise EngineError(
                f"{name}: tells how alike texts are, and this is one",
                f'sensorium-engines try {name} "a text" "another"',
            )
        vectors = np.array([output["vector"] for output in outputs])
        alike = vectors @ vectors.T
        pairs = [(one, other) for one in range(len(texts)) for other in range(one)]
        pairs.sort(key=lambda pair: -alike[pair])
        cells = [
            (f"{alike[one, other]:.2f}", _short(texts[other]), _short(texts[one]))
            for one, other in pairs
        ]
        return table([("alike", "", ""), *cells])


class Labels(AsItIs):
    """See `Shown`: the labels of each text, the surest first."""

    def lines(
        self, name: str, given: list[str], outputs: list[dict[str, Any]]
    ) -> list[str]:
        """See `Shown.lines`."""
        cells = [
            (
                _short(text),
                ", ".join(f"{entry['label']} {entry['score']:.2f}" for entry in output["labels"]),
            )
            for text, output in zip(given, outputs, strict=True)
        ]
        return table([("text", "score of each label"), *cells])


class Transcript(AsItIs):
    """See `Shown`: what is said, segment by segment."""

    def parameters(self, name: str) -> dict[str, Any]:
        """See `Shown.parameters`: the Whisper that an engine is a part of."""
        models = [model for model, engines in MODELS.items() if name in engines]
        return {"model": models[0]} if models else {}

    def lines(
        self, name: str, given: list[str], outputs: list[dict[str, Any]]
    ) -> list[str]:
        """See `Shown.lines`."""
        (output,) = outputs
        if not output["speech"]:
            return [f"{output['duration_s']:.1f} s, and nobody speaks"]
        cells = [
            (
                f"{segment['start_s']:.1f} to {segment['end_s']:.1f} s",
                f"{segment['confidence']:.2f}", segment["text"],
            )
            for segment in output["segments"]
        ]
        return table([("time", "confidence", "said"), *cells])


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
