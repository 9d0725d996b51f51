"""A client's sound to text: voice begins and ends while it comes, the text stands at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.bridges.wyoming.events import BadEvent, Event
from sensorium.perception.pieces import CONTEXT
from sensorium.perception.segment_text import hear
from sensorium.perception.segmentation import Segmentation
from sensorium.perception.silero import ENGINE as VOICE_ACTIVITY
from sensorium.perception.whisper_words import joined
from sensorium.sensors.audio_blocks import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.bridges.wyoming.engines import Engines
    from sensorium.perception.segmentation import Segment
    from sensorium.perception.whisper_words import Word


class Speech:
    """One stream of sound.

    Args:
        engines: That all clients share.
        language: ISO 639-1, or `AUTO`.
        longest_s: More sound is refused.
        begun_ms: The client's time of the first sample.
    """

    def __init__(self, engines: Engines, language: str, longest_s: float, begun_ms: int) -> None:
        self._engines = engines
        self._language = language
        self._longest_s = longest_s
        self._begun_ms = begun_ms
        self._segmentation = Segmentation()
        self._parts: list[NDArray[np.float32]] = []
        self._count = 0
        self._speaking = False
        self._waiting: list[Segment] = []
        self._words: list[Word] = []
        self._heard_language = ""
        self._reached: int | None = None

    async def take(self, sound: NDArray[np.float32]) -> list[Event]:
        """Takes the next sound and gives what it shows.

        Args:
            sound: [n], mono, 16 kHz.

        Raises:
            BadEvent: It is longer than allowed.
            EngineError: When an engine fails.
        """
        self._count += len(sound)
        if self._count > self._longest_s * RATE:
            raise BadEvent(
                f"the sound is longer than {self._longest_s:g} s: send less, or set longest_s in "
                "[bridges.wyoming]"
            )
        self._parts.append(sound)
        self._waiting += await self._engines.call(self._segments, sound)
        told = self._change()
        while self._waiting and self._complete(self._waiting[0]):
            await self._engines.call(self._hear, self._waiting.pop(0))
        return told

    async def finish(self) -> list[Event]:
        """The sound has ended: its text.

        Raises:
            EngineError: When an engine fails.
        """
        self._waiting += await self._engines.call(self._last_segments)
        told = self._change(over=True)
        for segment in self._waiting:
            await self._engines.call(self._hear, segment)
        text = {"text": joined(self._words)}
        if self._heard_language:
            text["language"] = self._heard_language
        return [*told, Event("transcript", text)]

    def _change(self, *, over: bool = False) -> list[Event]:
        speaking = self._segmentation.going_on and not over
        if speaking == self._speaking:
            return []
        self._speaking = speaking
        kind = "voice-started" if speaking else "voice-stopped"
        return [Event(kind, {"timestamp": self._begun_ms + self._count * 1000 // RATE})]

    def _complete(self, segment: Segment) -> bool:
        """Whether all of the sound that it is heard with has come."""
        return not segment.cut or self._count >= segment.last + CONTEXT

    def _segments(self, sound: NDArray[np.float32]) -> list[Segment]:
        return self._segmentation.take(self._engines.engine(VOICE_ACTIVITY), sound)

    def _last_segments(self) -> list[Segment]:
        return self._segmentation.finish(self._engines.engine(VOICE_ACTIVITY))

    def _hear(self, segment: Segment) -> None:
        self._parts = [np.concatenate(self._parts)]
        if not segment.continues:
            self._reached = None
        recogniser = self._engines.recogniser(self._language)
        heard = hear(recogniser, self._parts[0], segment, self._reached)
        if heard.words:
            self._reached = heard.words[-1].last
            self._words += heard.words
            self._heard_language = heard.language
