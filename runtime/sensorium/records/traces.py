"""Records of the last seconds, for what is understood later: speech lags gaze and hands."""

from __future__ import annotations

from sensorium.records.fields import Record, Struct, array, scalar
from sensorium.records.senses import RANKED

TRACED_RAY = Struct(
    "traced_ray",
    (
        scalar("kind", "u32", "0 none, 1 the eyes, 2 the head, 3 a finger that points, 4 a "
               "controller's aim"),
        array("origin", "f32", 3, "m"),
        array("direction", "f32", 3, "unit vector"),
        scalar("reserved", "u32", "0"),
    ),
    "One ray of a moment.",
)

TARGET_TRACE = Record(
    "target_trace",
    (
        array("looked_at", RANKED, 1, "by gaze"),
        array("pointed_at", RANKED, 2, "by the left, the right hand"),
        array("grabbed", RANKED, 2, "by the left, the right hand"),
        array("nothing", "f32", 5, "probabilities of no target: looked at, pointed at by the left, "
              "the right hand, grabbed by the left, the right hand"),
        scalar("looked_source", "u32", "1 eye gaze, 2 the head's ray; 0 none"),
        scalar("hands", "u32", "bits, as in `target`: 1 the left points, 2 the right; 4 the left "
               "grips, 8 the right"),
        scalar("reserved", "u32", "0"),
    ),
    "A record of `target`, kept for 12 s: one in 50 ms.",
    id=30,
)

RAY_TRACE = Record(
    "ray_trace",
    (
        scalar("space", "u32", "1 STAGE, 2 LOCAL_FLOOR, 3 LOCAL; 0 unknown"),
        scalar("space_generation", "u32", "counts recentres of that space"),
        array("rays", TRACED_RAY, 3, "on ray_trace: the head's, the left, the right hand's; on "
              "gaze_trace: the eyes'"),
    ),
    "Rays, kept for 12 s: one moment in 50 ms; of the eyes each sample, one in 7.5 ms at most.",
    id=31,
)
