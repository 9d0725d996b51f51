"""The bytes of a layer's file: the numpy side of runtime/layer/layout.h.

A header, a ring of frames and a ring of inputs, little endian. `_ns` are times of the monotonic
clock, `_time` of the runtime (XrTime), both ns; poses are as in `records.POSE` and `records.JOINT`.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from sensorium.records.sensors import JOINT as JOINT_RECORD
from sensorium.records.sensors import JOINTS
from sensorium.records.sensors import POSE as POSE_RECORD

MAGIC = 0x315259414C534E53
VERSION = 1
FRAME_SLOTS, INPUT_SLOTS = 256, 16

MODES = ("off", "timing", "thread")
CLOCK, HANDS, GAZE = 1, 2, 4
"""Bits of `extensions`: which the instance has; shifted by 8: which the layer added."""

TIME_ESTIMATED, ATTACHED, OWN_ACTIONS = 1, 2, 4
"""Bits of an input's `flags`."""

DISCARDED, UNMATCHED = 1, 2
"""Bits of a frame's `flags`."""

_PROFILE_BYTES = 96
_TEXT_BYTES = 128

HEADER = np.dtype([
    ("magic", "<u8"), ("version", "<u4"), ("header_size", "<u4"),
    ("frame_size", "<u4"), ("frame_slots", "<u4"), ("input_size", "<u4"), ("input_slots", "<u4"),
    ("total_size", "<u8"), ("pid", "<u4"), ("mode", "<u4"), ("started_ns", "<i8"),
    ("extensions", "<u4"), ("input_hz", "<u4"),
    ("frames", "<u8"), ("lost_frames", "<u8"), ("gap_frames", "<u8", 6),
    ("inputs", "<u8"), ("gap_inputs", "<u8", 7),
    ("clock_offset_ns", "<i8"), ("clock_known", "<u4"), ("ended", "<u4"), ("gap_clock", "<u8", 6),
    ("app", "S", _TEXT_BYTES), ("engine", "S", _TEXT_BYTES), ("runtime", "S", _TEXT_BYTES),
])  # fmt: skip

FRAME = np.dtype([
    ("seq", "<u8"), ("number", "<u8"),
    ("wait_ns", "<i8", 2), ("begin_ns", "<i8", 2), ("end_ns", "<i8", 2),
    ("display_time", "<i8"), ("period", "<i8"), ("end_display_time", "<i8"), ("layer_ns", "<i8"),
    ("wait_result", "<i4"), ("begin_result", "<i4"), ("end_result", "<i4"),
    ("should_render", "<u4"), ("layers", "<u4"), ("in_flight", "<u4"), ("flags", "<u4"),
    ("reserved", "<u4"),
])  # fmt: skip


class LayerFrame(NamedTuple):
    """A `FRAME` in plain numbers; of its pairs of times the second has `_done`."""

    seq: int
    number: int
    wait_ns: int
    wait_done_ns: int
    begin_ns: int
    begin_done_ns: int
    end_ns: int
    end_done_ns: int
    display_time: int
    period: int
    end_display_time: int
    layer_ns: int
    wait_result: int
    begin_result: int
    end_result: int
    should_render: int
    layers: int
    in_flight: int
    flags: int
    reserved: int


FRAME_ROW = struct.Struct("<2Q10q3i5I")
"""Of a `LayerFrame`: unpacked in a tenth of the time that numpy takes for the same fields."""

POSE = POSE_RECORD.dtype
JOINT = JOINT_RECORD.dtype

HAND = np.dtype([
    ("hand_active", "<u4"), ("controller_active", "<u4"), ("grip", POSE), ("aim", POSE),
    ("trigger", "<f4"), ("squeeze", "<f4"), ("stick", "<f4", 2), ("trackpad", "<f4", 2),
    ("pressed", "<u4"), ("touched", "<u4"), ("offered", "<u4"), ("from_app", "<u4"),
    ("profile", "S", _PROFILE_BYTES), ("joints", JOINT, JOINTS),
])  # fmt: skip

INPUT = np.dtype([
    ("seq", "<u8"), ("number", "<u8"), ("capture_ns", "<i8"), ("capture_time", "<i8"),
    ("cost_ns", "<i8"), ("frames", "<u8"), ("gaze_time", "<i8"),
    ("flags", "<u4"), ("space", "<u4"), ("space_generation", "<u4"), ("session_state", "<u4"),
    ("sync_result", "<i4"), ("reserved", "<u4"), ("head", POSE), ("gaze", POSE),
    ("hands", HAND, 2), ("gap", "<u4", 4),
])  # fmt: skip

FRAMES_AT = HEADER.itemsize
INPUTS_AT = FRAMES_AT + FRAME_SLOTS * FRAME.itemsize
TOTAL_SIZE = INPUTS_AT + INPUT_SLOTS * INPUT.itemsize

SIZES = {
    "header_size": HEADER.itemsize, "frame_size": FRAME.itemsize, "frame_slots": FRAME_SLOTS,
    "input_size": INPUT.itemsize, "input_slots": INPUT_SLOTS, "total_size": TOTAL_SIZE,
}
"""What a header of this version says of sizes."""
