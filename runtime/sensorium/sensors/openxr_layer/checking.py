"""Rules for what a game writes: a value that no headset or clock gives never reaches a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.records.sensors import JOINTS
from sensorium.sensors.openxr_layer import layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PLACE_MAX_M = 1000.0
_SPEED_MAX = 1000.0
"""m/s and rad/s."""
_UNIT_TOLERANCE = 1e-2
_RADIUS_MAX_M = 1.0
_SKEW_NS = 10_000_000_000
"""Times further than this from now are taken for garbage."""
_LONGEST_NS = 60_000_000_000
"""Of one frame, from its wait on."""
_PERIOD_MIN_NS, _PERIOD_MAX_NS = 1_000_000, 1_000_000_000
_POSE_BITS, _BUTTON_BITS, _SOURCE_BITS = 63, 255, 63
_STATES = 9
"""XrSessionState is 0 to 8."""

_VECTORS = ("position", "orientation", "linear_velocity", "angular_velocity")
_TURN = slice(3, 7)
_LIMITS = np.array([_PLACE_MAX_M] * 3 + [2.0] * 4 + [_SPEED_MAX] * 6, np.float32)
"""Of the numbers of `_VECTORS`, one after the other."""


def _word(*path: str | int) -> int:
    """Where a field of `layout.INPUT` lies, in words of 4 bytes; a number: of an array's items."""
    kind: Any = layout.INPUT
    offset = 0
    for step in path:
        if isinstance(step, int):
            kind = kind.base
            offset += step * kind.itemsize
        else:
            kind, more = kind.fields[step][:2]
            offset += more
    return offset // 4


_POSES: tuple[tuple[str | int, ...], ...] = (
    ("head",), ("gaze",),
    *(("hands", side, pose) for side in (0, 1) for pose in ("grip", "aim")),
    *(("hands", side, "joints", joint) for side in (0, 1) for joint in range(JOINTS)),
)  # fmt: skip
_JOINTS_AT = 6
"""The first joint among `_POSES`."""
_PLACES = np.array([
    [_word(*pose, name) + place
     for name in _VECTORS for place in range(4 if name == "orientation" else 3)]
    for pose in _POSES
])  # fmt: skip
_FLAGS = np.array([_word(*pose, "flags") for pose in _POSES])
_RADII = np.array([_word(*pose, "radius") for pose in _POSES[_JOINTS_AT:]])


def frame_is_good(frame: layout.LayerFrame, now_ns: int) -> bool:
    """Whether one frame keeps every rule.

    Its times follow one another, none lies ahead, and the period is one of a display.

    Args:
        frame: The frame.
        now_ns: The monotonic clock.
    """
    first, last = frame.wait_ns, frame.end_done_ns
    return (
        # Waiting for the next frame may overlap with the end of this one, but not with its own.
        0 < first <= frame.wait_done_ns <= frame.begin_ns
        and frame.begin_ns <= frame.begin_done_ns <= frame.end_ns <= last
        and last <= now_ns + _SKEW_NS
        and last - first <= _LONGEST_NS
        and (frame.period == 0 or _PERIOD_MIN_NS <= frame.period <= _PERIOD_MAX_NS)
        and frame.display_time > 0
        and 0 <= frame.layer_ns <= _LONGEST_NS
        and frame.in_flight < 4
        and frame.should_render <= 1
        and frame.flags <= 3
    )


def mend_input(record: NDArray[np.void], now_ns: int) -> bool:
    """Takes out of an input, `layout.INPUT`, shape (1,), what breaks a rule.

    A pose with a bad value gets the flags 0 and zeros, a hand with one bad joint is not active,
    an axis is cut to its range, bits that nobody knows are cleared, a text that is none is empty.

    Args:
        record: Is changed.
        now_ns: The monotonic clock.

    Returns:
        Whether the rest may be used: its time is about now, and its space is one.
    """
    if abs(int(record["capture_ns"][0]) - now_ns) > _SKEW_NS or record["space"][0] not in (1, 3):
        return False
    if record["session_state"][0] >= _STATES:
        return False
    hands = record["hands"]
    if not _all_good(record):
        for poses in (record["head"], record["gaze"], hands["grip"], hands["aim"]):
            _mend(poses, _good_poses(poses))
        _mend_hands(hands)
    for name in ("trigger", "squeeze"):
        hands[name] = np.clip(np.nan_to_num(hands[name]), 0.0, 1.0)
    for name in ("stick", "trackpad"):
        hands[name] = np.clip(np.nan_to_num(hands[name]), -1.0, 1.0)
    for name in ("pressed", "touched", "offered"):
        hands[name] &= _BUTTON_BITS
    hands["from_app"] &= _SOURCE_BITS
    hands["controller_active"] = hands["controller_active"] == 1
    for side in range(hands.shape[1]):
        if not _is_text(bytes(hands["profile"][0, side])):
            hands["profile"][0, side] = b""
    return True


def _all_good(record: NDArray[np.void]) -> bool:
    """Whether every pose and joint keeps every rule as it is: at a glance, as nearly always."""
    words = record.view("<f4")
    poses = words[_PLACES]
    flags = words.view("<u4")[_FLAGS]
    turn = poses[:, _TURN]
    with np.errstate(invalid="ignore", over="ignore"):
        length = np.einsum("ij,ij->i", turn, turn)
        # Whatever is not finite is not below a limit either.
        well = (
            (np.abs(poses) <= _LIMITS).all()
            and (np.abs(length - 1)[flags & 1 > 0] <= _UNIT_TOLERANCE).all()
        )
        radii = words[_RADII]
    active = record["hands"]["hand_active"]
    return bool(
        well
        and (flags <= _POSE_BITS).all()
        and (active <= 1).all()
        and ((radii >= 0) & (radii <= _RADIUS_MAX_M)).all()
        # Of a hand that is not active nothing may be left.
        and not flags[_JOINTS_AT:].reshape(active.size, -1)[active.ravel() == 0].any()
    )


def _mend_hands(hands: NDArray[np.void]) -> None:
    joints = hands["joints"]
    with np.errstate(invalid="ignore"):
        sized = (joints["radius"] >= 0) & (joints["radius"] <= _RADIUS_MAX_M)
    good = (_good_poses(joints) & sized).all(axis=-1) & (hands["hand_active"] == 1)
    hands["hand_active"] = good
    _mend(joints, good[..., None] & np.ones(joints.shape, np.bool_))


def _mend(poses: NDArray[np.void], good: NDArray[np.bool_]) -> None:
    poses[~good] = np.zeros((), poses.dtype)
    poses["flags"] &= _POSE_BITS


def _good_poses(poses: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which have numbers that a headset gives, where their flags say that there are any."""
    flags = poses["flags"]
    with np.errstate(invalid="ignore", over="ignore"):
        turned = np.abs(np.linalg.norm(poses["orientation"], axis=-1) - 1) <= _UNIT_TOLERANCE
        placed = (np.abs(poses["position"]) <= _PLACE_MAX_M).all(axis=-1)
        moved = (np.abs(poses["linear_velocity"]) <= _SPEED_MAX).all(axis=-1)
        spun = (np.abs(poses["angular_velocity"]) <= _SPEED_MAX).all(axis=-1)
    finite = np.logical_and.reduce([np.isfinite(poses[name]).all(axis=-1) for name in _VECTORS])
    return np.asarray(
        finite & ((flags & 1 == 0) | turned) & ((flags & 2 == 0) | placed)
        & ((flags & 16 == 0) | moved) & ((flags & 32 == 0) | spun)
    )  # fmt: skip


def _is_text(raw: bytes) -> bool:
    try:
        return raw.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False
