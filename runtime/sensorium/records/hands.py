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

HAND_GESTURE = Record(
    "hand_gesture",
    (
        scalar("side", "u32", "1 left, 2 right"),
        scalar("event", "u32", "0 none; on channel hand_gesture_event: 1 a shape begins, 2 it "
               "ends, 3 a movement has ended"),
        scalar("action", "u32", "what the event, or on a state the newest movement, is: 0 none, "
               "1-4 pinch with index, middle, ring, little, 5 grab, 6 point, 7 thumb up, 8 thumb "
               "down, 9 swipe left, 10 right, 11 up, 12 down, 13 wave, 14 push, 15 pull, "
               "16 circle, 17 double pinch"),
        scalar("lost", "u32", "1: the shape ended since the hand was lost, not opened"),
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
        scalar("movement_begin_ns", "u64", "when the newest movement began; of one that is longer "
               "than 1.6 s no earlier than that before its end"),
        scalar("movement_end_ns", "u64", "when it had ended"),
        text("name", 32, "of `action`; empty for none"),
    ),
    "What one hand does: shapes with begin, hold and end; movements when they have ended.",
    id=24,
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
