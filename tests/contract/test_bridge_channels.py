"""What a bridge follows: nothing from before a grant, from within a denial or across a break."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fixtures.live_regions import LiveRegions
from fixtures.waiting import PATIENCE_S
from fixtures.words import transcript

from sensorium.bridges.channels import Channels
from sensorium.clock import now_ns
from sensorium.control.client import Client

if TYPE_CHECKING:
    from pathlib import Path

APP = "tests-bridge"


class Following:
    """A bridge's reading of the transcript, with a class beside it that is never granted."""

    def __init__(self, live: LiveRegions) -> None:
        self.live = live
        self.channels = Channels(APP, live.folder, ("transcript", "emotion"))
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        self.live.writer("transcript").publish(transcript(text, 1, now_ns()), now_ns())

    def decide(self, action: str) -> None:
        with Client.connect("tests", self.live.folder) as client:
            client.request("grant", action=action, app=APP, classes="transcript")

    async def look(self) -> int | None:
        await self.channels.look()
        self.heard += [
            bytes(row["text"]).rstrip(b"\0").decode()
            for row in self.channels.following("transcript")
        ]
        return self.channels.since_ns("transcript")

    async def anew(self, since_ns: int | None) -> int:
        """Looks until it is read since another time."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := await self.look()) in (None, since_ns):
                await asyncio.sleep(0.02)
        return found

    async def lost(self) -> None:
        """Looks until it is read no more, and that is known."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.look() is not None or not self.channels.refused:
                await asyncio.sleep(0.02)


def test_what_is_said_across_a_break_is_never_told(tmp_path: Path) -> None:
    async def follow(following: Following) -> None:
        live = following.live
        following.decide("allow")
        following.say("before it was read")
        since_ns = await following.anew(None)
        following.say("one")
        assert await following.look() == since_ns
        # Denied and allowed before the bridge looks.
        following.decide("deny")
        live.replace("transcript")
        assert following.channels.since_ns("transcript") is None
        following.say("while it was denied")
        following.decide("allow")
        since_ns = await following.anew(since_ns)
        following.say("two")
        await following.look()
        # The daemon hangs up, and the same memory is read again: what was told is not told twice,
        # and nobody knows whether all else could be.
        live.hang_up(APP)
        await following.lost()
        following.say("while nobody could say that the grant has ended")
        since_ns = await following.anew(since_ns)
        following.say("three")
        await following.look()
        # Denied, and allowed once the bridge has seen it.
        following.decide("deny")
        live.replace("transcript")
        await following.lost()
        following.say("a secret")
        following.decide("allow")
        await following.anew(since_ns)
        following.say("four")
        await following.look()

    with LiveRegions(tmp_path) as live:
        following = Following(live)
        try:
            asyncio.run(follow(following))
        finally:
            following.channels.close()
    assert following.heard == ["one", "two", "three", "four"]
