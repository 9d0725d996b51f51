"""One client's stream: which of its channels have something to tell, and in what portions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from sensorium.channels.catalogue import CHANNELS
from sensorium.service.events import position
from sensorium.service.events.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from sensorium.service.events.asked import Asked
    from sensorium.service.events.position import Position
    from sensorium.service.events.rendering import Told

PORTION_CHARACTERS = 48 * 1024
"""Of events that are handed over at once; what is beyond waits in the rings."""


class Item(NamedTuple):
    """One event for a client.

    Attributes:
        kind: Of a notice: open, lost, silent, speaking, closed, denied; empty for a record.
        told: The event.
        token: Where the client stands when it has it; None for state, which has no past.
    """

    kind: str
    told: Told
    token: str | None


class Stream:
    """Made by the task that sends it, and used in the loop's thread.

    Args:
        asked: What the client asked for.

    Attributes:
        subscriptions: By channel; those of one class stand together.
        touched_s: The loop's time when something was handed over or a send ended.
        sending: Whether the client is being sent something.
        dropped: Whether it was given up, since it does not read.
    """

    def __init__(self, asked: Asked) -> None:
        self.touched_s = asyncio.get_running_loop().time()
        self.sending = False
        self.dropped = False
        self._task = asyncio.current_task()
        self._dirty: dict[Subscription, None] = {}
        self._wake = asyncio.Event()
        self._beat = False
        self._ended = False
        names = sorted(asked.periods_ns, key=lambda name: CHANNELS[name].region)
        self.subscriptions = {
            name: Subscription(
                self, CHANNELS[name], asked.periods_ns[name], asked.positions.get(name)
            )
            for name in names
        }

    def mark(self, subscription: Subscription) -> None:
        """A channel has something to tell."""
        self._dirty[subscription] = None
        self._wake.set()

    def beat(self) -> None:
        """Nothing was told for long: an empty portion says that the stream lives."""
        self._beat = True
        self._wake.set()

    def end(self) -> None:
        """Hands over what is there, then ends."""
        self._ended = True
        self._wake.set()

    def drop(self) -> None:
        """Gives up a client that does not read: its task is cancelled."""
        if self._task is not None:
            self.dropped = True
            self._task.cancel()

    def resume(self, positions: Mapping[str, Position]) -> None:
        """Goes on from where the client says that it stands."""
        for name, place in positions.items():
            if name in self.subscriptions:
                self.subscriptions[name].resume(place)

    def token(self) -> str:
        """Where the client stands in all its channels."""
        return position.encode({
            name: place
            for name, subscription in self.subscriptions.items()
            if (place := subscription.position()) is not None
        })

    async def portions(self) -> AsyncIterator[list[Item]]:
        """What to send, until the stream ends; an empty portion is a heartbeat.

        While a portion is being sent nothing piles up: events wait in their rings, of a state
        only the newest is kept.
        """
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._dirty:
                portion = self._portion()
                if portion:
                    self.touched_s, self.sending, self._beat = loop.time(), True, False
                    yield portion
                    self.touched_s, self.sending = loop.time(), False
                if self._dirty:
                    # Far behind: others have their turn between two portions.
                    await asyncio.sleep(0)
            if self._ended:
                return
            if self._beat:
                self._beat = False
                self.touched_s, self.sending = loop.time(), True
                yield []
                self.touched_s, self.sending = loop.time(), False

    def _portion(self) -> list[Item]:
        portion, room = [], PORTION_CHARACTERS
        while self._dirty:
            subscription = next(iter(self._dirty))
            for kind, told in subscription.take():
                token = self.token() if kind or not subscription.period_ns else None
                portion.append(Item(kind, told, token))
                room -= len(told.text)
                if room < 0:
                    return portion
            del self._dirty[subscription]
        return portion
