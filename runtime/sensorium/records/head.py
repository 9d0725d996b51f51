"""Records of what the head does: the gestures that are held, and their begins and ends.

They hold no pose: a gesture has its largest amplitude so far, rounded, and no course.
"""

from __future__ import annotations

from sensorium.records.fields import Record, Struct, array, scalar, text

HEAD_GESTURES = ("nod", "shake", "tilt", "lean")
"""In the order of `head_state.gestures`; `head_gesture.gesture` counts them from 1."""

_DIRECTION = scalar("direction", "u32", "0 none (nod, shake), 1 left, 2 right, 3 forward, 4 back")
_COUNT = scalar("count", "u32", "nods or shakes in a row so far; 1 for a tilt and a lean")
_AMPLITUDE = scalar(
    "amplitude", "f32",
    "largest so far: degrees from turn to turn (nod, shake), degrees (tilt), m (lean)",
)
_FREQUENCY = scalar("frequency", "f32", "nods or shakes/s; NaN for a tilt and a lean")
_ENDING = scalar(
    "ending", "u32", "of the newest end: 1 it was over, 2 cancelled: tracking was lost, the space "
    "recentred, the pose jumped or the time went back; 0 none",
)
_COUNTS = (
    scalar("begins", "u64", "begins of this gesture since start"),
    scalar("ends", "u64", "ends of this gesture since start"),
    scalar("begin_ns", "u64", "capture time of the newest begin: when the motion began"),
    scalar("end_ns", "u64", "capture time of the newest end: when the motion was over; 0 none"),
)

HEAD_HELD = Struct(
    "head_held",
    (
        scalar("phase", "u32", "0 none, 1 begin, 2 hold, 3 end"),
        _DIRECTION,
        _COUNT,
        _AMPLITUDE,
        _FREQUENCY,
        _ENDING,
        *_COUNTS,
    ),
    "One gesture of the head: the one that is held, else the newest.",
)

HEAD_STATE = Record(
    "head_state",
    (
        scalar("motion", "u32", "0 not known yet, 1 fixated: looks at one thing, still, 2 moving"),
        scalar("held", "u32", "bits, what is held: 1 nod, 2 shake, 4 tilt, 8 lean"),
        scalar("has_position", "u32", "1 when the position is tracked; else no lean is told"),
        scalar("reserved", "u32", "0"),
        scalar("fixations", "u64", "begins of `fixated` since start"),
        scalar("motion_ns", "u64", "capture time of the begin of `motion`; 0 none"),
        array("gestures", HEAD_HELD, len(HEAD_GESTURES), "nod, shake, tilt, lean"),
    ),
    "What the head does. Not valid while the head is not tracked.",
    id=26,
)

HEAD_GESTURE = Record(
    "head_gesture",
    (
        scalar("gesture", "u32", "1 nod, 2 shake, 3 tilt, 4 lean"),
        scalar("event", "u32", "1 begin, 2 end"),
        _DIRECTION,
        _COUNT,
        _AMPLITUDE,
        _FREQUENCY,
        _ENDING,
        scalar("reserved", "u32", "0"),
        *_COUNTS,
        text("name", 32, "of the gesture: nod, shake, tilt or lean"),
    ),
    "A gesture of the head began or ended.",
    id=27,
)
