"""The chatbox: what was said, and that somebody speaks, as long as both may be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.bridges.vrchat.chatbox import Chatbox

if TYPE_CHECKING:
    import numpy as np

    from sensorium.bridges.channels import Channels
    from sensorium.bridges.osc.link import OscLink

CHANNELS = ("transcript", "voice_activity", "health")
INPUT, TYPING = "/chatbox/input", "/chatbox/typing"
_SAID = 1
"""Of `transcript.outcome`."""


class Talk:
    """Nothing that was said before a denial or a mute, or while there is one, is shown after it.

    Args:
        interval_ns: Least time between two texts.
        typing: Whether it is shown that somebody speaks before the text is there.
    """

    def __init__(self, interval_ns: int, *, typing: bool) -> None:
        self._shows_typing = typing
        self._chatbox = Chatbox(interval_ns)
        self._typing = False
        self._muted = False
        self._unmuted_ns = 0
        self._since_ns: int | None = None
        self._utterance = 0
        self._text = ""

    @property
    def dropped(self) -> int:
        """Texts that were left out since too many waited."""
        return self._chatbox.dropped

    def step(self, link: OscLink, channels: Channels, now_ns: int) -> None:
        """Takes what is new and sends what is due.

        Args:
            link: To VRChat.
            channels: Read just now.
            now_ns: The time.
        """
        since_ns, heard = self._allowed_since(channels, now_ns), channels.following("transcript")
        if since_ns is None:
            self._type(link, speaking=False)
            return
        if since_ns != self._since_ns:
            # There was a denial or a mute: what waits is from before it.
            self._since_ns, self._text = since_ns, ""
            self._chatbox.clear()
        for told in heard:
            # A text comes after its sound: what was said before counts as not heard.
            if told.began_ns >= since_ns:
                self._chatbox.say(self._whole(told.record))
        activity = channels.newest("voice_activity")
        self._type(link, activity is not None and bool(activity["speaking"]))
        shown = self._chatbox.take(now_ns)
        if shown is not None:
            # At once, and without the sound of a notification.
            link.send(INPUT, shown, True, False)

    def end(self, link: OscLink) -> None:
        """Leaves nothing behind that looks as if somebody spoke."""
        self._type(link, speaking=False)

    def _allowed_since(self, channels: Channels, now_ns: int) -> int | None:
        """From when on what is said may be shown; None: it may not, just now."""
        health = channels.newest("health")
        if health is not None:
            muted = bool(health["muted"])
            if self._muted and not muted:
                self._unmuted_ns = now_ns
            self._muted = muted
        granted_ns = channels.since_ns("transcript")
        if granted_ns is None or self._muted:
            return None
        return max(granted_ns, self._unmuted_ns)

    def _type(self, link: OscLink, speaking: bool) -> None:
        typing = self._shows_typing and speaking
        if typing != self._typing:
            self._typing = typing
            link.send(TYPING, typing)

    def _whole(self, record: np.void) -> str:
        """The text of a final; of one in several parts with the last of them; else nothing."""
        if not record["is_final"] or record["outcome"] != _SAID:
            return ""
        if int(record["part"]) == 1 or int(record["utterance"]) != self._utterance:
            self._text = ""
        self._utterance = int(record["utterance"])
        self._text += bytes(record["text"]).rstrip(b"\0").decode(errors="replace")
        return self._text if int(record["part"]) >= int(record["parts"]) else ""
