"""An input of the layer, put into the records of head, hands, controllers and gaze."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.health import Reason
from sensorium.sensors.openxr.gaze import forward

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.sensors.outlet import Outlet

_ORIENTATION, _PLACED = 1, 3
_VALIDITY = {"orientation": 1, "position": 2, "linear_velocity": 16, "angular_velocity": 32}
_CONTROLLER = (
    "grip", "aim", "trigger", "squeeze", "stick", "trackpad", "pressed", "touched", "offered",
    "profile",
)  # fmt: skip
_SAMPLE_AGE_MAX_NS = 1_000_000_000
"""An eye that was sampled longer ago, or ahead of now, has no time that one may believe."""


def publish(
    outlets: Mapping[str, Outlet],
    given: NDArray[np.void],
    now_ns: int,
    capture_ns: int,
    clock_offset_ns: int | None,
) -> None:
    """Publishes what an input has, and says of the rest that it is not there.

    Args:
        outlets: By channel, with their origin set.
        given: A checked input, `layout.INPUT`, shape (1,); is changed.
        now_ns: The monotonic clock.
        capture_ns: What the poses are of.
        clock_offset_ns: What to add to a runtime's time for the monotonic clock, if known.
    """
    row = given[0]
    head = outlets["head"]
    if int(row["head"]["flags"]) & _ORIENTATION:
        _clear(given["head"])
        head.record["pose"] = given["head"]
        head.publish(capture_ns)
    else:
        head.withhold(now_ns, Reason.INACTIVE)
    for side, name in enumerate(("left", "right")):
        _hand(outlets[f"hand_{name}"], given["hands"][:, side], now_ns, capture_ns)
        _controller(outlets[f"controller_{name}"], given["hands"][:, side], now_ns, capture_ns)
    _gaze(outlets["gaze"], row, now_ns, capture_ns, clock_offset_ns)


def _hand(outlet: Outlet, hand: NDArray[np.void], now_ns: int, capture_ns: int) -> None:
    joints = hand["joints"]
    if hand["hand_active"][0] and (joints["flags"] & _PLACED == _PLACED).all():
        _clear(joints)
        outlet.record["joints"] = joints
        outlet.publish(capture_ns)
    else:
        outlet.withhold(now_ns, Reason.INACTIVE)


def _controller(outlet: Outlet, hand: NDArray[np.void], now_ns: int, capture_ns: int) -> None:
    if not hand["controller_active"][0]:
        outlet.withhold(now_ns, Reason.INACTIVE)
        return
    _clear(hand["grip"])
    _clear(hand["aim"])
    for name in _CONTROLLER:
        outlet.record[name] = hand[name]
    outlet.publish(capture_ns)


def _gaze(
    outlet: Outlet, row: np.void, now_ns: int, capture_ns: int, clock_offset_ns: int | None
) -> None:
    gaze = row["gaze"]
    if int(gaze["flags"]) & _PLACED != _PLACED:
        outlet.withhold(now_ns, Reason.INACTIVE)
        return
    record = outlet.record
    record["source"], record["flags"] = 1, int(gaze["flags"]) & 15
    record["origin"], record["orientation"] = gaze["position"], gaze["orientation"]
    turn = gaze["orientation"]
    record["direction"] = forward(turn / np.linalg.norm(turn))
    sampled = int(row["gaze_time"]) + (clock_offset_ns or 0)
    known = clock_offset_ns is not None and 0 <= now_ns - sampled <= _SAMPLE_AGE_MAX_NS
    record["sample_ns"] = sampled if known else 0
    outlet.publish(capture_ns)


def _clear(poses: NDArray[np.void]) -> None:
    """Puts zeros where the flags say that there is no value."""
    flags = poses["flags"]
    for name, bit in _VALIDITY.items():
        lacking = flags & bit == 0
        if lacking.any():
            poses[name][lacking] = 0
