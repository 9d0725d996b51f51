"""A sensor's thread: what it may use of its process, and its restart when it fails."""

from __future__ import annotations

import gc
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.health import Device, Reason
from sensorium.process import priority
from sensorium.process.silence import Silence
from sensorium.sensors.sensor import Demand

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.process.choice import Side
    from sensorium.process.outputs import Outputs
    from sensorium.process.registry import Part

_log = logging.getLogger(__name__)
_NAN = float("nan")
_RETRY_S = (0.5, 1.0, 2.0, 5.0)

Report = tuple[str, str, str, str]
"""Name, state, detail, remedy."""


class SensorThread:
    """Runs one sensor; is its `SensorIO`.

    Args:
        part: The sensor.
        outputs: The process's regions.
        report: Where it says how it is.
        sink: Where it publishes; None: to `outputs`.

    Attributes:
        beat_ns: When the sensor last used its IO: shows that it does not hang.
        apps: What the frames of other apps are like, as the sensor told last.
    """

    def __init__(
        self, part: Part, outputs: Outputs, report: Callable[[Report], None],
        sink: Outputs | Side | None = None,
    ) -> None:
        self.part = part
        self.clock = now_ns
        self.raised = priority.Raised
        self.silent = Silence(outputs)
        self.beat_ns = now_ns()
        self.apps: list[dict[str, Any]] = []
        self._sink = sink or outputs
        self._report = report
        self._demand = Demand()
        self._wake = threading.Condition()
        self._changed = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=part.name, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Asks the sensor to end and waits for it at most `timeout_s`."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join(timeout_s)

    def set_demand(self, demand: Demand) -> None:
        """Says who needs the device now."""
        with self._wake:
            if demand != self._demand:
                self._demand = demand
                self._changed = True
                self._wake.notify_all()

    def publish(
        self,
        channel: str,
        record: NDArray[np.void] | None,
        capture_ns: int,
        *,
        valid: bool = True,
        reason: Reason = Reason.NONE,
        confidence: float = _NAN,
        device: Device = Device.RUNTIME,
    ) -> None:
        """See `SensorIO.publish`."""
        self.beat_ns = now_ns()
        self._sink.publish(
            channel, record, capture_ns, valid=valid, reason=reason, confidence=confidence,
            device=device,
        )

    def demand(self) -> Demand:
        """See `SensorIO.demand`."""
        return self._demand

    def tell_apps(self, apps: list[dict[str, Any]]) -> None:
        """See `SensorIO.tell_apps`."""
        self.apps = apps

    def wait(self, seconds: float) -> bool:
        """See `SensorIO.wait`."""
        self.beat_ns = now_ns()
        if seconds <= 0 and not self._changed:
            return not self._stopping
        with self._wake:
            if not self._stopping and not self._changed and seconds > 0:
                self._wake.wait(seconds)
            self._changed = False
            return not self._stopping

    def report(self, state: str, detail: str = "", remedy: str = "") -> None:
        """See `SensorIO.report`."""
        self._report((self.part.name, state, detail, remedy))

    def _run(self) -> None:
        granted = priority.raise_thread()
        _log.debug("sensor %s: priority %s", self.part.name, granted)
        attempt = 0
        while True:
            started = time.monotonic()
            try:
                self.part.kind(self.part.options, self).run()
                return
            except Exception as error:  # noqa: BLE001 - one sensor's fault must not end the others
                _log.exception("sensor %s failed", self.part.name)
                self._sink.refuse(self.part.writes, Reason.FAILED)
                self.apps = []
                self.report("failed", f"{type(error).__name__}: {error}", "see the daemon's log")
            gc.collect()
            attempt = 0 if time.monotonic() - started > 60 else attempt + 1
            if not self._pause(_RETRY_S[min(attempt, len(_RETRY_S) - 1)]):
                return

    def _pause(self, seconds: float) -> bool:
        """Waits before the next attempt; its channels stay invalid, not silent."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.wait(0.1):
                return False
            self._sink.refuse(self.part.writes, Reason.FAILED)
        return True
