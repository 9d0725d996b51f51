"""The task `translate`: texts in another language, by a translator of the user's own cards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensorium.perception.translation import WIDEST, Translated, Translator
from sensorium.service.problem import Problem
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks import text_engines
from sensorium.service.tasks.task import Takes, Timed
from sensorium.service.tasks.text_engines import TRANSLATOR

if TYPE_CHECKING:
    from sensorium.config import Service
    from sensorium.inference.engine import Engine
    from sensorium.service.tasks.work import Work

MOST_TOKENS = 1024
_ROOM, _TIMES = 16, 3
"""Tokens of a translation beside this many times those of its source, where none are said."""


@dataclass(frozen=True)
class TranslateParameters(Timed):
    """See `Translate`."""

    model: str = field(
        default="",
        metadata={
            "doc": "The translator, NAME of the cards NAME-encoder and NAME-decoder; else the only "
            "one that is built."
        },
    )
    target: str = field(
        default="",
        metadata={
            "doc": "The language, by the model's own code, where it speaks several: those are "
            "named when it is missing."
        },
    )
    beam: int = field(
        default=4,
        metadata={
            "doc": "Translations that are followed side by side; 1: greedy.", "min": 1,
            "max": WIDEST,
        },
    )
    max_tokens: int = field(
        default=0,
        metadata={
            "doc": f"Most tokens of the translation of a line; 0: {_TIMES} times its own, and "
            f"{_ROOM}. The model's positions bound it, too.",
            "min": 0, "max": MOST_TOKENS,
        },
    )
    timeout_s: float = field(
        default=600.0, kw_only=True,
        metadata={
            "doc": "Seconds after which the request is given up.", "min": 0.01, "max": 86_400.0,
        },
    )


class Translate:
    """The task; see `task.Task`."""

    about = (
        "Texts in another language, by a Marian translator of the user's own cards, "
        "NAME-encoder and NAME-decoder: none is shipped. Line by line; a line that is longer than "
        "the model reads is split at its sentences, and `parts` counts the pieces. `truncated` "
        "says that a translation was cut at max_tokens."
    )
    takes = Takes.TEXTS
    parameters = TranslateParameters
    output = schema.record({
        "text": schema.text(),
        "score": schema.number("Geometric mean of the tokens' probabilities, 0..1; 1: no text."),
        "tokens": schema.whole("Of the translation."),
        "parts": schema.whole("That were translated by themselves."),
        "truncated": schema.truth("Whether the translation of a part was cut."),
    })

    def __init__(self, _settings: Service) -> None:
        self._kept: dict[str, Translator] = {}

    @property
    def engines(self) -> tuple[str, ...]:
        """See `task.Task`."""
        return tuple(
            half for name in text_engines.names(TRANSLATOR)
            for half in text_engines.engines(TRANSLATOR, name)
        )

    @property
    def needs(self) -> tuple[str, ...]:
        """See `task.Task`: the halves of the one that answers where none is named."""
        return tuple(
            half for name in text_engines.built(TRANSLATOR)[:1]
            for half in text_engines.engines(TRANSLATOR, name)
        )

    async def perform(
        self, inputs: tuple[str, ...], parameters: TranslateParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        name = await text_engines.chosen(TRANSLATOR, parameters.model)
        halves = text_engines.engines(TRANSLATOR, name)
        _check_target(parameters.target, await work.call(halves, self._targets), name)
        made: dict[str, dict[str, Any]] = {}
        for text in inputs:
            if text not in made:
                made[text] = await self._one(halves, text, parameters, work)
        return [made[text] for text in inputs]

    async def _one(
        self, halves: tuple[str, ...], text: str, parameters: TranslateParameters, work: Work
    ) -> dict[str, Any]:
        lines: list[str] = []
        found: list[Translated] = []
        for line in text.split("\n"):
            sources = await work.call(halves, self._sources, line, parameters.target)
            pieces = [
                # A call for each: others wait meanwhile.
                await work.call(halves, self._translate, source, parameters)
                for source in sources
            ]
            lines.append(" ".join(piece.text for piece in pieces))
            found += pieces
        tokens = sum(piece.tokens for piece in found)
        weighed = sum(piece.score * max(piece.tokens, 1) for piece in found)
        weight = sum(max(piece.tokens, 1) for piece in found)
        return {
            "text": "\n".join(lines), "score": round(weighed / weight if weight else 1.0, 6),
            "tokens": tokens, "parts": len(found),
            "truncated": not all(piece.ended for piece in found),
        }

    def _targets(self, encoder: Engine, decoder: Engine) -> tuple[str, ...]:
        return self._of(encoder, decoder).targets

    def _sources(
        self, encoder: Engine, decoder: Engine, line: str, target: str
    ) -> list[list[int]]:
        return self._of(encoder, decoder).sources(line, target)

    def _translate(
        self, encoder: Engine, decoder: Engine, source: list[int], parameters: TranslateParameters
    ) -> Translated:
        most = parameters.max_tokens or _TIMES * len(source) + _ROOM
        return self._of(encoder, decoder).translate(source, parameters.beam, most)

    def _of(self, encoder: Engine, decoder: Engine) -> Translator:
        """Kept from line to line: it takes the vocabulary apart."""
        kept = self._kept.get(decoder.name)
        if kept is None or kept.encoder is not encoder or kept.decoder is not decoder:
            kept = self._kept[decoder.name] = Translator(encoder, decoder)
        return kept


def _check_target(target: str, targets: tuple[str, ...], name: str) -> None:
    """Refuses a language that a model does not speak.

    Raises:
        Problem: 422; names those that it speaks.
    """
    if target == "" and not targets:
        return
    if target not in targets:
        spoken = ", ".join(targets)
        raise Problem(
            422, f"parameters.target: {name} has no {target!a}" if target
            else f"parameters.target: {name} speaks several languages",
            f"name one of: {spoken}" if spoken else "leave it out: the model has one language",
        )
