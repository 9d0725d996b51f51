"""The engines of the bridge: loaded when they are first needed, used by one thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from sensorium.errors import CardError, EngineError
from sensorium.inference import store
from sensorium.perception.recogniser import Recogniser
from sensorium.perception.segment_text import MODELS
from sensorium.perception.silero import ENGINE as VOICE_ACTIVITY
from sensorium.perception.speech_embedding import EMBEDDING_ENGINE, MEL_ENGINE
from sensorium.perception.whisper_decoding import AUTO

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.inference.engine import Engine

Result = TypeVar("Result")

WAKE = (MEL_ENGINE, EMBEDDING_ENGINE)
"""What every wake word needs beside its head."""


class Engines:
    """All that clients share.

    Args:
        load: Loads an engine by its name; blocks.
        model: Of `MODELS`.
    """

    def __init__(self, load: Callable[[str], Engine], model: str) -> None:
        self._load = load
        self._model = MODELS[model]
        self._loaded: dict[str, Engine] = {}
        self._recognisers: dict[str, Recogniser] = {}
        self._worker = ThreadPoolExecutor(1, "wyoming")

    async def call(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Calls something in the one thread that uses engines; short work, as others wait."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, work, *arguments)

    def engine(self, name: str) -> Engine:
        """An engine; in that thread alone.

        Raises:
            EngineError: It was not built, or cannot be loaded.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def recogniser(self, language: str = AUTO) -> Recogniser:
        """Who writes down a language; in that thread alone.

        Args:
            language: ISO 639-1, or `AUTO`.

        Raises:
            EngineError: Its engines were not built, or cannot be loaded.
            ValueError: The model does not know the language.
        """
        if language not in self._recognisers:
            encoder, decoder = (self.engine(name) for name in self._model)
            self._recognisers[language] = Recogniser(encoder, decoder, language)
        return self._recognisers[language]

    def missing(self, *names: str) -> tuple[str, ...]:
        """Those of some engines that were not built here."""
        found = []
        for name in names:
            try:
                store.built(store.find_card(name))
            except (CardError, EngineError):
                found.append(name)
        return tuple(found)

    def speech_missing(self) -> tuple[str, ...]:
        """What speech to text lacks."""
        return self.missing(VOICE_ACTIVITY, *self._model)

    async def close(self) -> None:
        """Ends, behind what is being done: no engine is in use any more afterwards."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)
