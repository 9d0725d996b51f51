"""The bridge to VRChat over OSC."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sensorium.bridges.channels import Channels
from sensorium.bridges.osc import probe
from sensorium.bridges.osc.opening import open_link
from sensorium.bridges.vrchat import emotion, hands, head, voice
from sensorium.bridges.vrchat.chatbox import Chatbox
from sensorium.bridges.vrchat.options import VRChatOptions
from sensorium.clock import now_ns

if TYPE_CHECKING:
    import numpy as np

    from sensorium.bridges.bridge import Host
    from sensorium.bridges.osc.link import OscLink
    from sensorium.bridges.osc.parameter import Parameter, Value

INPUT, TYPING = "/chatbox/input", "/chatbox/typing"
_SAID = 1
"""Of `transcript.outcome`."""


class VRChat:
    """See `bridge.Bridge`."""

    Options = VRChatOptions
    APP = "sensorium-vrchat"

    def __init__(self, options: VRChatOptions, host: Host) -> None:
        self._options = options
        self._host = host
        self._head = head.HeadGestures()
        self._chatbox = Chatbox(round(options.chatbox_interval_s * 1e9))
        self._typing = False
        self._utterance = 0
        self._text = ""

    @staticmethod
    def classes(options: VRChatOptions) -> tuple[str, ...]:
        """See `Bridge`."""
        return (
            *(("transcript",) if options.chatbox or options.visemes else ()),
            *(("emotion",) if options.emotion else ()),
        )

    @staticmethod
    def prove(detail: str) -> str:
        """See `Bridge`."""
        return probe.prove(detail)

    async def run(self) -> None:
        """See `Bridge`."""
        channels = Channels(self.APP, self._host.folder, self._names())
        try:
            async with open_link(
                "Sensorium-VRChat", self._options, self._host, self._parameters()
            ) as link:
                try:
                    while True:
                        await channels.look()
                        values = self._values(channels)
                        link.flush(values)
                        self._talk(link, channels)
                        link.note(_note(channels, self._chatbox))
                        await asyncio.sleep(1.0 / self._options.rate_hz)
                finally:
                    if self._typing:
                        link.send(TYPING, False)
        finally:
            channels.close()

    def _names(self) -> list[str]:
        """The channels that it reads."""
        options = self._options
        return [
            *(hands.CHANNELS if options.hands else ()),
            *(head.CHANNELS if options.head else ()),
            *(voice.CHANNELS if options.voice or options.chatbox else ()),
            *(voice.VISEME_CHANNELS if options.visemes else ()),
            *(emotion.CHANNELS if options.emotion else ()),
            *(("transcript",) if options.chatbox else ()),
        ]

    def _parameters(self) -> list[Parameter]:
        options = self._options
        return [
            *(hands.parameters() if options.hands else ()),
            *(head.parameters() if options.head else ()),
            *(voice.parameters() if options.voice else ()),
            *(voice.viseme_parameters() if options.visemes else ()),
            *(emotion.parameters() if options.emotion else ()),
        ]

    def _values(self, channels: Channels) -> dict[str, Value | None]:
        """What there is to tell; a channel that this does not read gives nothing."""
        return {
            **hands.values(channels),
            **self._head.values(channels, now_ns()),
            **voice.values(channels),
            **voice.viseme_values(channels),
            **emotion.values(channels),
        }

    def _talk(self, link: OscLink, channels: Channels) -> None:
        """The chatbox: what was said, and that somebody speaks."""
        if not self._options.chatbox:
            return
        for record in channels.following("transcript"):
            text = self._whole(record)
            if text:
                self._chatbox.say(text)
        activity = channels.newest("voice_activity")
        speaking = self._options.typing and activity is not None and bool(activity["speaking"])
        if speaking != self._typing:
            self._typing = speaking
            link.send(TYPING, speaking)
        shown = self._chatbox.take(now_ns())
        if shown is not None:
            # At once, and without the sound of a notification.
            link.send(INPUT, shown, True, False)

    def _whole(self, record: np.void) -> str:
        """The text of a final; of one in several parts with the last of them."""
        if not record["is_final"] or record["outcome"] != _SAID:
            return ""
        if int(record["part"]) == 1 or int(record["utterance"]) != self._utterance:
            self._text = ""
        self._utterance = int(record["utterance"])
        self._text += bytes(record["text"]).rstrip(b"\0").decode(errors="replace")
        return self._text if int(record["part"]) >= int(record["parts"]) else ""


def _note(channels: Channels, chatbox: Chatbox) -> str:
    """What the owner should know."""
    told = [error.message for error in channels.refused]
    if chatbox.dropped:
        told.append(f"{chatbox.dropped} texts left out, too much was said")
    if channels.lost:
        told.append(f"{channels.lost} records missed")
    return "; ".join(told)
