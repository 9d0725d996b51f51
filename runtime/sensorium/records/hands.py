"""Records of what hands do: shapes and movements, and the ray of a hand that points."""

from __future__ import annotations

from sensorium.records.fields import Record, array, scalar, text

SHAPES = (
    "pinch_index", "pinch_middle", "pinch_ring", "pinch_little", "grab", "point", "thumb_up",
    "thumb_down",
)
"""What a hand is seen to hold, by geometry, in the order of a record's arrays."""
MOVEMENTS = (
    "swipe_left", "swipe_right", "swipe_up", "swipe_down", "wave", "push", "pull", "circle",
)
"""What a hand is seen to have done, by the engine, in its labels' order."""
DOUBLE_PINCH = "double_pinch"
"""The one movement that is counted, not learned: the thumb and index touch twice."""
ACTIONS = ("", *SHAPES, *MOVEMENTS, DOUBLE_PINCH)
"""What `action` counts: 0 none."""
OWN = len(ACTIONS)
"""Value of `action` for a gesture of the wearer's own, whose name and id stand beside it."""
OWN_NAME = 32
"""Bytes of its name, the closing NUL included."""

HAND_GESTURE = Record(
    "hand_gesture",
    (
        scalar("side", "u32", "1 left, 2 right"),
        scalar("event", "u32", "0 none; on channel hand_gesture_event: 1 a shape begins, 2 it "
               "ends, 3 a movement has ended"),
        scalar("action", "u32", "what the event, or on a state the newest movement, is: 0 none, "
               "1-4 pinch with index, middle, ring, little, 5 grab, 6 point, 7 thumb up, 8 thumb "
               "down, 9 swipe left, 10 right, 11 up, 12 down, 13 wave, 14 push, 15 pull, "
               "16 circle, 17 double pinch, 18 one of the wearer's own: see `own`"),
        scalar("lost", "u32", "1: it ended since the hand was lost, or the own gesture deleted"),
        scalar("held", "u32", "bits, 1 << index: the shapes that are held"),
        scalar("runtime", "u32", "bits, 1 << index: scores that are the OpenXR runtime's own"),
        scalar("movements_judged", "u32", "1 while movements can be told: hand and head are seen"),
        scalar("chance", "f32", "0..1, of `action`"),
        array("scores", "f32", 8, "0..1 of each shape, before hysteresis"),
        array("phases", "u32", 8, "of each shape: 0 none, 1 begin, 2 hold, 3 end"),
        array("begins", "u64", 8, "of each shape, since start, of this hand"),
        array("ends", "u64", 8, "of each shape, since start, of this hand"),
        array("begin_ns", "u64", 8, "capture time of each shape's newest begin"),
        array("end_ns", "u64", 8, "capture time of each shape's newest end"),
        scalar("movements", "u64", "movements since start, of this hand"),
        scalar("movement_begin_ns", "u64", "when the newest movement began, no earlier than 1.6 s "
               "before its end; of one of the wearer's own up to 16 s before it"),
        scalar("movement_end_ns", "u64", "when it had ended"),
        text("name", 32, "of `action`; empty for none"),
        scalar("own", "u32", "id of a gesture that the wearer has enrolled: on a state the one "
               "that is held, on an event the one that begins, ends or was moved; 0 none"),
        scalar("own_phase", "u32", "of the one that is held: 0 none, 1 begin, 2 hold, 3 end"),
        scalar("own_score", "f32", "0..1, of the own gesture that the hand is nearest to, before "
               "hysteresis: 1 its mean, 0.7 where it is told from all else"),
        scalar("own_known", "u32", "own gestures that can be told now"),
        scalar("own_begins", "u64", "of own gestures, since start, of this hand"),
        scalar("own_ends", "u64", "of own gestures, since start, of this hand"),
        scalar("own_begin_ns", "u64", "capture time of the newest begin"),
        scalar("own_end_ns", "u64", "capture time of the newest end"),
        text("own_name", OWN_NAME, "as the wearer called `own`; empty for none"),
    ),
    "What one hand does: shapes with begin, hold and end; movements when they have ended.",
    id=24,
    minor=1,
)

RAY = Record(
    "ray",
    (
        scalar("space", "u32", "1 STAGE, 2 LOCAL_FLOOR, 3 LOCAL; 0 unknown"),
        scalar("space_generation", "u32", "counts recentres of that space"),
        scalar("side", "u32", "1 left, 2 right"),
        scalar("source", "u32", "1 the index finger, knuckle to tip; 2 the runtime's aim pose"),
        array("origin", "f32", 3, "m"),
        scalar("pointing", "u32", "1 while the shape point is held"),
        array("direction", "f32", 3, "unit vector"),
        scalar("reserved", "u32", "0"),
    ),
    "Where one hand points. Not valid (INACTIVE) while it does not.",
    id=25,
)
