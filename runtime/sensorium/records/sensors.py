"""Records that sensors write: head, hands, controllers, gaze, sound, the microphone's state.

Poses: OpenXR conventions, right-handed, y up, metres, quaternions xyzw, in the space that
`space` names (a later recentre raises `space_generation`).
"""

from __future__ import annotations

from sensorium.records.fields import Record, Struct, array, scalar, text

JOINTS = 26
"""Joints of a hand: OpenXR's XR_HAND_JOINT_COUNT_EXT, in its order (palm, wrist, thumb ...)."""

AUDIO_BLOCK = 512
"""Samples in an audio block: 32 ms at 16 kHz."""

POSE_FLAGS = (
    "bits: 1 orientation valid, 2 position valid, 4 orientation tracked, 8 position tracked, "
    "16 linear velocity valid, 32 angular velocity valid"
)
_SPACE = (
    scalar("space", "u32", "1 STAGE, 2 LOCAL_FLOOR, 3 LOCAL; 0 unknown"),
    scalar("space_generation", "u32", "counts recentres of that space"),
)
_GIVERS = "1 OpenXR session, 2 OpenXR layer in an app, 3 replay; 0 unknown"
_SOURCE = scalar("source", "u32", _GIVERS)

POSE = Struct(
    "pose",
    (
        array("position", "f32", 3, "m"),
        array("orientation", "f32", 4, "unit quaternion xyzw"),
        array("linear_velocity", "f32", 3, "m/s"),
        array("angular_velocity", "f32", 3, "rad/s"),
        scalar("flags", "u32", POSE_FLAGS),
    ),
    "A pose with its velocities and what of it is valid.",
)

JOINT = Struct(
    "joint",
    (
        array("position", "f32", 3, "m"),
        array("orientation", "f32", 4, "unit quaternion xyzw"),
        scalar("radius", "f32", "m"),
        array("linear_velocity", "f32", 3, "m/s"),
        array("angular_velocity", "f32", 3, "rad/s"),
        scalar("flags", "u32", POSE_FLAGS),
    ),
    "One joint of a hand.",
)

HEAD = Record(
    "head",
    (*_SPACE, _SOURCE, scalar("reserved", "u32", "0"), array("pose", POSE, 1, "the head")),
    "Pose of the head (OpenXR VIEW space).",
    id=2,
)

HAND = Record(
    "hand",
    (
        *_SPACE,
        _SOURCE,
        scalar("side", "u32", "1 left, 2 right"),
        array("joints", JOINT, JOINTS, "in OpenXR's order"),
    ),
    "The 26 joints of one hand. Not valid (INACTIVE) while the hand is not tracked.",
    id=3,
)

CONTROLLER = Record(
    "controller",
    (
        *_SPACE,
        _SOURCE,
        scalar("side", "u32", "1 left, 2 right"),
        array("grip", POSE, 1, "the held object"),
        array("aim", POSE, 1, "the pointing ray: origin, -z forward"),
        scalar("trigger", "f32", "0..1"),
        scalar("squeeze", "f32", "0..1"),
        array("stick", "f32", 2, "x right, y up, -1..1"),
        array("trackpad", "f32", 2, "x right, y up, -1..1"),
        scalar("pressed", "u32", "bits: 1 trigger, 2 squeeze, 4 stick, 8 trackpad, 16 primary "
               "(A or X), 32 secondary (B or Y), 64 menu, 128 system"),
        scalar("touched", "u32", "the same bits, for touch"),
        scalar("offered", "u32", "the same bits: which buttons the device has"),
        text("profile", 96, "OpenXR interaction profile path"),
    ),
    "Poses and buttons of one controller.",
    id=4,
)

EYE = Struct(
    "eye",
    (
        array("origin", "f32", 3, "m"),
        array("direction", "f32", 3, "unit vector"),
        scalar("openness", "f32", "0 closed..1 open; NaN where the source gives none"),
        scalar("flags", "u32", "bits: 1 valid, 2 openness given"),
    ),
    "One eye, where the source gives both.",
)

GAZE = Record(
    "gaze",
    (
        *_SPACE,
        scalar("source", "u32", "1 eye gaze, 2 the head's ray; 0 unknown"),
        scalar("flags", "u32", POSE_FLAGS),
        array("origin", "f32", 3, "m"),
        array("direction", "f32", 3, "unit vector"),
        array("orientation", "f32", 4, "unit quaternion xyzw, -z is the direction"),
        scalar("sample_ns", "u64", "when the eye was sampled, where the runtime says; else 0"),
        array("eyes", EYE, 2, "left, right"),
        scalar("given_by", "u32", _GIVERS),
    ),
    "Where the wearer looks.",
    id=5,
    minor=1,
)

AUDIO = Record(
    "audio",
    (
        scalar("first_sample", "u64", "index of samples[0] since the microphone opened"),
        scalar("lost_samples", "u64", "samples at 16 kHz lost so far (gaps)"),
        scalar("sample_rate", "u32", "Hz, always 16000"),
        scalar("count", "u32", "valid samples, always 512"),
        scalar("gap", "u32", "1 when samples were lost right before this block"),
        scalar("session", "u32", "counts openings of the microphone; a change resets streams"),
        scalar("peak", "f32", "largest absolute sample, 0..1"),
        scalar("rms", "f32", "root mean square, 0..1"),
        array("samples", "f32", AUDIO_BLOCK, "mono, -1..1"),
    ),
    "32 ms of sound. capture_ns is the time of its last sample.",
    id=6,
)

MICROPHONE = Record(
    "microphone",
    (
        scalar("state", "u32", "1 open, 2 closed, 3 muted, 4 denied, 5 missing"),
        scalar("users", "u32", "bits, who needs it: 1 a sense, 2 an app, 4 a recording"),
        scalar("native_rate", "u32", "Hz of the device; 0 while closed"),
        scalar("openings", "u32", "how often it was opened"),
        scalar("lost_samples", "u64", "samples at 16 kHz lost so far"),
        scalar("changed_ns", "u64", "when `state` last changed"),
        text("device", 128, "name of the device"),
    ),
    "Whether the microphone is open, and why.",
    id=7,
)
