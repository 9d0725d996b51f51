"""Waits for what somebody says: each utterance that ends, with its sound, from a running daemon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.status import Status
from sensorium.channels.wait import wait_any
from sensorium.cli.attached import Attached
from sensorium.clock import now_ns
from sensorium.errors import EnrolmentError
from sensorium.health import Reason
from sensorium.perception.ended import spoken
from sensorium.perception.sense import Sample
from sensorium.process.rings import ChannelRings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SILENT_S = 60.0
"""So long without an utterance means that something is wrong."""
_WAIT_S = 0.2


class Listening(Attached):
    """A connection that reads `audio` and `utterance`; the microphone is open while it lasts.

    Args:
        app: The name under which the sound is asked for.

    Raises:
        DeniedError: There is no grant; the remedy is the command that gives it.
        ControlError: No daemon is running.
    """

    def __init__(self, app: str) -> None:
        super().__init__(app, "audio", "public")
        self._rings = ChannelRings(self._regions)

    def utterance(self) -> NDArray[np.float32]:
        """The next thing that is said from now on: [samples], 16 kHz, with silence around it.

        Raises:
            EnrolmentError: Nothing was heard for long, or the daemon withdrew the sound.
        """
        region, page = self._mapped("public")
        cursor = Cursor(region, "utterance")
        end = time.monotonic() + SILENT_S
        while time.monotonic() < end:
            wait_any([(cursor, cursor.wanted - 1)], [page], _WAIT_S)
            status = cursor.next(now_ns())
            if status in (Status.CLOSED, Status.DENIED):
                raise EnrolmentError("the daemon closed the channel utterance", "enrol again")
            if status != Status.NEW:
                continue
            sample = cursor.sample
            found = spoken(
                Sample(sample.view(CHANNELS["utterance"].record), sample.capture_ns, True,
                       Reason.NONE, sample.n),
                self._rings,
            )
            if found is not None and found.sound is not None:
                return found.sound
        raise EnrolmentError(
            f"nothing was heard for {SILENT_S:.0f} s",
            "speak louder; the daemon needs [sensors.microphone] and [senses.voice_activity]: "
            "see sensorium doctor",
        )
