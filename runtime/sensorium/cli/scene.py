"""The live view: hands, voice, the table of channels and what happened last."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from sensorium.cli.drawing import strip
from sensorium.cli.picture import picture
from sensorium.cli.table import channel_table
from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Collection

    from rich.console import Console, RenderableType

    from sensorium.cli.eyes import Eyes

FRAMES_A_SECOND = 12

_PICTURE_COLUMNS = 76
_PICTURE_ROWS = (8, 13)
"""Fewest and most rows of the picture."""
_TOLD = 3
_LINES = 4
"""Voice, the table's head, the last line, and one that stays free."""
_VOICE_MARGIN = 12


class Scene:
    """Draws what the eyes see, again and again.

    Args:
        eyes: Already looking.
        channels: Those that the table shows; empty: all.
        regions: Whether the table says which class each lies in.
    """

    def __init__(
        self, eyes: Eyes, channels: Collection[str] = (), *, regions: bool = False
    ) -> None:
        self._eyes = eyes
        self._channels = channels
        self._regions = regions
        self._voice: deque[tuple[float, bool]] = deque(maxlen=400)

    def draw(self, console: Console, *above: RenderableType, below: Text) -> Group:
        """One frame, made for the console's present size.

        Args:
            console: Where it goes.
            above: Shown first.
            below: The last line.
        """
        sights = [
            sight
            for name, sight in self._eyes.sights.items()
            if not self._channels or name in self._channels
        ]
        self._listen()
        size = console.size
        taken = len(console.render_lines(Group(*above))) + len(sights) + _TOLD + _LINES
        rows = size.height - taken
        parts: list[RenderableType] = [*above]
        if size.width >= _PICTURE_COLUMNS and rows >= _PICTURE_ROWS[0]:
            width = min(size.width, 2 * _PICTURE_COLUMNS)
            parts.append(picture(self._eyes.sights, width, min(rows, _PICTURE_ROWS[1])))
        parts.append(self._voice_line(size.width))
        # What does not fit would take the last line with it: what is fresh is shown first.
        most = max(1, len(sights) + rows - 1) if rows < 0 else len(sights)
        chosen = sorted(sights, key=lambda sight: not sight.fresh)[:most]
        shown = [sight for sight in sights if any(sight is one for one in chosen)]
        parts.append(channel_table(shown, regions=self._regions))
        if len(shown) < len(sights):
            left = len(sights) - len(shown)
            parts.append(Text(f"{left} more: sensorium channels list", "dim", no_wrap=True))
        parts.extend(self._told())
        parts.append(below)
        return Group(*parts)

    def _listen(self) -> None:
        sight = self._eyes.sights["voice_activity"]
        record = sight.look.record if sight.fresh else {}
        if record:
            self._voice.append((float(record["probability"]), bool(record["speaking"])))
        else:
            self._voice.append((0.0, False))

    def _voice_line(self, width: int) -> Text:
        line = Text("voice ", "bold", no_wrap=True)
        for probability, speaking in list(self._voice)[-max(10, width - _VOICE_MARGIN) :]:
            line.append(strip([probability]), "bold green" if speaking else "bright_black")
        return line

    def _told(self) -> list[Text]:
        now = now_ns()
        newest = list(self._eyes.story.lines)[-_TOLD:]
        lines = [
            Text.assemble((f"{max(0.0, (now - at) / 1e9):5.1f} s ago  ", "dim"), told)
            for at, told in newest
        ]
        return lines + [Text("")] * (_TOLD - len(lines))


def clock_text(seconds: float) -> str:
    """So many seconds as `01:05`."""
    whole = max(0, int(seconds))
    return f"{whole // 60:02}:{whole % 60:02}"


def sleep_until(moment: float) -> None:
    """Sleeps until `time.monotonic()` reaches a moment."""
    time.sleep(max(0.0, moment - time.monotonic()))
