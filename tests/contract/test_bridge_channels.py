"""What a bridge follows: each record once, nothing from before a grant or within a denial."""

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

    def say(self, text: str, *, off_ns: int = 0) -> None:
        """A text whose sound has times by a clock that is so far off."""
        said_ns = now_ns() + off_ns
        self.live.writer("transcript").publish(transcript(text, 1, said_ns), said_ns)

    def decide(self, action: str) -> None:
        with Client.connect("tests", self.live.folder) as client:
            client.request("grant", action=action, app=APP, classes="transcript")

    async def look(self) -> int | None:
        await self.channels.look()
        self.heard += [
            bytes(told.record["text"]).rstrip(b"\0").decode()
            for told in self.channels.following("transcript")
        ]
        return self.channels.since_ns("transcript")

    async def anew(self, since_ns: int | None) -> int:
        """Looks until it is read since another time."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := await self.look()) in (None, since_ns):
                await asyncio.sleep(0.02)
        return found

    async def lost(self) -> None:
        """Looks until it is read no more."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.look() is not None:
                await asyncio.sleep(0.02)

    async def until(self, text: str) -> int | None:
        async with asyncio.timeout(PATIENCE_S):
            while text not in self.heard:
                since_ns = await self.look()
                await asyncio.sleep(0.02)
        return since_ns


def test_each_text_is_told_once_and_none_from_without_a_grant(tmp_path: Path) -> None:
    async def follow(following: Following) -> None:
        live = following.live
        following.decide("allow")
        following.say("before it was read")
        since_ns = await following.anew(None)
        following.say("one")
        await following.until("one")
        # Another app has lost its grant.
        live.replace("transcript")
        following.say("two")
        assert await following.until("two") == since_ns
        # Denied and allowed before the bridge looks.
        following.decide("deny")
        live.replace("transcript")
        assert following.channels.since_ns("transcript") is None
        following.say("while it was denied")
        following.decide("allow")
        since_ns = await following.anew(since_ns)
        following.say("three")
        await following.until("three")
        # The daemon hangs up: the same memory is read again, from where it was left.
        live.hang_up(APP)
        await following.lost()
        following.say("four")
        assert await following.until("four") == since_ns
        # It does so again, and now there is a denial meanwhile.
        live.hang_up(APP)
        await following.lost()
        following.decide("deny")
        following.say("while nobody was connected to be told so")
        following.decide("allow")
        since_ns = await following.anew(since_ns)
        # Denied, and allowed once the bridge has seen it.
        following.decide("deny")
        live.replace("transcript")
        await following.lost()
        following.say("a secret")
        following.decide("allow")
        await following.anew(since_ns)
        following.say("five")
        await following.until("five")

    with LiveRegions(tmp_path) as live:
        following = Following(live)
        try:
            asyncio.run(follow(following))
        finally:
            following.channels.close()
    assert following.heard == ["one", "two", "three", "four", "five"]


def test_a_replay_that_is_slower_or_faster_than_the_clock_is_told_too(tmp_path: Path) -> None:
    behind_ns, ahead_ns = -120_000_000_000, 3_600_000_000_000

    async def follow(following: Following) -> None:
        following.decide("allow")
        since_ns = await following.anew(None)
        following.say("slower", off_ns=behind_ns)
        await following.until("slower")
        following.say("faster", off_ns=ahead_ns)
        await following.until("faster")
        # Its times are later than any decision, but it was told before.
        following.decide("deny")
        following.live.replace("transcript")
        following.say("while it was denied", off_ns=ahead_ns)
        following.decide("allow")
        await following.anew(since_ns)
        following.say("the end", off_ns=ahead_ns)
        await following.until("the end")

    with LiveRegions(tmp_path) as live:
        following = Following(live)
        try:
            asyncio.run(follow(following))
        finally:
            following.channels.close()
    assert following.heard == ["slower", "faster", "the end"]
