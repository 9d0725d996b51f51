"""The OpenXR sensor's loop: connect, poll at the display's rate, connect again."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from sensorium.errors import SensorError
from sensorium.health import Reason
from sensorium.sensors.openxr.options import OpenXROptions
from sensorium.sensors.openxr.runtime import BindingMissing, Runtime, connect
from sensorium.sensors.openxr.session import Session
from sensorium.sensors.openxr.timing import SECOND_NS, Pacer
from sensorium.sensors.openxr.tracking import Tracking
from sensorium.sensors.outlet import CHANNELS, REPUBLISH_NS, SESSION, outlets

if TYPE_CHECKING:
    from sensorium.sensors.sensor import SensorIO

_log = logging.getLogger(__name__)

_RETRY_S = (0.5, 1.0, 2.0, 5.0)
"""Pauses between attempts to reach a runtime; the last repeats."""
_RELOAD_S = 60.0
"""Pause before the binding is loaded again: a failed import takes half a second of a core."""


class OpenXR:
    """Head, hands, controllers and gaze of a headless OpenXR session; see `sensors.sensor`.

    Args:
        options: The table `[sensors.openxr]`.
        io: The process that it runs in.
    """

    Options = OpenXROptions
    WRITES = CHANNELS

    def __init__(self, options: OpenXROptions, io: SensorIO) -> None:
        self._options = options
        self._io = io
        self._sessions = 0
        self._generation = 0
        self._outlets = outlets(io, SESSION)

    def run(self) -> None:
        """Loops until the process stops. A runtime that is missing or dies is a state."""
        self._io.report("starting")
        attempt = 0
        while True:
            before = self._sessions
            try:
                self._connect_and_poll()
                return
            except SensorError as error:
                attempt = 0 if self._sessions > before else attempt + 1
                self._tell(error, attempt)
                pause = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                if isinstance(error, BindingMissing):
                    pause = _RELOAD_S
                if not self._idle(pause, Reason(error.reason)):
                    return

    def _connect_and_poll(self) -> None:
        """Returns when the process stops.

        Raises:
            SensorError: There is no runtime or headset, or it is gone.
        """
        runtime = connect()
        try:
            session = Session(runtime, self._options, self._generation)
            try:
                tracking = Tracking(runtime, session, self._options, self._outlets)
                self._sessions += 1
                self._poll(runtime, session, tracking)
            finally:
                self._generation = session.origin.generation + 1
                session.close()
        except runtime.xr.exception.XrException as error:
            raise SensorError(
                f"the OpenXR runtime refuses a call: {type(error).__name__}",
                "see the daemon's log", Reason.FAILED,
            ) from error
        finally:
            runtime.close()

    def _poll(self, runtime: Runtime, session: Session, tracking: Tracking) -> None:
        io = self._io
        pacer = Pacer(self._options.rate_hz, io.clock())
        state = ""
        while io.wait(0.0):
            remaining = pacer.remaining_s(io.clock())
            if remaining > 0:
                # At most one period; `io.wait` would cost twice as much to wake up from.
                time.sleep(remaining)
            now = io.clock()
            pacer.advance(now)
            tracking.poll(now, pacer.rate_hz)
            rate = session.rate_hz or self._options.rate_hz
            if rate != pacer.rate_hz:
                pacer.set_rate(rate)
            if session.state != state:
                state = session.state
                lacks = ", ".join(tracking.lacks)
                io.report(
                    "live" if session.running else "waiting",
                    f"{runtime.name}, {runtime.headset}, session {state}, {rate:g} Hz"
                    + (f"; not offered: {lacks}" if lacks else ""),
                )

    def _tell(self, error: SensorError, attempt: int) -> None:
        level = logging.INFO if attempt <= 1 else logging.DEBUG
        _log.log(level, "OpenXR: %s", error)
        self._io.report("missing", error.message, error.remedy)

    def _idle(self, seconds: float, reason: Reason) -> bool:
        """Waits, while all channels say why nothing is there."""
        end = self._io.clock() + round(seconds * SECOND_NS)
        while True:
            now = self._io.clock()
            for outlet in self._outlets.values():
                outlet.withhold(now, reason)
            if now >= end:
                return True
            if not self._io.wait(min(REPUBLISH_NS, end - now) / SECOND_NS):
                return False
