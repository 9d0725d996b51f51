"""The bridge to VRChat over OSC."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sensorium.bridges.channels import Channels
from sensorium.bridges.osc import probe
from sensorium.bridges.osc.opening import open_link
from sensorium.bridges.vrchat import emotion, hands, head, talk, voice
from sensorium.bridges.vrchat.options import VRChatOptions
from sensorium.clock import now_ns

if TYPE_CHECKING:
    from sensorium.bridges.bridge import Host
    from sensorium.bridges.osc.parameter import Parameter, Value


class VRChat:
    """See `bridge.Bridge`."""

    Options = VRChatOptions
    APP = "sensorium-vrchat"

    def __init__(self, options: VRChatOptions, host: Host) -> None:
        self._options = options
        self._host = host
        self._head = head.HeadGestures()
        self._talk: talk.Talk | None = None
        if options.chatbox:
            self._talk = talk.Talk(round(options.chatbox_interval_s * 1e9), typing=options.typing)

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
                        if self._talk is not None:
                            self._talk.step(link, channels, now_ns())
                        link.note(_note(channels, self._talk))
                        await asyncio.sleep(1.0 / self._options.rate_hz)
                finally:
                    if self._talk is not None:
                        self._talk.end(link)
        finally:
            channels.close()

    def _names(self) -> list[str]:
        """The channels that it reads."""
        options = self._options
        return [
            *(hands.CHANNELS if options.hands else ()),
            *(head.CHANNELS if options.head else ()),
            *(voice.CHANNELS if options.voice else ()),
            *(voice.VISEME_CHANNELS if options.visemes else ()),
            *(emotion.CHANNELS if options.emotion else ()),
            *(talk.CHANNELS if options.chatbox else ()),
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


def _note(channels: Channels, talked: talk.Talk | None) -> str:
    """What the owner should know."""
    told = [error.message for error in channels.refused]
    if talked is not None and talked.dropped:
        told.append(f"{talked.dropped} texts left out, too much was said")
    if channels.lost:
        told.append(f"{channels.lost} records missed")
    return "; ".join(told)
