"""The service process: the local API, in one thread."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from sensorium import folders
from sensorium.errors import SensoriumError
from sensorium.inference.measured import MeasuredEngine
from sensorium.process.engines import engines
from sensorium.process.gate import EngineGate
from sensorium.process.obeying import Obeying
from sensorium.service.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.inference.engine import Engine
    from sensorium.process.orders import Orders
    from sensorium.process.outputs import Outputs
    from sensorium.process.sensing import Report
    from sensorium.sensors.sensor import Demand

_START_S = 10.0
_STOP_S = 2.0
_PATIENCE_NS = 5_000_000_000
"""How long a run of a caller may wait for its place in an app's frames."""
_log = logging.getLogger(__name__)


class Serving:
    """The local API of a daemon; see `child.Work`."""

    def __init__(
        self, orders: Orders, outputs: Outputs, report: Callable[[Report], None]
    ) -> None:
        self._report = report
        self._engines = engines(orders.threads, orders.gpu)
        self._obeying = Obeying(outputs, self._engines.give_way)
        self._gate = EngineGate(outputs, lambda: _PATIENCE_NS)
        self._server = Server(
            orders.service, folders.runtime_dir(), self._load, self._listens
        )
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="service", daemon=True)

    def start(self) -> None:
        """Starts it and waits until it listens, or cannot."""
        # Of each start and end it writes five lines, of which none names the daemon.
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        self._obeying.start()
        self._thread.start()
        self._begun.wait(_START_S)

    def stop(self) -> None:
        """Ends it."""
        self._server.stop()
        self._thread.join(_STOP_S)
        self._obeying.stop()
        self._engines.close()

    def demand(self, sensor: str, demand: Demand) -> None:
        """The service has no devices."""

    def set_gpu_budget(self, mib: int) -> None:
        """Passes it on."""
        self._engines.set_gpu_budget(mib)

    def figures(self) -> list[dict[str, Any]]:
        """The local API tells its engines itself."""
        return []

    def gate(self) -> dict[str, Any]:
        """How the engines that callers share give way to apps."""
        return {**self._gate.figures(), "senses": {}}

    def gpu_pid(self) -> int:
        """See `Work`."""
        return self._engines.gpu_pid

    def apps(self) -> list[dict[str, Any]]:
        """Sensors alone know of apps' frames."""
        return []

    def oldest_beat_ns(self) -> int:
        """When its loop last turned; 0 once it has ended by a fault."""
        return self._server.beat_ns if self._thread.is_alive() else 0

    def _load(self, name: str) -> Engine:
        """An engine whose runs go through the gate; the service measures the memory itself."""
        return MeasuredEngine(self._engines.load(name), None, self._gate)

    def _run(self) -> None:
        try:
            self._server.run()
        except SensoriumError as error:
            _log.error("%s", error)
            self._report(("service", "failed", error.message, error.remedy))
        except Exception:  # noqa: BLE001 - told, and the supervisor starts it anew
            _log.exception("the local API ended")
            self._report(("service", "failed", "an unexpected fault", "the daemon's log has it"))
        finally:
            self._begun.set()

    def _listens(self, where: str) -> None:
        _log.info("the local API listens at %s", where)
        self._report(("service", "live", where, ""))
        self._begun.set()
