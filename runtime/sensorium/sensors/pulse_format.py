"""How sound is asked of PulseAudio: its structs and numbers (`pulse/sample.h`, `pulse/def.h`)."""

from __future__ import annotations

import ctypes
from ctypes import c_int, c_uint8, c_uint32

RATE = 48_000
"""Hz, at which sound servers and nearly all hardware run."""
FLOAT32LE = 5
SERVER_CHOOSES = 0xFFFFFFFF


class SampleSpec(ctypes.Structure):
    """pa_sample_spec."""

    _fields_ = (("format", c_int), ("rate", c_uint32), ("channels", c_uint8))


class BufferAttr(ctypes.Structure):
    """pa_buffer_attr; sizes in bytes."""

    _fields_ = tuple(
        (name, c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize")
    )
