"""What one client asks for, and what it is told: the state between its events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.bridges.wyoming import info
from sensorium.bridges.wyoming.events import BadEvent, Event
from sensorium.bridges.wyoming.sound import Conversion, Format
from sensorium.bridges.wyoming.speech import Speech
from sensorium.bridges.wyoming.wake import Wake
from sensorium.perception.whisper_decoding import AUTO

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sensorium.bridges.wyoming.engines import Engines
    from sensorium.bridges.wyoming.options import WyomingOptions

_LATEST_MS = 2**53
"""Numbers up to it are exact in every reader of JSON."""


class Session:
    """One connection. Sound without a request before it is written down, as others do.

    Args:
        engines: That all clients share.
        options: Of the bridge.
    """

    def __init__(self, engines: Engines, options: WyomingOptions) -> None:
        self._engines = engines
        self._options = options
        self._language = AUTO
        self._wanted: tuple[str, ...] | None = None
        self._conversion: Conversion | None = None
        self._ears: Speech | Wake | None = None
        self._answers: dict[str, Callable[[Event], Awaitable[list[Event]]]] = {
            "describe": self._describe,
            "ping": self._ping,
            "transcribe": self._transcribe,
            "detect": self._detect,
            "audio-start": self._start,
            "audio-chunk": self._chunk,
            "audio-stop": self._stop,
        }

    async def take(self, event: Event) -> list[Event]:
        """Takes an event and gives the answers; one that is not known here is left.

        Raises:
            BadEvent: It cannot be done.
            EngineError: An engine was not built, or failed.
        """
        answer = self._answers.get(event.kind)
        return await answer(event) if answer is not None else []

    async def _describe(self, _: Event) -> list[Event]:
        return [await self._engines.call(info.info, self._engines, self._options)]

    async def _ping(self, event: Event) -> list[Event]:
        text = event.data.get("text")
        if text is not None and type(text) is not str:
            raise BadEvent("text of a ping is no text")
        return [Event("pong", {} if text is None else {"text": text})]

    async def _transcribe(self, event: Event) -> list[Event]:
        language = event.data.get("language") or AUTO
        if type(language) is not str:
            raise BadEvent("language is no text")
        # Home Assistant may name a country, too, as in en-US.
        language = language.partition("-")[0].partition("_")[0].lower()
        try:
            await self._engines.call(self._engines.recogniser, language)
        except ValueError:
            raise BadEvent(
                f"the model {self._options.model} does not know the language {language:.20}"
            ) from None
        self._language, self._wanted = language, None
        return []

    async def _detect(self, event: Event) -> list[Event]:
        there = await self._engines.call(info.wake_words, self._engines, self._options)
        names = event.data.get("names") or list(there)
        if not isinstance(names, list) or not all(name in there for name in names) or not names:
            raise BadEvent(f"there is no such wake word; there is {', '.join(there) or 'none'}")
        self._wanted = tuple(dict.fromkeys(names))
        return []

    async def _start(self, event: Event) -> list[Event]:
        self._conversion = Conversion(Format.of(event.data))
        begun_ms = _timestamp(event.data)
        if self._wanted is None:
            self._ears = Speech(
                self._engines, self._language, self._options.longest_s, begun_ms
            )
        else:
            self._ears = Wake(self._engines, self._wanted, begun_ms)
        return []

    async def _chunk(self, event: Event) -> list[Event]:
        if self._conversion is None or self._ears is None:
            await self._start(event)
        assert self._conversion is not None
        assert self._ears is not None
        if Format.of(event.data) != self._conversion.form:
            raise BadEvent("a chunk is not of the format that its stream began with")
        return await self._ears.take(self._conversion.take(event.payload))

    async def _stop(self, _: Event) -> list[Event]:
        ears, self._ears, self._conversion = self._ears, None, None
        return [] if ears is None else await ears.finish()


def _timestamp(data: dict[str, Any]) -> int:
    """The client's time of an event in ms; 0 where it tells none.

    Raises:
        BadEvent: It is no number that its answers can be counted from.
    """
    told = data.get("timestamp")
    if told is None:
        return 0
    if type(told) not in (int, float) or not 0 <= told < _LATEST_MS:
        raise BadEvent("timestamp must be a number of ms, 0 or later")
    return int(told)
