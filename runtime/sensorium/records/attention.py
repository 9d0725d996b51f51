"""Records of where the wearer looks and what the eyes do: private as gaze itself."""

from __future__ import annotations

from sensorium.records.fields import Record, array, scalar

_SPACE = (
    scalar("space", "u32", "1 STAGE, 2 LOCAL_FLOOR, 3 LOCAL; 0 unknown"),
    scalar("space_generation", "u32", "counts recentres of that space"),
)
_SOURCE = scalar("source", "u32", "1 the eyes, 2 the head's ray; 0 unknown")

EYE_MOVEMENT = Record(
    "eye_movement",
    (
        *_SPACE,
        _SOURCE,
        scalar("movement", "u32", "0 none or not known yet, 1 fixation, 2 saccade, 3 pursuit, "
               "4 blink; of the head's ray 0 or 1"),
        scalar("since_ns", "u64", "when `movement` began; may be before it could be told"),
        scalar("time_ns", "u64", "of the sample: when the eye was sampled where the runtime says, "
               "else capture_ns"),
        scalar("fixation", "u64", "number of the fixation since start; 0 while there is none"),
        array("origin", "f32", 3, "m; NaN where it is not known"),
        array("direction", "f32", 3, "unit vector in the world, filtered; NaN in a blink"),
        array("fixation_direction", "f32", 3, "mean of the fixation; NaN while there is none"),
        scalar("dispersion", "f32", "degrees, root mean square about that mean; NaN without"),
        scalar("speed", "f32", "deg/s, of gaze in the world, before the filter; NaN unknown"),
        scalar("eye_speed", "f32", "deg/s, of the eye in the head; NaN where not known"),
        scalar("head_speed", "f32", "deg/s, of the head's forward direction; NaN where not known"),
        scalar("vergence_depth", "f32", "m, where both eyes' rays meet; NaN where not known"),
        scalar("vergence_deviation", "f32", "m, its standard deviation by noise; NaN unknown"),
        scalar("compensated", "u32", "1: the head's motion was known, so that a turn of the head "
               "is no saccade"),
        scalar("fixations", "u64", "fixations that began since start"),
        scalar("saccades", "u64", "saccades that ended since start"),
        scalar("pursuits", "u64", "pursuits that began since start"),
        scalar("blinks", "u64", "blinks that ended since start"),
    ),
    "What gaze does now: filtered ray, eye movement, fixation, vergence.",
    id=28,
)

EYE_MOVEMENT_EVENT = Record(
    "eye_movement_event",
    (
        *_SPACE,
        _SOURCE,
        scalar("event", "u32", "1 fixation begins, 2 fixation ends, 3 saccade, 4 blink, 5 pursuit "
               "begins, 6 pursuit ends; saccades and blinks are told when they have ended"),
        scalar("begin_ns", "u64", "when it began, time of the samples"),
        scalar("end_ns", "u64", "when it ended; 0 while it lasts"),
        scalar("fixation", "u64", "number of the fixation; 0 for the others"),
        array("origin", "f32", 3, "m, at the event; NaN where it is not known"),
        array("direction", "f32", 3, "mean of a fixation, else at the end of what is told; NaN "
              "where not known"),
        array("begin_direction", "f32", 3, "where a saccade or pursuit began; NaN for others"),
        scalar("amplitude", "f32", "degrees, of a saccade or pursuit; NaN for others"),
        scalar("peak_speed", "f32", "deg/s between samples, of a saccade: too low at low rates; "
               "NaN for others"),
        scalar("dispersion", "f32", "degrees, of a fixation that ends; NaN for others"),
        scalar("evidence", "u32", "of a blink: 1 openness, 2 a gap in tracking; 0 for others"),
    ),
    "A fixation, saccade, smooth pursuit or blink begins or ends.",
    id=29,
)
