"""The supervisor's loop: it owns the regions, the children and the control socket."""

from __future__ import annotations

import logging
import os
import selectors
import sys
from typing import TYPE_CHECKING, Any

from sensorium import config as configuration
from sensorium import folders
from sensorium.bridges.bridge import BRIDGES
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.control import audit
from sensorium.control.audit import Audit
from sensorium.control.desk import GrantDesk
from sensorium.control.grants import Grants
from sensorium.control.server import SOCKET_NAME, ControlServer
from sensorium.errors import SensorError
from sensorium.health import OwnerState, Reason
from sensorium.perception.sense import SENSES
from sensorium.sensors.openxr_layer import folder as layer_folder
from sensorium.sensors.sensor import SENSORS, Demand
from sensorium.supervisor import plan, report
from sensorium.supervisor.clients import Clients
from sensorium.supervisor.crew import Crew
from sensorium.supervisor.governing.background import Lowerable
from sensorium.supervisor.governing.governing import Governing
from sensorium.supervisor.idle import Idle
from sensorium.supervisor.instance import InstanceLock, prepare
from sensorium.supervisor.mute import Mute
from sensorium.supervisor.notify import Notifier
from sensorium.supervisor.reception import Reception
from sensorium.supervisor.regions import RegionSet
from sensorium.supervisor.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sensorium.config import Config
    from sensorium.control.sessions import Connection
    from sensorium.supervisor.clients import AppRegion

_log = logging.getLogger(__name__)

_TICK_S = 0.1 if sys.platform == "win32" else 0.2
"""Only Windows tells of a child's end by looking; elsewhere a signal wakes the loop."""
_HEALTH_TICKS = round(0.5 / _TICK_S)
_GRANT_TICKS = round(1.0 / _TICK_S)


