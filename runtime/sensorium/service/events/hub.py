"""All streams of events: who is served, who is too many, who does not read."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from sensorium.service.events.door import Door
from sensorium.service.events.feeds import Feeds
from sensorium.service.events.stream import Stream
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.service.apps import Apps
    from sensorium.service.caller import Caller
    from sensorium.service.events.asked import Asked

MOST_STREAMS = 128
MOST_OF_APP = 64
HEARTBEAT_S = 15.0
STALLED_S = 60.0
"""A client that has not taken what it was sent for so long is dropped."""
_ROUND_S = 0.5
_END_S = 0.5


class Hub:
    """Made and used in the loop's thread.

    Args:
        apps: Opens regions in the name of apps.
    """

    def __init__(self, apps: Apps) -> None:
        self._feeds = Feeds(apps)
        self._streams: dict[Stream, Caller] = {}
        self._doors: dict[tuple[str, str, str], Door] = {}
        self._lives: set[asyncio.Task[None]] = set()
        self._rounds: asyncio.Task[None] | None = None
        self._closing = False

    def require_room(self, caller: Caller) -> None:
        """Passes when a client may have a stream.

        Raises:
            Problem: 503 or 429, there are too many, of all apps or of this one.
        """
        if self._closing:
            raise Problem(503, "the service ends", "connect again when it is back")
        if len(self._streams) >= MOST_STREAMS:
            raise Problem(
                503, f"{MOST_STREAMS} streams of events are open, which is the most",
                "close some, or name more channels in one stream", {"Retry-After": "5"},
            )
        if sum(_who(other) == _who(caller) for other in self._streams.values()) >= MOST_OF_APP:
            raise Problem(
                429, f"this app has {MOST_OF_APP} streams of events open, which is the most",
                "close some, or name more channels in one stream", {"Retry-After": "5"},
            )

    @contextlib.contextmanager
    def stream(self, caller: Caller, asked: Asked) -> Iterator[Stream]:
        """A client's stream, while it lasts.

        Raises:
            Problem: See `require_room`.
        """
        self.require_room(caller)
        stream = Stream(asked)
        self._streams[stream] = caller
        if self._rounds is None:
            self._rounds = asyncio.create_task(self._look_round())
        doors = [
            self._door(caller, region)
            for region in dict.fromkeys(s.channel.region for s in stream.subscriptions.values())
        ]
        try:
            for door in doors:
                door.enter(stream)
                door.look()
            yield stream
        finally:
            for door in doors:
                door.leave(stream)
            del self._streams[stream]

    async def close(self) -> None:
        """Ends all streams: each is handed what is there, but for who does not take it."""
        self._closing = True
        for stream in self._streams:
            stream.end()
        if self._rounds is not None:
            self._rounds.cancel()
        if self._lives:
            await asyncio.wait(self._lives, timeout=_END_S)
        for stream in self._streams:
            stream.drop()
        if self._lives:
            await asyncio.wait(self._lives)
        await self._feeds.close()

    def _door(self, caller: Caller, region: str) -> Door:
        key = (*_who(caller), region)
        door = self._doors.get(key)
        if door is None:
            door = self._doors[key] = Door(caller, region, self._feeds)
            life = asyncio.get_running_loop().create_task(self._life(key, door))
            self._lives.add(life)
            life.add_done_callback(self._lives.discard)
        return door

    async def _life(self, key: tuple[str, str, str], door: Door) -> None:
        try:
            await door.run()
        finally:
            # Without an await in between: a stream that comes now gets a new door.
            del self._doors[key]

    async def _look_round(self) -> None:
        """Beats, looks for silent writers and for clients that do not read: one round for all."""
        while True:
            await asyncio.sleep(_ROUND_S)
            self._feeds.look()
            for stream in tuple(self._streams):
                stream.rounds += 1
                if stream.sending:
                    if stream.rounds * _ROUND_S > STALLED_S:
                        stream.drop()
                elif stream.rounds * _ROUND_S >= HEARTBEAT_S:
                    stream.beat()


def _who(caller: Caller) -> tuple[str, str]:
    return caller.app, caller.executable
