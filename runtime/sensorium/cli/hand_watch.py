"""Watches a hand of a running daemon: its joints frame by frame, and what is told of it."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.channels.wait import wait_any
from sensorium.cli.attached import Attached
from sensorium.clock import now_ns
from sensorium.errors import EnrolmentError
from sensorium.health import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.perception.hand_geometry import Points

SIDES = {"left": 1, "right": 2}
POSITION_VALID = 2
"""Bit of a joint's flags."""
_WAIT_S = 0.05


class Frame(NamedTuple):
    """One frame of a hand.

    Attributes:
        side: 1 left, 2 right.
        points: 26 joints, m, finite.
        canned: What the sense `gesture` tells of it now; empty: nothing, or it is off.
    """

    side: int
    points: Points
    canned: str


class HandWatch(Attached):
    """A connection that reads hands and what is told of them.

    Args:
        app: The name under which motion is asked for.

    Raises:
        DeniedError: There is no grant; the remedy is the command that gives it.
        ControlError: No daemon is running.
    """

    def __init__(self, app: str) -> None:
        super().__init__(app, "motion", "public")

    def frames(self, sides: tuple[str, ...], seconds: float) -> Iterator[Frame | None]:
        """Each frame in which a hand is seen, for so long; None while none is.

        Args:
            sides: Of the hands.
            seconds: From now.

        Raises:
            EnrolmentError: The daemon withdrew the hands.
        """
        region, page = self._mapped("motion")
        hands = {side: Cursor(region, f"hand_{side}") for side in sides}
        canned = {side: Cursor(self._mapped("public")[0], f"gesture_{side}") for side in sides}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            wait_any(
                [(hand, hand.wanted - 1) for hand in hands.values()], [page] * len(hands), _WAIT_S
            )
            seen = False
            for side, hand in hands.items():
                for points in _new(hand):
                    seen = True
                    yield Frame(SIDES[side], points, _name(canned[side]))
            if not seen:
                yield None

    def told(self, seconds: float) -> Iterator[np.void | None]:
        """Each event of the sense `hand_gesture` from now on, for so long; None between them."""
        region, page = self._mapped("public")
        cursor = Cursor(region, "hand_gesture_event")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            wait_any([(cursor, cursor.wanted - 1)], [page], _WAIT_S)
            if cursor.next(now_ns()) == Status.NEW:
                yield cursor.sample.view(CHANNELS[cursor.name].record)[0]
            else:
                yield None

    def tells(self) -> bool:
        """Whether the sense `hand_gesture` tells anything: it is on, and its engine is there."""
        reader = Reader(self._mapped("public")[0], "hand_gesture_right")
        status = reader.read(now_ns())
        return status in (Status.NEW, Status.SAME) or (
            status == Status.INVALID and reader.reason in (Reason.INACTIVE, Reason.INPUT_LOST)
        )


def _new(hand: Cursor) -> Iterator[Points]:
    """The joints of each record that is new, where all of them are seen."""
    while True:
        status = hand.next(now_ns())
        if status in (Status.CLOSED, Status.DENIED):
            raise EnrolmentError("the daemon closed the channels of the hands", "enrol again")
        if status == Status.INVALID and hand.sample.n:
            continue
        if status != Status.NEW:
            return
        joints = hand.sample.view(CHANNELS[hand.name].record)["joints"]
        points: Points = joints["position"][0].tolist()
        tracked = int(np.bitwise_and.reduce(joints["flags"][0])) & POSITION_VALID
        if tracked and math.isfinite(sum(map(sum, points))):
            yield points


def _name(canned: Cursor) -> str:
    """The newest record's gesture."""
    canned.seek(canned.latest())
    if canned.next(now_ns()) != Status.NEW:
        return ""
    return str(canned.sample.view(CHANNELS[canned.name].record)["name"][0].decode())
