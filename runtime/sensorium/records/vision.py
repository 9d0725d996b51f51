"""Records of pictures, of the camera, and of what senses see in pictures: classes and faces."""

from __future__ import annotations

from sensorium.records.fields import Record, Struct, array, scalar, text

PICTURE_BYTES = 640 * 480 * 3
"""Room for the pixels of one picture."""
SHAPES = 52
"""Blendshapes of a face."""
FACES = 4
"""Faces in one record."""
GUESSES = 5
"""Classes in one record."""

PICTURE = Record(
    "picture",
    (
        scalar("sequence", "u64", "counts pictures; an app may count as it likes"),
        scalar("width", "u32", "pixels, 16..4096"),
        scalar("height", "u32", "pixels, 16..4096"),
        scalar("format", "u32", "1 RGB, 2 RGBA (alpha is not looked at); 8 bits each"),
        scalar("source", "u32", "1 the camera, 2 an app, 3 a replay; 0 unknown"),
        array("pixels", "u8", PICTURE_BYTES, "row by row from the upper left, without gaps; valid "
              "are width * height * 3 (RGB) or 4 (RGBA) bytes"),
    ),
    "One picture.",
    id=32,
)

CAMERA = Record(
    "camera",
    (
        scalar("state", "u32", "1 open, 2 closed, 3 muted (and closed), 4 denied, 5 missing, "
               "6 being opened, 7 being closed: its driver holds it still, no picture gets out"),
        scalar("users", "u32", "bits, who needs it: 1 a sense, 2 an app, 4 a recording"),
        scalar("width", "u32", "pixels of what is published; 0 unless open"),
        scalar("height", "u32", "pixels"),
        scalar("openings", "u32", "how often it was opened"),
        scalar("reserved", "u32", "0"),
        scalar("pictures", "u64", "published so far"),
        scalar("changed_ns", "u64", "when `state` last changed"),
        text("device", 128, "name of the device or file; empty while closed"),
    ),
    "Whether the camera is open, and why.",
    id=33,
)

GUESS = Struct(
    "guess",
    (
        scalar("label", "u32", "class index"),
        scalar("score", "f32", "0..1; all classes together give 1"),
        text("name", 64, "class name"),
    ),
    "One class that a picture may show.",
)

IMAGE_CLASS = Record(
    "image_class",
    (
        scalar("frame", "u64", "`sequence` of the picture"),
        scalar("width", "u32", "pixels"),
        scalar("height", "u32", "pixels"),
        scalar("count", "u32", "valid entries in `guesses`"),
        scalar("reserved", "u32", "0"),
        array("guesses", GUESS, GUESSES, "best first"),
    ),
    "What the middle of a picture shows.",
    id=34,
)

FACE = Struct(
    "face",
    (
        array("box", "f32", 4, "x0 y0 x1 y1, 0..1 of the image; of the landmarks"),
        array("keypoints", "f32", 12, "x and y, 0..1 of the image: right eye, left eye, tip of the "
              "nose, mouth, right ear, left ear; right is the person's own"),
        scalar("score", "f32", "0..1, that it is a face"),
        scalar("reserved", "u32", "0"),
        scalar("track", "u64", "the same while the face stays in sight; says nothing of who it is"),
        array("blendshapes", "f32", SHAPES, "0..1, in the order of the labels of the engine "
              "face-blendshapes (ARKit's names by alphabet); the first is not used"),
    ),
    "One face in a picture.",
)

FACES_SEEN = Record(
    "faces",
    (
        scalar("frame", "u64", "`sequence` of the picture"),
        scalar("width", "u32", "pixels"),
        scalar("height", "u32", "pixels"),
        scalar("count", "u32", "valid entries in `faces`"),
        scalar("reserved", "u32", "0"),
        array("faces", FACE, FACES, "who is longest in sight first"),
    ),
    "Faces seen in a picture: where they are and how they move, never whose they are.",
    id=35,
)
