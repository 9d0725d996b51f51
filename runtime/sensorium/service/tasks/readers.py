"""Texts as the engine of a user's card reads them: by the tokeniser that travels with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.inference.text_metadata import TOKENIZER
from sensorium.perception.hub_tokens import HubTokens
from sensorium.perception.text_classifier import WORDS
from sensorium.perception.word_list import WordList

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.service.tasks.embedding import Embedding
    from sensorium.service.tasks.work import Work


class Fed(NamedTuple):
    """What an engine is fed with of a text.

    Attributes:
        feeds: By the input's name.
        truncated: Whether the text has more.
    """

    feeds: dict[str, NDArray[Any]]
    truncated: bool


class Reader(NamedTuple):
    """What reads for one engine: a tokeniser, else a list of words, else MiniLM's embedding.

    Attributes:
        file_hash: Of the engine.
        port: Its first input.
        length: Most tokens or words.
        varies: Whether it takes fewer.
        tokens: None where it has none.
        words: None where it has none.
    """

    file_hash: int
    port: str
    length: int
    varies: bool
    tokens: HubTokens | None
    words: WordList | None


class Readers:
    """Reads for engines by name; what each reads with is kept until its engine is built anew.

    Args:
        embedding: For engines that take a text's embedding.
    """

    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding
        self._kept: dict[str, Reader] = {}

    async def read(self, name: str, text: str, work: Work) -> Fed:
        """What an engine is fed with.

        Raises:
            Problem: See `Work.run`.
            EngineError: The engine carries nothing that reads texts.
        """
        reader = await self.reader(name, work)
        if reader.tokens is not None:
            read = await asyncio.to_thread(reader.tokens, text)
            return Fed({reader.port: read.ids}, read.truncated)
        if reader.words is not None:
            numbers = await asyncio.to_thread(reader.words.as_long, text, reader.length + 1)
            truncated = numbers.shape[1] > reader.length
            if not reader.varies:
                numbers = reader.words(text, reader.length)
            return Fed({reader.port: numbers[:, : reader.length]}, truncated)
        tokens = await self._embedding.tokens(text, work)
        direction = await self._embedding.direction(tokens, work)
        return Fed({reader.port: direction[np.newaxis]}, tokens.truncated)

    async def reader(self, name: str, work: Work) -> Reader:
        """What reads for an engine; raises as `read` does."""
        engine = await work.engine(name)
        kept = self._kept.get(name)
        if kept is None or kept.file_hash != engine.file_hash:
            kept = self._kept[name] = await asyncio.to_thread(_reader, engine)
        return kept


def _reader(engine: Engine) -> Reader:
    manifest = store.built(store.find_card(engine.name))
    port = manifest.inputs[0]
    length, varies = manifest.sizes(port)[-1], isinstance(port.shape[-1], str)
    tokens = words = None
    if TOKENIZER in engine.metadata:
        tokens = HubTokens(engine.metadata[TOKENIZER], engine.name, length)
    elif WORDS in engine.metadata:
        words = WordList(engine.metadata[WORDS], engine.name)
    elif port.type != "float32":
        raise EngineError(
            f"{engine.name}: carries no tokeniser",
            "put tokenizer.json or vocab.txt into its folder, then: "
            f"sensorium-engines build {engine.name}",
        )
    return Reader(engine.file_hash, port.name, length, varies, tokens, words)
