"""The states and reasons that a channel, a sensor and a sense can be in.

Failure never becomes a plausible value: what cannot run says so with one of these reasons.
"""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """Why a record or a channel is not valid. Values are part of the layout: append only."""

    NONE = 0
    STARTING = 1
    """Its process has started, nothing was measured yet."""
    INACTIVE = 2
    """The source is there and sees nothing (a hand out of view, a gaze lost)."""
    OWNER_LOST = 3
    """The process that writes it died or hangs; it is being restarted."""
    NOT_CONFIGURED = 4
    """No enabled sensor or sense writes it."""
    DENIED = 5
    """The owner of the PC has not granted it."""
    MUTED = 6
    """The owner muted microphone and camera."""
    CLOSED = 7
    """Nobody needs it, so its device is closed."""
    RUNTIME_MISSING = 8
    """No OpenXR runtime answers."""
    DEVICE_MISSING = 9
    """The microphone, headset or camera is not there."""
    NOT_OFFERED = 10
    """The runtime or device does not offer it (an extension is missing)."""
    ENGINE_MISSING = 11
    """The engine was not built or installed."""
    ENGINE_FAILED = 12
    """The engine is there and failed."""
    INPUT_LOST = 13
    """The channel that it is made from is stale or invalid."""
    STOPPED = 14
    """The daemon was stopped cleanly."""
    NOT_IMPLEMENTED = 15
    """Reserved in the layout; this version has no sense that fills it."""
    FAILED = 16
    """An unexpected fault; the log has it."""
    CLOSING = 17
    """Its device is being closed: its driver holds it still, and nothing gets out."""


def reason_words(reason: int) -> str:
    """A `Reason` in words: `engine missing`."""
    try:
        return Reason(reason).name.replace("_", " ").lower()
    except ValueError:
        return f"reason {reason}"


class OwnerState(IntEnum):
    """What the supervisor says of a channel's owner."""

    VACANT = 0
    STARTING = 1
    LIVE = 2
    LOST = 3
    STOPPED = 4


class RegionState(IntEnum):
    """What the supervisor says of a whole region."""

    LIVE = 1
    REPLACED = 2
    """A newer generation exists: connect again."""
    REVOKED = 3
    """The grant was withdrawn."""
    CLOSED = 4
    """The daemon stopped cleanly."""


class Precision(IntEnum):
    """The arithmetic that a result was computed with."""

    NONE = 0
    FP32 = 1
    FP16 = 2
    INT8 = 3
    GEOMETRY = 4


class Device(IntEnum):
    """Where a result was computed."""

    NONE = 0
    CPU = 1
    GPU = 2
    RUNTIME = 3
    """The headset's own runtime or driver."""
