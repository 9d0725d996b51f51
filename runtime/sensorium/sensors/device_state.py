"""What a device is that is open only while somebody needs it: a microphone, a camera."""

from __future__ import annotations

from enum import IntEnum

from sensorium.health import Reason

RETRY_S = (0.5, 1.0, 2.0, 4.0)
"""Waits before a device is looked for again; the last repeats."""


class State(IntEnum):
    """What a device is; `state` of the records `microphone` and `camera`.

    Only a camera says that it is being opened or closed, which may take its driver seconds.
    """

    OPEN = 1
    CLOSED = 2
    MUTED = 3
    DENIED = 4
    MISSING = 5
    OPENING = 6
    CLOSING = 7


REASONS = {
    State.CLOSED: Reason.CLOSED,
    State.MUTED: Reason.MUTED,
    State.DENIED: Reason.DENIED,
    State.MISSING: Reason.DEVICE_MISSING,
    State.OPENING: Reason.STARTING,
    State.CLOSING: Reason.CLOSING,
}
"""Why a device that is not open gives nothing."""
