"""Wake words in a client's sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.bridges.wyoming.engines import WAKE
from sensorium.bridges.wyoming.events import Event
from sensorium.perception.phrase_check import BEFORE as CHECK_BEFORE
from sensorium.perception.phrase_check import BEHIND, DECODER, ENCODER, PhraseCheck
from sensorium.perception.speech_embedding import BEFORE, STEP, SpeechEmbedding
from sensorium.perception.wake_head import Head
from sensorium.perception.wake_window import WakeWindow
from sensorium.sensors.audio_blocks import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.bridges.wyoming.engines import Engines
    from sensorium.perception.wake_trigger import Heard

_KEPT = CHECK_BEFORE + BEHIND + 16 * STEP
"""Samples that are kept for the check of a doubt, which comes up to some steps late."""


class Wake:
    """One stream of sound.

    Args:
        engines: That all clients share.
        names: Of the heads' engines.
        begun_ms: The client's time of the first sample.
    """

    def __init__(self, engines: Engines, names: tuple[str, ...], begun_ms: int) -> None:
        self._engines = engines
        self._names = names
        self._begun_ms = begun_ms
        self._heads: dict[str, Head] = {}
        self._window: WakeWindow | None = None
        # Silence counts as before the sound.
        self._sound = np.zeros(BEFORE, np.float32)
        self._first = -BEFORE
        self._next = 0
        self._detected = False

    async def take(self, sound: NDArray[np.float32]) -> list[Event]:
        """Takes the next sound and gives what was heard in it.

        Args:
            sound: [n], mono, 16 kHz.

        Raises:
            EngineError: When an engine fails.
        """
        told = await self._engines.call(self._hear, sound)
        self._detected = self._detected or bool(told)
        return told

    async def finish(self) -> list[Event]:
        """The sound has ended: what was in doubt is decided, and nothing is told as such.

        Raises:
            EngineError: When an engine fails.
        """
        told = await self._engines.call(self._close)
        return told if told or self._detected else [Event("not-detected", {})]

    def _hear(self, sound: NDArray[np.float32]) -> list[Event]:
        if self._window is None:
            self._window = self._made()
        self._sound = np.concatenate((self._sound, sound))
        end = self._first + len(self._sound)
        told = []
        while self._next + STEP <= end:
            at = self._next - BEFORE - self._first
            self._next += STEP
            window = self._window.step(self._sound[at : at + BEFORE + STEP])
            if window is None:
                continue
            for name, head in self._heads.items():
                heard = head.hears(window, self._next)
                if heard is not None:
                    told += self._decided(name, head, heard)
        spare = max(0, self._next - BEFORE - _KEPT - self._first)
        self._sound, self._first = self._sound[spare:], self._first + spare
        return told

    def _close(self) -> list[Event]:
        told = []
        for name, head in self._heads.items():
            heard = head.stages.close()
            if heard is not None:
                told += self._decided(name, head, heard)
        return told

    def _made(self) -> WakeWindow:
        engines = self._engines
        check = None
        if not engines.missing(ENCODER, DECODER):
            check = PhraseCheck(engines.engine(ENCODER), engines.engine(DECODER))
        self._heads = {name: Head(engines.engine(name), 0.0, check) for name in self._names}
        return WakeWindow(SpeechEmbedding(*(engines.engine(name) for name in WAKE)))

    def _decided(self, name: str, head: Head, heard: Heard) -> list[Event]:
        confirmed, _ = head.confirms(heard, self._between, self._next)
        if not confirmed:
            return []
        end_ms = self._begun_ms + max(0, heard.end - head.late) * 1000 // RATE
        return [Event("detection", {"name": name, "timestamp": end_ms})]

    def _between(self, first: int, last: int) -> NDArray[np.float32] | None:
        if first < self._first:
            return None
        return self._sound[first - self._first : last - self._first]
