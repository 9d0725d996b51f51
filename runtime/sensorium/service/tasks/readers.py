"""What reads texts for the engines of the user's cards, kept from request to request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.inference import store
from sensorium.perception.text_classifier import reads_embedding
from sensorium.perception.text_reader import Fed, TextReader

if TYPE_CHECKING:
    from sensorium.inference.engine import Engine
    from sensorium.service.tasks.embedding import Embedding
    from sensorium.service.tasks.work import Work


class Reader(NamedTuple):
    """What reads for one engine.

    Attributes:
        file_hash: Of the engine.
        port: Its first input.
        texts: None where that input is MiniLM's embedding.
    """

    file_hash: int
    port: str
    texts: TextReader | None


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
        if reader.texts is not None:
            return await asyncio.to_thread(reader.texts, text)
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
    texts = None
    if not reads_embedding(port):
        texts = TextReader(engine, port, manifest.sizes(port)[-1])
    return Reader(engine.file_hash, port.name, texts)
