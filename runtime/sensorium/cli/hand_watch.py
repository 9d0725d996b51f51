"""Watches a hand of a running daemon: its joints frame by frame, and what is told of it."""

from __future__ import annotations

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
from sensorium.perception.hand_report import MOVED
from sensorium.perception.moving_hand import seen_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.perception.hand_geometry import Points
    from sensorium.perception.hand_motion import Head

SIDES = {"left": 1, "right": 2}
POSITION_VALID = 2
"""Bit of a joint's flags."""
_WAIT_S = 0.05


class Frame(NamedTuple):
    """One frame of a hand.

    Attributes:
        side: 1 left, 2 right.
        points: 26 joints, m, finite.
        time_ns: When they were so.
        head: At that time, in the same space; None: it is not seen.
        canned: What the sense `gesture` tells of it now; empty: nothing, or it is off.
    """

    side: int
    points: Points
    time_ns: int
    head: Head | None
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
        heads = Reader(region, "head")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            wait_any(
                [(hand, hand.wanted - 1) for hand in hands.values()], [page] * len(hands), _WAIT_S
            )
            seen = False
            for side, hand in hands.items():
                for record in _new(hand):
                    seen = True
                    yield Frame(
                        SIDES[side], record["joints"]["position"].tolist(),
                        hand.sample.capture_ns, _head(heads, record, hand.sample.capture_ns),
                        _name(canned[side]),
                    )
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

    def events(self) -> Cursor:
        """Where the events of the sense `hand_gesture` that come from now on are found."""
        cursor = Cursor(self._mapped("public")[0], "hand_gesture_event")
        cursor.seek_newest()
        return cursor

    def tells(self) -> bool:
        """Whether the sense `hand_gesture` tells anything: it is on, and its engine is there."""
        reader = Reader(self._mapped("public")[0], "hand_gesture_right")
        status = reader.read(now_ns())
        return status in (Status.NEW, Status.SAME) or (
            status == Status.INVALID and reader.reason in (Reason.INACTIVE, Reason.INPUT_LOST)
        )


def moved(events: Cursor, side: int) -> set[str]:
    """The movements of one hand, 1 left, 2 right, that were told since, but the wearer's own."""
    names = set()
    while events.next(now_ns()) == Status.NEW:
        told = events.sample.view(CHANNELS[events.name].record)[0]
        if told["event"] == MOVED and told["side"] == side and not told["own"]:
            names.add(str(told["name"].decode()))
    return names


def _new(hand: Cursor) -> Iterator[np.void]:
    """Each record that is new, where all joints are seen."""
    while True:
        status = hand.next(now_ns())
        if status in (Status.CLOSED, Status.DENIED):
            raise EnrolmentError("the daemon closed the channels of the hands", "enrol again")
        if status == Status.INVALID and hand.sample.n:
            continue
        if status != Status.NEW:
            return
        record = hand.sample.view(CHANNELS[hand.name].record)[0]
        joints = record["joints"]
        tracked = int(np.bitwise_and.reduce(joints["flags"])) & POSITION_VALID
        if tracked and np.isfinite(joints["position"]).all():
            yield record


def _head(heads: Reader, hand: np.void, time_ns: int) -> Head | None:
    if heads.read(now_ns()) not in (Status.NEW, Status.SAME):
        return None
    told = heads.sample.view(CHANNELS["head"].record)[0]
    space = int(hand["space"]), int(hand["space_generation"])
    return seen_head(told, heads.sample.capture_ns - time_ns, space)


def _name(canned: Cursor) -> str:
    """The newest record's gesture."""
    canned.seek(canned.latest())
    if canned.next(now_ns()) != Status.NEW:
        return ""
    return str(canned.sample.view(CHANNELS[canned.name].record)["name"][0].decode())
