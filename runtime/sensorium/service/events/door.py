"""One app's way to one grant class: opened, denied, lost and opened again, for all its streams."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from sensorium.channels.catalogue import in_region
from sensorium.errors import DeniedError, SensoriumError
from sensorium.health import RegionState

if TYPE_CHECKING:
    from sensorium.service.apps import Opened
    from sensorium.service.caller import Caller
    from sensorium.service.events.feeds import Feeds
    from sensorium.service.events.stream import Stream

RETRY_S = 2.0
"""How soon a class that was denied or out of reach is asked for again."""
_ENDS = {
    RegionState.REVOKED: "the grant was withdrawn",
    RegionState.REPLACED: "the memory was replaced, since another app's grant was withdrawn",
    RegionState.CLOSED: "the daemon stopped",
}


class Door:
    """Made and used in the loop's thread; `run` is its life.

    Args:
        caller: Who asks.
        region: The grant class, or `app`.
        feeds: All feeds of the service.

    Attributes:
        streams: Who goes through it; without any it closes.
    """

    def __init__(self, caller: Caller, region: str, feeds: Feeds) -> None:
        self.streams: dict[Stream, None] = {}
        self.region = region
        self._caller = caller
        self._feeds = feeds
        self._opened: Opened | None = None
        self._refusal: tuple[str, SensoriumError] | None = None
        self._names = tuple(channel.name for channel in in_region(region))
        self._turn = asyncio.Event()

    def enter(self, stream: Stream) -> None:
        """A stream goes through it from now on."""
        self.streams[stream] = None
        if self._opened is not None:
            self._attach(stream, self._opened)
        elif self._refusal is not None:
            self._refuse(stream, *self._refusal)

    def leave(self, stream: Stream) -> None:
        """A stream does not any more."""
        self.streams.pop(stream, None)
        for name in self._names:
            if name in stream.subscriptions:
                stream.subscriptions[name].detach()
        self.look()

    def look(self) -> None:
        """Its region ended, or it may have."""
        self._turn.set()

    async def run(self) -> None:
        """Opens, waits for the end, and opens again, as long as there are streams."""
        while self.streams:
            opened = await self._open()
            if opened is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_S):
                        await self._left()
                continue
            try:
                self._enter_all(opened)
                await self._over(opened)
            finally:
                await self._close(opened)

    async def _open(self) -> Opened | None:
        try:
            opened = await self._feeds.apps.open(self._caller, self.region)
        except SensoriumError as error:
            kind = "denied" if isinstance(error, DeniedError) else "closed"
            before = self._refusal
            if before is None or (before[0], str(before[1])) != (kind, str(error)):
                self._refusal = (kind, error)
                for stream in self.streams:
                    self._refuse(stream, kind, error)
            return None
        self._refusal = None
        return opened

    def _refuse(self, stream: Stream, kind: str, error: SensoriumError) -> None:
        for name in self._names:
            subscription = stream.subscriptions.get(name)
            if subscription is not None:
                if kind == "denied":
                    subscription.deny()
                subscription.notice(kind, reason=error.message, remedy=error.remedy)

    def _enter_all(self, opened: Opened) -> None:
        self._opened = opened
        for stream in self.streams:
            self._attach(stream, opened)

    def _attach(self, stream: Stream, opened: Opened) -> None:
        for name in self._names:
            if name in stream.subscriptions:
                feed = self._feeds.feed(name, opened, self)
                stream.subscriptions[name].attach(feed, opened.since_ns)

    async def _over(self, opened: Opened) -> None:
        while self.streams and opened.region.state == RegionState.LIVE:
            self._turn.clear()
            await self._feeds.settle()
            await self._turn.wait()

    async def _left(self) -> None:
        while self.streams:
            self._turn.clear()
            await self._turn.wait()

    async def _close(self, opened: Opened) -> None:
        self._opened = None
        state = opened.region.state
        for stream in self.streams:
            for name in self._names:
                subscription = stream.subscriptions.get(name)
                if subscription is not None:
                    subscription.detach()
                    subscription.notice(
                        "closed", reason=_ENDS.get(RegionState(state), "the stream ends"),
                        remedy="nothing to do: the channel is opened again when it can be",
                    )
        await self._feeds.drop(opened)
        self._feeds.apps.close(opened)
