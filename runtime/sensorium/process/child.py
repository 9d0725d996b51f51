"""A child process: maps what it is given, does its work, beats, and ends with its supervisor."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from typing import TYPE_CHECKING, Any, Protocol

from sensorium.channels.catalogue import CHANNELS, REGIONS
from sensorium.channels.region import Region, Waiters
from sensorium.clock import now_ns
from sensorium.control.link import Link
from sensorium.errors import ControlError
from sensorium.perception.sense import App
from sensorium.process import log_lines, priority, registry
from sensorium.process.orders import Orders
from sensorium.process.outputs import Outputs
from sensorium.sensors.sensor import Demand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.process.sensing import Report

_BEAT_S = 0.25
"""A twelfth of what the supervisor takes for a hang."""
_HANG_NS = 10_000_000_000
"""A worker that has not turned for this long hangs; the child then stops beating."""
_READY_S = 5.0
_TELL_NS = 500_000_000
"""How often a child that is not seen to beat says so."""
_FIGURES_NS = 2_000_000_000
"""How often what engines take is told, where that is news."""
_SWITCH_S = 0.0005
"""How long a thread may hold the interpreter while another waits for it."""


class Work(Protocol):
    """What a kind of child does, in threads of its own."""

    def __init__(
        self, orders: Orders, outputs: Outputs, report: Callable[[Report], None]
    ) -> None: ...

    def start(self) -> None:
        """Starts the threads."""
        ...

    def stop(self) -> None:
        """Ends them."""
        ...

    def demand(self, sensor: str, demand: Demand) -> None:
        """Passes on who needs a device."""
        ...

    def set_gpu_budget(self, mib: int) -> None:
        """Another budget of the GPU's memory; see `GpuOrders`."""
        ...

    def figures(self) -> list[dict[str, Any]]:
        """What its engines are and take, as JSON values."""
        ...

    def gate(self) -> dict[str, Any]:
        """How it gives way to apps, as JSON values; empty: it has no engines."""
        ...

    def gpu_pid(self) -> int:
        """The process that it started on the GPU; 0: none."""
        ...

    def apps(self) -> list[dict[str, Any]]:
        """What the frames of other apps are like, as JSON values; see `SensorIO.tell_apps`."""
        ...

    def oldest_beat_ns(self) -> int:
        """When the slowest worker last turned."""
        ...


WORK: dict[str, str] = {
    "capture": "sensorium.process.capture:Capture",
    "fast": "sensorium.process.inference:Inference",
    "slow": "sensorium.process.inference:Inference",
    "stepped": "sensorium.process.stepped:Stepped",
    "service": "sensorium.process.serving:Serving",
    "bridges": "sensorium.process.bridging:Bridging",
}
"""Each kind of child imports what it does alone."""


class Worker:
    """The main loop of a child, and its talk with the supervisor."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._outputs: Outputs | None = None
        self._work: Work | None = None
        self._running = False
        self._seen = True
        self._told_ns = 0
        self._figures: dict[str, Any] = {}
        self._figures_ns = 0
        self._apps: list[dict[str, Any]] = []

    def run(self) -> None:
        """Loops until the supervisor says stop or is gone."""
        try:
            while True:
                message = self._link.receive(_BEAT_S)
                if message is not None and not self._take(*message):
                    return
                self._beat()
        except ControlError:
            logging.getLogger(__name__).info("the supervisor is gone")
        finally:
            if self._work is not None and self._running:
                self._work.stop()

    def _take(self, message: dict[str, Any], handles: Sequence[int]) -> bool:
        operation = message["op"]
        if operation == "orders":
            self._prepare(Orders.read(message))
        elif operation == "map" and self._outputs is not None:
            region = Region.map_fd(handles[0], writable=message["writable"])
            self._outputs.map(region, Waiters.map_fd(handles[1]))
        elif operation == "app" and self._outputs is not None:
            app = App(message["session"], message["app"], message["since_ns"])
            self._outputs.apps.add(app, handles, self._outputs.clock)
        elif operation == "app_gone" and self._outputs is not None:
            self._outputs.apps.remove(message["session"])
        elif operation == "go" and self._work is not None:
            self._work.start()
            self._running = True
            self._beat()
            self._link.send({"op": "ready"}, timeout_s=_READY_S)
        elif operation == "demand" and self._work is not None:
            self._work.demand(
                message["sensor"], Demand(message["users"], message["muted"])
            )
        elif operation == "gpu_budget" and self._work is not None:
            self._work.set_gpu_budget(message["mib"])
        return bool(operation != "stop")

    def _prepare(self, orders: Orders) -> None:
        log_lines.begin(orders.kind, orders.log_level, orders.log_format)
        sys.setswitchinterval(_SWITCH_S)
        if orders.kind != "capture":
            priority.lower_process(orders.nice, orders.affinity)
        work: type[Work] = registry.load(WORK[orders.kind])
        self._outputs = Outputs(orders.writes, now_ns)
        # A child that writes to single apps alone beats in no region of the daemon's.
        self._seen = any(CHANNELS[name].region in REGIONS for name in orders.writes)
        self._work = work(orders, self._outputs, self._report)
        gc.collect()
        gc.freeze()

    def _report(self, report: Report) -> None:
        name, state, detail, remedy = report
        self._link.send(
            {"op": "report", "name": name, "state": state, "detail": detail, "remedy": remedy}
        )

    def _tell_apps(self, work: Work) -> None:
        apps = work.apps()
        if apps != self._apps and self._link.send({"op": "apps", "apps": apps}, timeout_s=0):
            self._apps = apps

    def _beat(self) -> None:
        if self._running and self._work is not None and self._outputs is not None:
            now = now_ns()
            if now - self._work.oldest_beat_ns() < _HANG_NS:
                self._outputs.heartbeat(now)
                if not self._seen and now - self._told_ns > _TELL_NS:
                    self._told_ns = now
                    self._link.send({"op": "beat"}, timeout_s=0)
            self._tell_apps(self._work)
            if now - self._figures_ns > _FIGURES_NS:
                self._figures_ns = now
                figures = {
                    "engines": self._work.figures(), "gate": self._work.gate(),
                    "gpu_pid": self._work.gpu_pid(),
                }
                if figures != self._figures and self._link.send(
                    {"op": "engines", **figures}, timeout_s=0
                ):
                    self._figures = figures


def main(arguments: Sequence[str]) -> int:
    """Runs a child on the link whose handle is the one argument."""
    # Signals to a whole group or service reach this process, too: the supervisor alone decides
    # what they mean, and the end of its link ends this process.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    priority.die_with_parent()
    link = Link.inherit(int(arguments[0]))
    Worker(link).run()
    link.close()
    return 0
