"""Texts to directions: what means the same points the same way. Also the task `embed`."""

from __future__ import annotations

import asyncio
import base64
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.inference.text_metadata import TOKENIZER
from sensorium.perception.wordpiece import WordPiece
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks.task import Takes, Timed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.config import Service
    from sensorium.inference.engine import Engine
    from sensorium.service.tasks.work import Work

ENGINE = "minilm"
_KEPT, _LONGEST_KEPT = 1024, 200
"""Directions that are kept, of short texts: labels come again."""


class Tokens(NamedTuple):
    """What the model reads of a text.

    Attributes:
        ids: int64 [1, n], with the marks of start and end.
        truncated: Whether the text has more.
    """

    ids: NDArray[np.int64]
    truncated: bool


class Embedding:
    """The sentence embedding, for all requests at a time."""

    def __init__(self) -> None:
        card = store.find_card(ENGINE)
        self._input, self._output = card.inputs[0].name, card.outputs[0].name
        self._limit = card.sizes(card.inputs[0], "max")[1]
        self._pieces: tuple[int, WordPiece] | None = None
        self._kept: OrderedDict[tuple[int, str], NDArray[np.float32]] = OrderedDict()

    async def tokens(self, text: str, work: Work) -> Tokens:
        """What the model reads of a text."""
        pieces = await self._tokeniser(await work.engine(ENGINE))
        # One more than it takes shows whether anything is left out.
        ids = await asyncio.to_thread(pieces, text, self._limit + 1)
        if ids.shape[1] <= self._limit:
            return Tokens(ids, False)
        return Tokens(np.concatenate((ids[:, : self._limit - 1], ids[:, -1:]), axis=1), True)

    async def direction(self, tokens: Tokens, work: Work) -> NDArray[np.float32]:
        """Where a text points, [384], of length 1."""
        results = await work.run(ENGINE, {self._input: tokens.ids})
        found: NDArray[np.float32] = np.asarray(results[self._output], np.float32).reshape(-1)
        return found

    async def of_text(self, text: str, work: Work) -> NDArray[np.float32]:
        """Where a text points; it is remembered if it is short."""
        key = (await work.engine(ENGINE)).file_hash, text
        found = self._kept.get(key)
        if found is None:
            found = await self.direction(await self.tokens(text, work), work)
            if len(text) <= _LONGEST_KEPT:
                self._kept[key] = found
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found

    async def _tokeniser(self, engine: Engine) -> WordPiece:
        if self._pieces is None or self._pieces[0] != engine.file_hash:
            if TOKENIZER not in engine.metadata:
                raise EngineError(
                    f"{engine.name}: carries no {TOKENIZER}",
                    f"sensorium-engines build {engine.name}",
                )
            pieces = await asyncio.to_thread(WordPiece, engine.metadata[TOKENIZER], engine.name)
            self._pieces = engine.file_hash, pieces
        return self._pieces[1]


@dataclass(frozen=True)
class EmbedParameters(Timed):
    """See `Embed`."""

    encoding: str = field(
        default="float",
        metadata={
            "doc": "How a vector is written: float, a list of numbers; base64, little-endian "
            "32-bit floats.",
            "choices": ("float", "base64"),
        },
    )


class Embed:
    """The task; see `task.Task`."""

    about = (
        "What each text means, as a direction of 384 numbers of length 1: the dot product of two "
        "is how alike they are. English; of a long text the first 256 tokens."
    )
    takes = Takes.TEXTS
    parameters = EmbedParameters
    engines = needs = (ENGINE,)
    output = schema.record({
        "vector": {"oneOf": [schema.array(schema.number()), schema.text()]},
        "tokens": schema.whole("That the model read."),
        "truncated": schema.truth("Whether the text has more."),
    })

    def __init__(self, _settings: Service) -> None:
        self._embedding = Embedding()

    async def perform(
        self, inputs: tuple[str, ...], parameters: EmbedParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        made: dict[str, dict[str, Any]] = {}
        for text in inputs:
            if text not in made:
                tokens = await self._embedding.tokens(text, work)
                vector = await self._embedding.direction(tokens, work)
                made[text] = {
                    "vector": _written(vector, parameters.encoding),
                    "tokens": tokens.ids.shape[1],
                    "truncated": tokens.truncated,
                }
        return [made[text] for text in inputs]


def _written(vector: NDArray[np.float32], encoding: str) -> list[float] | str:
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return [round(value, 8) for value in vector.tolist()]
