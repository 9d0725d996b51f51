"""Texts for VRChat's chatbox: cut to its size, in order, no faster than it takes them.

`/chatbox/input` takes at most 144 characters and 9 lines (docs.vrchat.com/docs/
osc-as-input-controller). How fast is not documented; programs that have long used it wait between
1.3 and 1.5 s, below which VRChat drops texts.
"""

from __future__ import annotations

import unicodedata
from collections import deque

MOST_UNITS = 144
"""VRChat's strings are UTF-16: a character beyond the basic plane counts as two."""
MOST_LINES = 9
MOST_WAITING = 32
_JOINERS = ("\u200d", "\ufe0e", "\ufe0f")
"""Zero width joiner and variation selectors: no text is cut before or behind them."""


class Chatbox:
    """What waits to be shown.

    Args:
        interval_ns: Least time between two texts.

    Attributes:
        dropped: Texts that were left out since too many waited.
    """

    def __init__(self, interval_ns: int) -> None:
        self.dropped = 0
        self._interval_ns = interval_ns
        self._waiting: deque[str] = deque()
        self._due_ns = 0

    def say(self, text: str) -> None:
        """Adds something that was said."""
        for piece in pieces(text):
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(piece)

    def clear(self) -> None:
        """Forgets what waits; the distance to the text before is kept all the same."""
        self._waiting.clear()

    def take(self, now_ns: int) -> str | None:
        """The text to show now; what waits is put together as far as it fits.

        Args:
            now_ns: The time.
        """
        if not self._waiting or now_ns < self._due_ns:
            return None
        self._due_ns = now_ns + self._interval_ns
        text = self._waiting.popleft()
        while self._waiting and fits(f"{text} {self._waiting[0]}"):
            text = f"{text} {self._waiting.popleft()}"
        return text


def pieces(text: str) -> list[str]:
    """A text in pieces that the chatbox takes, cut between words where there are any.

    Every character that can be shown is in one of them, in order; space at a cut is left out.
    """
    found = []
    rest = plain(text)
    while rest:
        end = _end(rest)
        found.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return found


def plain(text: str) -> str:
    """A text without what cannot be shown: control characters, lone surrogates, space around it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    shown = "".join(
        each for each in lines
        if each == "\n" or unicodedata.category(each) not in ("Cc", "Cs")
    )
    return shown.strip()


def fits(text: str) -> bool:
    """Whether the chatbox takes a text as one."""
    return _units(text) <= MOST_UNITS and text.count("\n") < MOST_LINES


def _units(text: str) -> int:
    return len(text) + sum(each > "\uffff" for each in text)


def _end(text: str) -> int:
    """How many characters of a text the next piece has."""
    units = lines = 0
    whole = space = 0
    for at, each in enumerate(text):
        if each.isspace():
            space = at
        if at and not _clings(text, at):
            whole = at
        units += 2 if each > "\uffff" else 1
        lines += each == "\n"
        if units > MOST_UNITS or lines >= MOST_LINES:
            # A piece that nothing may cut is cut all the same.
            return space or whole or at
    return len(text)


def _clings(text: str, at: int) -> bool:
    """Whether a character belongs to the one before it."""
    each = text[at]
    return bool(unicodedata.combining(each)) or each in _JOINERS or text[at - 1] == _JOINERS[0]
