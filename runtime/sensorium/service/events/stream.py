"""One client's stream: which of its channels have something to tell, and in what portions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sensorium.channels.catalogue import CHANNELS
from sensorium.service.events import position
from sensorium.service.events.rendering import Item
from sensorium.service.events.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sensorium.service.events.asked import Asked
    from sensorium.service.events.position import Position
    from sensorium.service.events.rendering import Told
    from sensorium.service.outlet import Outlet

PORTION_CHARACTERS = 48 * 1024
"""Of events that are handed over at once; what is beyond waits in the rings."""


class Stream:
    """Made by the task that sends it, and used in the loop's thread.

    Args:
        asked: What the client asked for.

    Attributes:
        subscriptions: By channel; those of one class stand together.
        rounds: Of `Hub`, since something was handed over or asked for; the hub counts them.
        sending: Whether the client is being sent something.
        dropped: Whether it was given up, since it does not read.
    """

    def __init__(self, asked: Asked) -> None:
        self.rounds = 0
        self.sending = True
        self.dropped = False
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._dirty: dict[Subscription, None] = {}
        self._waiting: asyncio.Future[None] | None = None
        self._beat = False
        self._ended = False
        self._straight: tuple[Outlet, Callable[[Item], bytes]] | None = None
        names = sorted(asked.periods_ns, key=lambda name: CHANNELS[name].region)
        self.subscriptions = {
            name: Subscription(
                self, CHANNELS[name], asked.periods_ns[name], asked.positions.get(name),
                asked.only.get(name),
            )
            for name in names
        }

    def straight_by(self, outlet: Outlet, frame: Callable[[Item], bytes]) -> None:
        """How to send without the task, as long as it waits in `next`.

        Args:
            outlet: Of the connection.
            frame: An event as it goes out.
        """
        self._straight = outlet, frame

    def note(self, subscription: Subscription) -> None:
        """A channel has something to tell; `hand_over` or `mark` comes next."""
        self._dirty[subscription] = None

    def mark(self, subscription: Subscription) -> None:
        """A channel has something to tell."""
        self.note(subscription)
        self._wake()

    def send_alone(self, told: Told) -> bool:
        """Sends a record of a state channel at once, where that is all there is to tell.

        Returns:
            False: it is not, or the client does not take it just now.
        """
        if self._straight is None or self._waiting is None or self._dirty:
            return False
        outlet, frame = self._straight
        if not outlet.is_free:
            return False
        self.rounds = 0
        outlet.write(frame(Item("", told, None)))
        return True

    def hand_over(self) -> None:
        """Sends what was noted: at once where the client takes it, else the task does."""
        if self._straight is not None and self._waiting is not None:
            outlet, frame = self._straight
            if outlet.is_free:
                portion: list[Item] = []
                self._fill(portion)
                if portion:
                    self.rounds = 0
                    outlet.write(b"".join(map(frame, portion)))
                if not self._dirty:
                    return
        self._wake()

    def beat(self) -> None:
        """Nothing was told for long: an empty portion says that the stream lives."""
        self._beat = True
        self._wake()

    def end(self) -> None:
        """Hands over what is there, then ends."""
        self._ended = True
        self._wake()

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

    async def next(self) -> list[Item] | None:
        """What to send now, as soon as there is something.

        While it is being sent nothing piles up: events wait in their rings, of a state only the
        newest is kept.

        Returns:
            An empty list is a heartbeat, None the end.
        """
        self.rounds, self.sending = 0, False
        if self._dirty:
            # The last portion was not all: others have their turn before the next.
            await asyncio.sleep(0)
        while True:
            portion: list[Item] = []
            if self._dirty:
                self._fill(portion)
            elif self._ended:
                return None
            if portion or self._beat:
                self._beat = False
                self.rounds, self.sending = 0, True
                return portion
            if not self._dirty:
                self._waiting = self._loop.create_future()
                await self._waiting

    def _fill(self, portion: list[Item]) -> None:
        room = PORTION_CHARACTERS
        while self._dirty:
            subscription = next(iter(self._dirty))
            room = subscription.take(portion, room)
            if room < 0:
                return
            del self._dirty[subscription]

    def _wake(self) -> None:
        waiting = self._waiting
        if waiting is not None:
            self._waiting = None
            if not waiting.done():
                waiting.set_result(None)