class Daemon:
    """One running daemon.

    Args:
        config: Checked by `plan.check_names`.

    Raises:
        ControlError: When another daemon runs or the runtime folder cannot be used.
        ConfigError: When the grants' file is wrong.
    """

    def __init__(self, config: Config) -> None:
        folder = folders.runtime_dir()
        prepare(folder)
        self._lock = InstanceLock(folder)
        _let_layers_write()
        self._started_ns = now_ns()
        self._config = config
        plans = plan.plan(config)
        self._plan_by(config)
        grants = Grants(folders.config_dir() / "grants.toml")
        desk = GrantDesk(grants, Audit(audit.path()), self._granted_by_configuration)
        self._clients = Clients()
        self._stopping = False
        self._idle = Idle(config.daemon.stop_idle_s, self._started_ns)
        self._mute = Mute(self._spread_mute)
        self._ticks = 0
        self._next_tick_ns = 0
        self._selector = selectors.DefaultSelector()
        self._regions = RegionSet(folder, self._started_ns)
        self._reception = Reception(self, self._regions, self._clients, desk)
        self._server = ControlServer(
            folder / SOCKET_NAME, self._reception, lambda: self._regions.generation,
            self._is_service,
        )
        self._server.register(self._selector)
        self._signals = Signals(self._selector, self.stop)
        self._notifier = Notifier()
        self._health = self._own_health()
        self._governing = Governing(*self._regions["public"])
        self._governing.configure(config, ())
        self._crew = Crew(plans, self._regions, self._clients, self._selector, self._hired)
        self._mark_unowned(self._clients.apps())
        self._crew.hire()

    def run(self, ready: Callable[[], None] | None = None) -> None:
        """Loops until it is told to stop.

        Args:
            ready: Called once, when every child is live.
        """
        told = False
        try:
            while not self._stopping:
                for key, mask in self._selector.select(self._until_tick()):
                    key.data(mask)
                    self._tick()
                self._crew.watch(hires=not self._stopping)
                self._tick()
                if not told and self._crew.settled():
                    told = True
                    self._notifier.send("READY=1", "STATUS=live")
                    if ready is not None:
                        ready()
        finally:
            self._end()

    def status(self) -> dict[str, Any]:
        """See `reception.Daemon`."""
        return report.status(
            self._started_ns, self._config.source, self._crew.children, self._clients,
            muted=self._mute.on, microphone_users=self._users(), camera_users=self._viewers(),
            governor=self._governing.status(), background=self._governing.background(),
        )

    def governor(self, most: int) -> dict[str, Any]:
        """See `reception.Daemon`."""
        return self._governing.told(most)

    def mute(self, on: bool) -> None:
        """See `reception.Daemon` and `Mute.set`."""
        self._mute.set(on)

    def reload(self) -> None:
        """Reads the configuration again and restarts the children whose orders changed."""
        source = self._config.source
        fresh = configuration.load(
            source.path, sensors=SENSORS, senses=SENSES, bridges=BRIDGES,
            overrides=source.overrides,
        )
        plans = plan.plan(fresh)
        self._config = fresh
        self._plan_by(fresh)
        self._governing.configure(fresh, self._clients.apps())
        self._crew.change(plans)
        self._tell_processes()

    def replace_region(self, name: str, *, revoked: bool) -> None:
        """See `reception.Daemon`."""
        self._regions.replace(name, revoked=revoked)
        self._crew.remap(name)

    def meet(self, app: AppRegion) -> None:
        """See `reception.Daemon`."""
        self._mark_unowned((app,))
        self._crew.meet(app)
        self._governing.meet(app)

    def part_from(self, session: int) -> None:
        """See `reception.Daemon`."""
        self._crew.part_from(session)
        self._governing.part_from(session)

    def update_demand(self) -> None:
        """See `reception.Daemon`."""
        demand = Demand(self._users(), self._mute.on)
        # A recording begins when every sense has said whether it can run: none misses its start.
        heard = Demand(int(self._crew.senses_told()), self._mute.on)
        self._crew.demand((
            ("microphone", demand), ("output_sound", demand), ("replay", heard),
            ("camera", Demand(self._viewers(), self._mute.on)),
        ))

    def stop(self) -> None:
        """Ends the loop after what it is doing."""
        self._stopping = True

    def _is_service(self, pid: int) -> bool:
        return self._crew.pid_of("service") == pid

    def _granted_by_configuration(self, connection: Connection, region: str) -> bool:
        """Whether one of the daemon's own bridges asks for what its keys need."""
        return (
            self._crew.pid_of("bridges") == connection.pid
            and region in self._bridge_classes.get(connection.app, ())
        )

    def _plan_by(self, config: Config) -> None:
        self._listens = plan.needs_microphone(config)
        self._seen_in = plan.seen_in(config)
        self._bridge_classes = plan.bridge_classes(config)

    def _mark_unowned(self, apps: Iterable[AppRegion]) -> None:
        plan.mark_unowned(self._regions, apps, self._crew.plans, self._governing.owned)

    def _hired(self, all_are_there: bool) -> None:
        if all_are_there:
            self._mark_unowned(self._clients.apps())
        self.update_demand()

    def _tick(self) -> None:
        now = now_ns()
        if now < self._next_tick_ns:
            return
        self._next_tick_ns = now + int(_TICK_S * 1e9)
        self._ticks += 1
        self._regions.heartbeat(now)
        self._health.heartbeat(now)
        self._clients.tick()
        self._server.tick()
        self.update_demand()
        self._notifier.beat()
        if self._idle.is_over(bool(self._server.connections) or not self._crew.settled(), now):
            _log.info("nobody was connected for %g s", self._config.daemon.stop_idle_s)
            self.stop()
        if self._ticks % _HEALTH_TICKS == 1:
            self._tell_health()
            self._tell_engines()
            self._tell_processes()
        if self._ticks % _GRANT_TICKS == 0:
            self._reception.withdraw()

    def _spread_mute(self) -> None:
        """Tells at once, whoever shows what was said, too, that a mute has begun or ended."""
        self.update_demand()
        self._tell_health()

    def _tell_health(self) -> None:
        self._health.publish(
            report.health(
                self._started_ns, self._crew.children, self._clients, muted=self._mute.on
            ),
            now_ns(),
        )

    def _tell_engines(self) -> None:
        children = tuple(self._crew.children.values())
        self._governing.tell_engines(
            tuple(engine for child in children for engine in child.engines),
            (
                os.getpid(),
                *(pid for child in children for pid in (child.pid, child.gpu_pid) if pid),
            ),
        )

    def _tell_processes(self) -> None:
        self._governing.tell_processes(tuple(
            Lowerable(child.name, child.pid, tuple(child.orders.senses))
            for child in self._crew.children.values() if child.state == OwnerState.LIVE
        ))

    def _until_tick(self) -> float:
        return max(0.0, (self._next_tick_ns - now_ns()) / 1e9)

    def _users(self) -> int:
        return self._listens | self._clients.users("audio")

    def _viewers(self) -> int:
        """Who needs the camera: that a sense is on is not enough, somebody must read it."""
        sense = any(self._clients.users(name) for name in self._seen_in)
        return int(sense) | self._clients.users("camera")

    def _own_health(self) -> Writer:
        region, waiters = self._regions["public"]
        region.new_owner("health", os.getpid())
        region.set_owner_state("health", OwnerState.LIVE, Reason.NONE)
        return Writer(region, "health", waiters)

    def _end(self) -> None:
        if self._stopping:
            # Also before it was live: a manager that still waits would take it for a failure,
            # and start again what was stopped.
            self._notifier.send("READY=1")
        self._notifier.send("STOPPING=1")
        _log.info("stopping")
        # First: in the background children would not end in time.
        self._governing.close()
        self._crew.end(lambda: self._regions.heartbeat(now_ns()))
        self._server.close()
        self._clients.close()
        self._regions.close()
        self._signals.close()
        self._selector.close()
        self._lock.close()


def _let_layers_write() -> None:
    """Makes the folder for games with the OpenXR layer; a daemon serves without it, too."""
    try:
        layer_folder.prepare()
    except SensorError as error:
        _log.warning("games cannot show their frames: %s", error)
