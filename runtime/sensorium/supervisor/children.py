"""A child process: started, watched by its heartbeat, restarted with back-off."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.control.link import Link, pair
from sensorium.errors import ControlError
from sensorium.health import OwnerState, Reason
from sensorium.supervisor import spawning
from sensorium.supervisor.briefing import Briefing
from sensorium.supervisor.silence import Silence

if TYPE_CHECKING:
    import subprocess

    from sensorium.process.orders import Orders
    from sensorium.sensors.sensor import Demand
    from sensorium.supervisor.clients import AppRegion
    from sensorium.supervisor.regions import RegionSet

_log = logging.getLogger(__name__)

_BACK_OFF_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""The longest is well within the ring of sound, where who comes back finds what was said."""
_STEADY_NS = 60_000_000_000
"""A child that lived so long starts its back-off anew."""
_WORKED_NS = 2_000_000_000
_WORKED_FAILURES = 2
"""One that has worked for so long is soon there again, however often it died: what is said
meanwhile must not leave the ring of sound. One that dies at once waits longer and longer."""
_STOP_NS = 3_000_000_000
_SEND_S = 0.2
_START_NS = 60_000_000_000
"""How long a child may take until it is ready: the first import on a cold disk is slow."""


class Child:
    """One child and what is known of it.

    Attributes:
        name: capture, fast, slow, stepped, service or bridges.
        state: What the health channel shows.
        reason: Why it is in that state.
        restarts: Since the daemon's start.
        started_ns: When it was started last.
        parts: Sensor or sense to its last report: state, detail, remedy.
        engines: Of its senses, as it told them last.
        gate: How they give way to apps, as it told last.
        gpu_pid: The process that it has on the GPU, as it told last; 0: none.
        apps: The frames of other apps that it knows of, as it told them last.
    """

    def __init__(self, orders: Orders, regions: RegionSet) -> None:
        self.orders = orders
        self.name = orders.kind
        self.state = OwnerState.VACANT
        self.reason = Reason.STARTING
        self.restarts = 0
        self.started_ns = 0
        self.parts: dict[str, dict[str, str]] = {}
        self.engines: list[dict[str, Any]] = []
        self.gate: dict[str, Any] = {}
        self.gpu_pid = 0
        self.apps: list[dict[str, Any]] = []
        self.link: Link | None = None
        self._briefing = Briefing(orders, regions, self._send)
        self._told_ns = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._failures = 0
        self._due_ns = 0
        self._live_ns = 0
        self._silence = Silence()

    @property
    def pid(self) -> int:
        """0 while it does not run."""
        return self._process.pid if self._process else 0

    def heartbeat_ns(self) -> int:
        """When it was alive last; 0 before its first beat."""
        written_ns = self._briefing.heartbeat_ns()
        return self._told_ns if written_ns is None else written_ns

    def start(self) -> None:
        """Starts the process and gives it its regions and its orders.

        When the system has no room for it, that counts as a process that died at once.
        """
        self.started_ns = now_ns()
        for part in self.parts.values():
            part.update(state="starting", detail="", remedy="")
        try:
            self._spawn()
            self._briefing.all()
        except (OSError, ControlError) as error:
            self._lost(now_ns(), f"could not be started: {error}")

    def _spawn(self) -> None:
        self.link, theirs = pair()
        try:
            process = spawning.spawn(self.name, theirs)
        finally:
            theirs.close()
        self._process = process
        self.link.started(process)
        self._told_ns = 0
        self._briefing.new_owner(process.pid)
        if self.state == OwnerState.VACANT:
            self.state = OwnerState.STARTING
        _log.info("%s started, process %d", self.name, process.pid)

    def remap(self, region: str) -> None:
        """Tells a running child that a region was replaced.

        A child that cannot be told would go on in the old one, so it is started anew.
        """
        if self._process is None:
            return
        try:
            self._briefing.replaced(region, self.pid)
        except (OSError, ControlError) as error:
            _log.error("%s cannot be given the region %s: %s", self.name, region, error)
            self._process.kill()

    def meet(self, app: AppRegion) -> None:
        """Gives the child an app's region, when it writes to apps; again after each start.

        A child that cannot be told is started anew, as in `remap`.
        """
        beat_ns = now_ns() if self.state == OwnerState.LIVE else 0
        writes = self._briefing.apps.add(app, self.pid, beat_ns, self.state, self.reason)
        if not writes or self._process is None:
            return
        try:
            self._briefing.apps.hand_over(app)
        except ControlError as error:
            _log.error("%s cannot be given the region of %s: %s", self.name, app.name, error)
            self._process.kill()

    def part_from(self, session: int) -> None:
        """Tells the child that an app is gone."""
        if self._briefing.apps.remove(session) and self._process is not None:
            # A child that is dying has lost the region with all else.
            with contextlib.suppress(ControlError):
                self._send({"op": "app_gone", "session": session})

    def demand(self, sensor: str, demand: Demand) -> None:
        """Tells who needs a sensor's device."""
        # A child that is dying hears it when it is started again.
        with contextlib.suppress(ControlError):
            self._briefing.demand(sensor, demand, running=self._process is not None)

    def take_over(self, orders: Orders) -> bool:
        """Goes on with orders that differ from its own in the GPU's budget at most.

        Returns:
            False where they differ in more: then it must be started anew.
        """
        if orders.with_budget(self.orders.gpu.budget_mib) != self.orders:
            return False
        if orders != self.orders:
            self.orders = orders
            # A child that is dying hears it when it is started again.
            with contextlib.suppress(ControlError):
                self._briefing.gpu_budget(orders, running=self._process is not None)
        return True

    def receive(self) -> None:
        """Takes what the child says."""
        while self.link is not None:
            try:
                message = self.link.receive()
            except ControlError:
                self._hang_up()
                return
            if message is None:
                return
            self._take(message[0])

    def watch(self) -> bool:
        """Looks after the process: call it at each tick and when a child may have died.

        Returns:
            True when it was started anew.
        """
        now = now_ns()
        if self._process is not None:
            if self._process.poll() is None and self._hangs(now):
                _log.error("%s hangs: killed", self.name)
                self._process.kill()
                self._process.wait()
            if self._process.poll() is None:
                return False
            self._lost(now, f"ended with {self._process.returncode}")
        if self.state != OwnerState.STOPPED and now >= self._due_ns:
            self.restarts += self.started_ns != 0
            self.start()
            return True
        return False

    def ask_to_stop(self) -> None:
        """Asks the process to end, without waiting for it."""
        if self.state != OwnerState.STOPPED:
            self.state = OwnerState.STOPPED
            self._briefing.set_state(self.state, Reason.STOPPED)
            self._due_ns = now_ns() + _STOP_NS
            with contextlib.suppress(ControlError):
                self._send({"op": "stop"})

    def ended(self) -> bool:
        """Whether a process that was asked to stop is gone; kills it when its time is over."""
        if self._process is not None:
            if self._process.poll() is None and now_ns() > self._due_ns:
                _log.warning("%s did not stop in time: killed", self.name)
                self._process.kill()
                self._process.wait()
            if self._process.poll() is None:
                return False
            self._process = None
        self._hang_up()
        return True

    def _take(self, message: dict[str, Any]) -> None:
        if message["op"] == "ready":
            self._told_ns = self._live_ns = now_ns()
            self.state, self.reason = OwnerState.LIVE, Reason.NONE
            self._briefing.set_state(self.state, self.reason)
        elif message["op"] == "beat":
            self._told_ns = now_ns()
        elif message["op"] == "engines":
            self.engines, self.gate = message["engines"], message["gate"]
            self.gpu_pid = message["gpu_pid"]
        elif message["op"] == "apps":
            self.apps = message["apps"]
        elif message["op"] == "report":
            self.parts[message["name"]] = {
                key: message[key] for key in ("state", "detail", "remedy")
            }

    def _hangs(self, now: int) -> bool:
        if self.state != OwnerState.LIVE:
            return now - self.started_ns > _START_NS
        return self._silence.is_too_long(self.pid, self.heartbeat_ns(), now)

    def _lost(self, now: int, how: str) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._hang_up()
        # What it told was so while it lived.
        self.engines, self.gate, self.gpu_pid, self.apps = [], {}, 0, []
        if self.state == OwnerState.STOPPED:
            return
        if now - self.started_ns > _STEADY_NS:
            self._failures = 0
        elif self.state == OwnerState.LIVE and now - self._live_ns > _WORKED_NS:
            self._failures = min(self._failures, _WORKED_FAILURES)
        self.state, self.reason = OwnerState.LOST, Reason.OWNER_LOST
        self._briefing.set_state(self.state, self.reason)
        delay_s = _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]
        self._failures += 1
        self._due_ns = now + int(delay_s * 1e9)
        _log.warning("%s %s; again in %.1f s", self.name, how, delay_s)

    def _hang_up(self) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None

    def _send(self, message: dict[str, Any], handles: tuple[int, ...] = ()) -> None:
        if self.link is None or not self.link.send(message, handles, timeout_s=_SEND_S):
            raise ControlError(f"{self.name} takes no messages")
