"""The task `fill_mask`: which words may stand where a text has a mask."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium.perception.softmax import softmax
from sensorium.service.problem import Problem
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks import occlusion, text_engines
from sensorium.service.tasks.embedding import Embedding
from sensorium.service.tasks.readers import Readers
from sensorium.service.tasks.task import Takes, Timed
from sensorium.service.tasks.trained import TRUNCATED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.config import Service
    from sensorium.perception.hub_tokens import HubTokens, Read
    from sensorium.service.tasks.readers import Reader
    from sensorium.service.tasks.work import Work

MASK = "[MASK]"
MOST_MASKS = 256
"""Of all texts of a request: each has a share of every word."""
_JOINED = "##"
"""What a piece begins with that goes on where the one before ends."""


@dataclass(frozen=True)
class FillMaskParameters(Timed):
    """See `FillMask`."""

    model: str = field(
        default="",
        metadata={"doc": "The engine, by the name of its card; else the only one that is built."},
    )
    top_k: int = field(
        default=5, metadata={"doc": "Words of each mask.", "min": 1, "max": 100}
    )
    explain: bool = field(
        default=False,
        metadata={
            "doc": "Whether to say what each word did to the likeliest one of the first mask: its "
            "score less that of the text without the word."
        },
    )


class FillMask:
    """The task; see `task.Task`."""

    about = (
        f"Which words are the likeliest for each {MASK} of a text, by a model of the user's own "
        "card (BERT, DistilBERT): none is shipped, as no package with one was found. Of several "
        "masks each is judged by itself. A longer text than the model reads is cut, and "
        "`truncated` says so."
    )
    takes = Takes.TEXTS
    parameters = FillMaskParameters
    output = schema.record({
        "masks": schema.array(schema.record({
            "start": schema.whole("First code point of the mask in the text."),
            "end": schema.whole("Behind its last."),
            "words": schema.array(schema.record({
                "word": schema.text(),
                "joins": schema.truth("Whether it goes on where the text before it ends."),
                "score": schema.number("0..1."),
            })),
        })),
        "truncated": TRUNCATED,
        "explanation": occlusion.SCHEMA,
    }, optional=("explanation",))

    def __init__(self, _settings: Service) -> None:
        self._readers = Readers(Embedding())

    @property
    def engines(self) -> tuple[str, ...]:
        """See `task.Task`."""
        return text_engines.names(text_engines.MASKED_WORDS)

    @property
    def needs(self) -> tuple[str, ...]:
        """See `task.Task`: the one that answers where none is named."""
        return text_engines.built(text_engines.MASKED_WORDS)[:1]

    async def perform(
        self, inputs: tuple[str, ...], parameters: FillMaskParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        if parameters.explain:
            occlusion.check(inputs)
        name = await text_engines.chosen(text_engines.MASKED_WORDS, parameters.model)
        reader = await self._readers.reader(name, work)
        tokens = _with_mask(reader, name)
        reads = await asyncio.to_thread(_reads, tokens, inputs)
        made: dict[str, dict[str, Any]] = {}
        for text, read in zip(inputs, reads, strict=True):
            if text not in made:
                made[text] = await self._one(
                    (name, reader.port), text, read, tokens, parameters, work
                )
        return [made[text] for text in inputs]

    async def _one(
        self, engine: tuple[str, str], text: str, read: Read, tokens: HubTokens,
        parameters: FillMaskParameters, work: Work,
    ) -> dict[str, Any]:
        places = _masks(tokens, read)
        shares = await _shares(engine, read, places, work)
        masks = []
        for at, share in zip(places, shares, strict=True):
            start, end = read.places[at]
            best = np.argsort(-share, kind="stable")[: parameters.top_k]
            masks.append({
                "start": start, "end": end,
                "words": [_word(tokens.token(int(each)), float(share[each])) for each in best],
            })
        answer: dict[str, Any] = {"masks": masks, "truncated": read.truncated}
        if parameters.explain:
            best_word = int(np.argmax(shares[0]))

            async def of_best(text: str) -> dict[str, float]:
                read = await asyncio.to_thread(tokens, text)
                (share,) = await _shares(engine, read, _masks(tokens, read)[:1], work)
                return {"score": float(share[best_word])}

            kept = [read.places[at] for at in places]
            answer["explanation"] = {
                "label": _word(tokens.token(best_word), 0.0)["word"],
                "words": await occlusion.occlude(
                    text, {"score": float(shares[0][best_word])}, of_best, work, kept
                ),
            }
        return answer


def _with_mask(reader: Reader, name: str) -> HubTokens:
    tokens = reader.texts.tokens if reader.texts is not None else None
    if tokens is None or tokens.number(MASK) is None:
        raise EngineError(
            f"{name}: its tokeniser knows no {MASK}", "take the tokenizer.json of the model itself"
        )
    return tokens


def _reads(tokens: HubTokens, texts: tuple[str, ...]) -> list[Read]:
    reads = [_read(tokens, at, text) for at, text in enumerate(texts)]
    count = sum(len(_masks(tokens, read)) for read in reads)
    if count > MOST_MASKS:
        raise Problem(
            422, f"inputs: hold {count} masks, {MOST_MASKS} are allowed",
            "send the texts in several requests",
        )
    return reads


def _read(tokens: HubTokens, at: int, text: str) -> Read:
    read = tokens(text)
    if not _masks(tokens, read):
        if MASK in text:
            raise Problem(
                422, f"inputs[{at}]: its {MASK} lies behind what the model reads, the first "
                f"{read.ids.size} tokens", "send the part of the text that is around it",
            )
        raise Problem(
            422, f"inputs[{at}]: has no {MASK}", f"write {MASK} where a word is looked for"
        )
    return read


def _masks(tokens: HubTokens, read: Read) -> list[int]:
    return [int(at) for at in np.flatnonzero(read.ids[0] == tokens.number(MASK))]


async def _shares(
    engine: tuple[str, str], read: Read, places: list[int], work: Work
) -> list[NDArray[np.float64]]:
    """The share of each word at some tokens, by an engine and its input."""
    name, port = engine
    results = await work.run(name, {port: read.ids})
    figures = next(iter(results.values()))[0]
    return await asyncio.to_thread(lambda: list(softmax(figures[places].astype(np.float64))))


def _word(token: str, score: float) -> dict[str, Any]:
    joins = token.startswith(_JOINED) and len(token) > len(_JOINED)
    return {
        "word": token.removeprefix(_JOINED) if joins else token, "joins": joins,
        "score": round(score, 6),
    }
