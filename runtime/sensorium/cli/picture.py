"""Hands and head as the wearer sees them, drawn with dots."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.columns import Columns
from rich.panel import Panel
from rich.text import Text

from sensorium.cli.drawing import Canvas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.cli.sight import Sight
    from sensorium.cli.words import Record

_FINGERS = ((1, 2, 3, 4, 5), *((1, *range(start, start + 5)) for start in (6, 11, 16, 21)))
"""Joints of each finger in OpenXR's order, from the wrist to the tip."""
_PALM = 0
_KNUCKLES = (7, 12, 17, 22)

_HAND_M = 0.23
"""What a hand's own panel shows, from its lower to its upper edge."""
_BODY_M = (1.0, 0.75)
"""What the panel of both hands shows at least, across and down."""
_BODY_CENTRE_M = (0.0, -0.25)
"""Its middle, right of and above the head."""
_HEAD_M = 0.1
_SIDES = ("left", "right")
_STYLES = {"left": "cyan", "right": "magenta"}


class Point(NamedTuple):
    """A point as the wearer sees it: metres to the right of, above and before the head."""

    x: float
    y: float
    z: float


class View:
    """Turns points of the stage into what the wearer sees, looking level.

    Args:
        head: The head's record; empty: from the stage's origin, 1.6 m up.
    """

    def __init__(self, head: Record) -> None:
        self._origin = (0.0, 1.6, 0.0)
        self._cos, self._sin = 1.0, 0.0
        if head:
            x, y, z, w = head["pose"]["orientation"]
            yaw = math.atan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y))
            self._cos, self._sin = math.cos(yaw), math.sin(yaw)
            self._origin = tuple(head["pose"]["position"])

    def see(self, position: Any) -> Point:
        """A point of the stage, in metres."""
        x, y, z = (
            float(part) - origin for part, origin in zip(position, self._origin, strict=True)
        )
        return Point(x * self._cos - z * self._sin, y, x * self._sin + z * self._cos)


def picture(sights: Mapping[str, Sight], columns: int, rows: int) -> Columns:
    """The left hand, both hands below the head, the right hand.

    Args:
        sights: Channels by name.
        columns: Characters across, for all three.
        rows: Characters down, frames included.
    """
    side = columns // 4
    head = _record(sights, "head")
    hands = {name: _record(sights, f"hand_{name}") for name in _SIDES}
    view = View(head)
    left, right = (
        _panel(_hand(view, hands[name], side - 2, rows - 2), f"{name} hand", _STYLES[name], side)
        for name in _SIDES
    )
    middle = columns - 2 * side
    body = _panel(_body(view, head, hands, middle - 2, rows - 2), "as you see them", "", middle)
    return Columns([left, body, right], padding=0, expand=False)


def _record(sights: Mapping[str, Sight], name: str) -> Record:
    sight = sights.get(name)
    return sight.look.record if sight is not None and sight.fresh else {}


def _panel(lines: list[str], title: str, style: str, width: int) -> Panel:
    return Panel(
        Text("\n".join(lines), style, no_wrap=True), title=title, width=width, padding=0,
        border_style="bright_black",
    )


def _hand(view: View, hand: Record, columns: int, rows: int) -> list[str]:
    canvas = Canvas(columns, rows)
    if hand:
        points = [view.see(joint["position"]) for joint in hand["joints"]]
        middle = _mean([points[_PALM], points[_KNUCKLES[1]]])
        _bones(canvas, points, middle.x, middle.y, canvas.height / _HAND_M)
    return canvas.lines()


def _body(
    view: View, head: Record, hands: Mapping[str, Record], columns: int, rows: int
) -> list[str]:
    canvas = Canvas(columns, rows)
    scale = min(canvas.width / _BODY_M[0], canvas.height / _BODY_M[1])
    x, y = _BODY_CENTRE_M
    if head:
        _circle(canvas, -x * scale, y * scale, _HEAD_M * scale)
    for hand in hands.values():
        if hand:
            points = [view.see(joint["position"]) for joint in hand["joints"]]
            _bones(canvas, points, x, y, scale)
    return canvas.lines()


def _bones(canvas: Canvas, points: list[Point], x: float, y: float, scale: float) -> None:
    def place(point: Point) -> tuple[float, float]:
        return (
            canvas.width / 2 + (point.x - x) * scale,
            canvas.height / 2 - (point.y - y) * scale,
        )

    chains = (*_FINGERS, _KNUCKLES)
    for chain in chains:
        for start, end in itertools.pairwise(chain):
            canvas.line(*place(points[start]), *place(points[end]))


def _circle(canvas: Canvas, x: float, y: float, radius: float) -> None:
    steps = max(12, round(radius * 6))
    for step in range(steps):
        angle = 2 * math.pi * step / steps
        canvas.dot(
            canvas.width / 2 + x + radius * math.cos(angle),
            canvas.height / 2 + y + radius * math.sin(angle),
        )


def _mean(points: list[Point]) -> Point:
    return Point(*(sum(parts) / len(points) for parts in zip(*points, strict=True)))
