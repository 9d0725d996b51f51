"""Records of the daemon about itself, and those that an app writes into its region."""

from __future__ import annotations

from sensorium.records.fields import Record, Struct, array, scalar, text

TARGETS = 1024

PROCESS = Struct(
    "process",
    (
        text("name", 16, "supervisor, capture, fast, slow or service"),
        scalar("pid", "u32", "0 while it does not run"),
        scalar("state", "u32", "health.OwnerState"),
        scalar("restarts", "u32", "since start"),
        scalar("reason", "u32", "health.Reason"),
        scalar("started_ns", "u64", "monotonic"),
        scalar("heartbeat_ns", "u64", "monotonic, newest"),
    ),
    "One process of the daemon.",
)

HEALTH = Record(
    "health",
    (
        scalar("started_ns", "u64", "when the daemon started, monotonic"),
        scalar("process_count", "u32", "valid entries in `processes`"),
        scalar("clients", "u32", "connections to control"),
        scalar("muted", "u32", "1 while the owner muted microphone and camera"),
        scalar("recording", "u32", "bits by grant class while a recording runs: 1 public, "
               "2 motion, 4 gaze, 8 audio, 16 transcript, 32 camera, 64 emotion"),
        scalar("recording_bytes", "u64", "written so far"),
        scalar("bad_app_records", "u64", "records of apps that were refused"),
        text("version", 16, "of the daemon"),
        array("processes", PROCESS, 8, "in start order"),
    ),
    "The daemon's own health, twice a second.",
    id=1,
)

SCENE_TARGET = Struct(
    "scene_target",
    (
        scalar("id", "u64", "the app's own; not 0, unique in the scene"),
        array("position", "f32", 3, "m, in the app's world"),
        array("half_extents", "f32", 3, "m; all 0: a sphere of `radius`"),
        array("orientation", "f32", 4, "unit quaternion xyzw of the box"),
        scalar("radius", "f32", "m, 0 with a box"),
        scalar("flags", "u32", "bits: 1 movable"),
        text("name", 32, "UTF-8"),
    ),
    "One thing in the app's scene.",
)

SCENE = Record(
    "scene",
    (
        array("world_position", "f32", 3, "m: stage = rotate(world * scale) + this"),
        array("world_orientation", "f32", 4, "unit quaternion xyzw, from world to stage"),
        scalar("world_scale", "f32", "> 0"),
        scalar("space_generation", "u32", "that the transform was made for"),
        scalar("count", "u32", "valid entries in `targets`, 0..1024"),
        array("targets", SCENE_TARGET, TARGETS, "in any order"),
    ),
    "The app's targets and its world's transform.",
    id=16,
)

FRAME_TIMING = Record(
    "frame_timing",
    (
        scalar("frame", "u64", "counts up"),
        scalar("begin_ns", "u64", "monotonic, frame begun"),
        scalar("end_ns", "u64", "monotonic, frame submitted"),
        scalar("display_ns", "u64", "predicted display time, monotonic; 0 unknown"),
        scalar("period_ns", "u64", "display period; 0 unknown"),
        scalar("cpu_ns", "u64", "CPU time of the frame; 0 unknown"),
        scalar("gpu_ns", "u64", "GPU time of the frame; 0 unknown"),
        scalar("missed", "u64", "missed frames since start"),
        scalar("source", "u32", "1 the app, 2 the OpenXR layer"),
        scalar("reserved", "u32", "0"),
    ),
    "One frame of an app.",
    id=17,
)
