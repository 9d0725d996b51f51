"""Reads rays of gaze and poses of the head out of their records, and checks them."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium.perception.eyes.directions import Quaternion, Vector, forward, unit

if TYPE_CHECKING:
    from sensorium.perception.sense import Sample

EYES, HEAD = 1, 2
"""Where a ray comes from: the records' field `source`."""

_ORIENTATION, _POSITION = 1 | 4, 2 | 8
"""Bits of a pose's flags: valid and tracked. What a runtime guesses is not known."""
_EYE_VALID, _OPENNESS_GIVEN = 1, 2

_LATE_NS = 250_000_000

_FARTHEST_M = 1e6

_NEAR_NS = 25_000_000
"""A head's pose serves a ray that was captured so much earlier or later: two polls at 90 Hz."""

UNKNOWN: Vector = (math.nan, math.nan, math.nan)


class Ray(NamedTuple):
    """One sample of where the wearer looks.

    Attributes:
        time_ns: When the eye was sampled where that is given, else `capture_ns`.
        capture_ns: Of the record.
        space: The record's space and its generation.
        source: `EYES` or `HEAD`.
        origin: m; `UNKNOWN` where it is not.
        direction: Unit vector in the world.
        openness: Of the eye that is open further, 0..1; None where it is not given.
        eyes: The left and the right eye's origin and direction, where both are valid.
    """

    time_ns: int
    capture_ns: int
    space: tuple[int, int]
    source: int
    origin: Vector
    direction: Vector
    openness: float | None
    eyes: tuple[tuple[Vector, Vector], tuple[Vector, Vector]] | None


class HeadPose(NamedTuple):
    """One pose of the head.

    Attributes:
        capture_ns: Of the record.
        space: The record's space and its generation.
        orientation: In the world.
        position: m; `UNKNOWN` where it is not.
    """

    capture_ns: int
    space: tuple[int, int]
    orientation: Quaternion
    position: Vector

    def ray(self) -> Ray:
        """The head's ray: where its face looks."""
        return Ray(
            self.capture_ns, self.capture_ns, self.space, HEAD, self.position,
            forward(self.orientation), None, None,
        )


class HeadPoses:
    """The newest poses, to find the one that belongs to a ray."""

    def __init__(self) -> None:
        self._poses: deque[HeadPose] = deque(maxlen=32)

    def add(self, pose: HeadPose) -> None:
        """Takes a pose; one of another space or from before the newest begins anew."""
        if self._poses:
            newest = self._poses[-1]
            if pose.space != newest.space or pose.capture_ns < newest.capture_ns:
                self._poses.clear()
        self._poses.append(pose)

    def of(self, ray: Ray) -> HeadPose | None:
        """The pose at the time of a ray; None where there is none so near."""
        best, near = None, _NEAR_NS
        for pose in reversed(self._poses):
            away = abs(pose.capture_ns - ray.capture_ns)
            if away <= near and pose.space == ray.space:
                best, near = pose, away
            if not away or pose.capture_ns < ray.capture_ns - near:
                break
        return best


def outdated(sampled_ns: int, capture_ns: int) -> bool:
    """Whether a sample of the eye is none of this moment: the tracker stands still.

    Args:
        sampled_ns: When the eye was sampled; 0 where that is not known.
        capture_ns: Of the record.
    """
    return 0 < sampled_ns < capture_ns - _LATE_NS


def read_gaze(sample: Sample) -> Ray | None:
    """The ray of a record of channel `gaze`; None where it gives no direction of this moment."""
    row = sample.record[0]
    flags, source = int(row["flags"]), int(row["source"])
    direction = unit(row["direction"].tolist())
    if direction is None or flags & _ORIENTATION != _ORIENTATION:
        return None
    sampled = int(row["sample_ns"])
    if source not in (EYES, HEAD) or outdated(sampled, sample.capture_ns):
        return None
    # A sample from later than it was read has another clock's time.
    believed = 0 < sampled <= sample.capture_ns
    openness, eyes = _eyes(row["eyes"]) if source == EYES else (None, None)
    return Ray(
        sampled if believed else sample.capture_ns, sample.capture_ns, _space(row), source,
        _position(row["origin"], flags), direction, openness, eyes,
    )


def read_head(sample: Sample) -> HeadPose | None:
    """The pose of a record of channel `head`; None where it has no orientation."""
    row = sample.record[0]
    pose = row["pose"]
    flags = int(pose["flags"])
    x, y, z, w = pose["orientation"].tolist()
    length = math.sqrt(x * x + y * y + z * z + w * w)
    if flags & _ORIENTATION != _ORIENTATION or not 1e-6 < length < math.inf:
        return None
    return HeadPose(
        sample.capture_ns, _space(row), (x / length, y / length, z / length, w / length),
        _position(pose["position"], flags),
    )


def _space(row: Any) -> tuple[int, int]:
    return int(row["space"]), int(row["space_generation"])


def _position(values: Any, flags: int) -> Vector:
    x, y, z = values.tolist()
    # Each for itself: the largest of numbers among which one is NaN may be any of them.
    known = flags & _POSITION == _POSITION and all(abs(v) < _FARTHEST_M for v in (x, y, z))
    return (x, y, z) if known else UNKNOWN


def _eyes(
    rows: Any,
) -> tuple[float | None, tuple[tuple[Vector, Vector], tuple[Vector, Vector]] | None]:
    """How far the eyes are open, and their rays where both have one."""
    openness: float | None = None
    rays: list[tuple[Vector, Vector]] = []
    for origin, direction, opened, flags in rows.tolist():
        if flags & _OPENNESS_GIVEN and math.isfinite(opened):
            openness = opened if openness is None else max(openness, opened)
        if flags & _EYE_VALID:
            way = unit(direction)
            if way is not None and all(map(math.isfinite, origin)):
                x, y, z = origin
                rays.append(((x, y, z), way))
    return openness, (rays[0], rays[1]) if len(rays) == 2 else None
