"""The process of the bridges: one loop in a thread, in which each is begun anew when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from sensorium import folders
from sensorium.bridges.bridge import Host
from sensorium.clock import now_ns
from sensorium.errors import SensoriumError
from sensorium.inference import measured
from sensorium.process.engines import engines
from sensorium.process.obeying import Obeying

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.inference.measured import MeasuredEngine
    from sensorium.process.orders import Orders
    from sensorium.process.outputs import Outputs
    from sensorium.process.registry import Part
    from sensorium.process.sensing import Report
    from sensorium.sensors.sensor import Demand

_BEAT_S = 0.5
_AGAIN_S = (1.0, 2.0, 5.0, 15.0)
_STEADY_S = 60.0
_STOP_S = 2.0
_log = logging.getLogger(__name__)


class Bridging:
    """All bridges of a daemon; see `child.Work`."""

    def __init__(
        self, orders: Orders, outputs: Outputs, report: Callable[[Report], None]
    ) -> None:
        self._parts = orders.bridge_parts()
        self._report = report
        self._engines = engines(orders.threads, orders.gpu)
        self._obeying = Obeying(outputs, self._engines.give_way)
        self._loaded: list[tuple[str, MeasuredEngine]] = []
        self._beat_ns = now_ns()
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="bridges", daemon=True)

    def start(self) -> None:
        """Starts them."""
        self._obeying.start()
        self._thread.start()

    def stop(self) -> None:
        """Ends them."""
        # The loop may have ended by a fault.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(_STOP_S)
        self._obeying.stop()
        self._engines.close()

    def demand(self, sensor: str, demand: Demand) -> None:
        """Bridges have no devices."""

    def set_gpu_budget(self, mib: int) -> None:
        """Passes it on."""
        self._engines.set_gpu_budget(mib)

    def figures(self) -> list[dict[str, Any]]:
        """What the bridges' engines are and take, each under its bridge's name."""
        return [
            {"sense": bridge, **engine.figures()}
            for bridge, engine in tuple(self._loaded)
        ]

    def gate(self) -> dict[str, Any]:
        """Bridges use few."""
        return {}

    def gpu_pid(self) -> int:
        """See `Work`."""
        return self._engines.gpu_pid

    def apps(self) -> list[dict[str, Any]]:
        """Sensors alone know of apps' frames."""
        return []

    def oldest_beat_ns(self) -> int:
        """When the loop last turned; 0 once it has ended by a fault."""
        return self._beat_ns if self._thread.is_alive() else 0

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        tasks = [
            asyncio.create_task(self._beat()),
            *(asyncio.create_task(self._keep(part)) for part in self._parts),
        ]
        await self._stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            self._beat_ns = now_ns()
            await asyncio.sleep(_BEAT_S)

    async def _keep(self, part: Part) -> None:
        """Runs one bridge, again and again: the others go on meanwhile."""
        host = Host(
            part.name, folders.runtime_dir(), partial(self._load, part.name),
            partial(self._tell, part.name),
        )
        failures = 0
        while True:
            begun = self._loop.time()
            try:
                await part.kind(part.options, host).run()
            except SensoriumError as error:
                _log.error("bridge %s: %s", part.name, error)
                host.report("failed", error.message, error.remedy)
            except Exception as error:  # noqa: BLE001 - one bridge's fault must not end the others
                _log.exception("bridge %s failed", part.name)
                host.report("failed", f"{type(error).__name__}: {error}", "see the daemon's log")
            finally:
                # Begun anew it loads its own.
                await self._free(part.name)
            if self._loop.time() - begun > _STEADY_S:
                failures = 0
            await asyncio.sleep(_AGAIN_S[min(failures, len(_AGAIN_S) - 1)])
            failures += 1

    def _load(self, bridge: str, name: str) -> MeasuredEngine:
        engine = measured.load(self._engines.load, name)
        self._loaded.append((bridge, engine))
        return engine

    async def _free(self, bridge: str) -> None:
        """Closes the engines of a bridge that has ended."""
        for entry in tuple(self._loaded):
            if entry[0] == bridge:
                self._loaded.remove(entry)
                await asyncio.to_thread(entry[1].close)

    def _tell(self, name: str, state: str, detail: str, remedy: str) -> None:
        self._report((name, state, detail, remedy))
