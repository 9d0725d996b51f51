"""Answers the requests of the control socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sensorium.channels.catalogue import REGIONS
from sensorium.control.desk import ATTENDED, EXPLAINED
from sensorium.control.fitting import fitted
from sensorium.control.grants_file import CLASSES
from sensorium.control.replies import BAD_REQUEST, Refused, Reply
from sensorium.supervisor.attention import attention
from sensorium.supervisor.explaining import explain

if TYPE_CHECKING:
    from sensorium.control.desk import GrantDesk
    from sensorium.control.sessions import Connection
    from sensorium.supervisor.clients import AppRegion, Clients
    from sensorium.supervisor.regions import RegionSet


class Daemon(Protocol):
    """What the reception asks of the daemon."""

    def status(self) -> dict[str, Any]:
        """Everything that `sensorium status` shows."""
        ...

    def governor(self, most: int) -> dict[str, Any]:
        """What the governor does, and its newest steps."""
        ...

    def mute(self, on: bool) -> None:
        """Mutes or unmutes microphone and camera."""
        ...

    def reload(self) -> None:
        """Reads the configuration again; raises ConfigError and keeps the old one."""
        ...

    def replace_region(self, name: str, *, revoked: bool) -> None:
        """Puts a new region in the place of one that somebody may read no longer."""
        ...

    def meet(self, app: AppRegion) -> None:
        """Has an app's region written to by who writes to apps."""
        ...

    def part_from(self, session: int) -> None:
        """Ends that: the app is gone."""
        ...

    def update_demand(self) -> None:
        """Looks anew who needs the microphone, and who the camera."""
        ...

    def stop(self) -> None:
        """Ends the daemon after this answer."""
        ...


class Reception:
    """The control server's handler."""

    def __init__(
        self, daemon: Daemon, regions: RegionSet, clients: Clients, desk: GrantDesk
    ) -> None:
        self._daemon = daemon
        self._regions = regions
        self._clients = clients
        self._desk = desk

    def handle(self, connection: Connection, request: dict[str, Any]) -> Reply:
        """Answers any operation but `hello`."""
        self._clients.of(connection)
        operation = request["op"]
        if operation == "open":
            return self._open(connection, request["region"])
        if operation == "grants":
            return self._desk.listed(request)
        if operation == "grant":
            reply = self._desk.decide(connection, request)
            self.withdraw()
            return reply
        if operation == "recording":
            return self._record(connection, request)
        if operation == "mute":
            self._daemon.mute(request["on"])
            return Reply({"muted": request["on"]})
        if operation == "why":
            since_ns = self._desk.require_all(connection, EXPLAINED)
            return Reply({"why": explain(self._clients.apps(), request["intent"], since_ns)})
        if operation == "attention":
            since_ns = self._desk.require_all(connection, ATTENDED)
            return Reply(fitted(attention(self._clients.apps(), since_ns)))
        if operation == "governor":
            return Reply(fitted(self._daemon.governor(request["most"])))
        if operation == "reload":
            self._daemon.reload()
            return Reply()
        if operation == "stop":
            self._daemon.stop()
            return Reply()
        return Reply(fitted(self._daemon.status()))

    def closed(self, connection: Connection) -> None:
        """A client is gone."""
        self._daemon.part_from(connection.session)
        self._clients.gone(connection)
        self._daemon.update_demand()

    def withdraw(self) -> None:
        """Replaces each region that some client holds and may hold no longer."""
        for name in REGIONS:
            holders = [
                connection
                for connection, held in self._clients.held.items()
                if name in held.classes
            ]
            losers = [holder for holder in holders if not self._desk.allowed(holder, name)]
            if losers:
                for holder in holders:
                    self._clients.of(holder).classes.discard(name)
                for loser in losers:
                    held = self._clients.of(loser)
                    held.recording = tuple(one for one in held.recording if one != name)
                self._daemon.replace_region(name, revoked=len(losers) == len(holders))
        self._daemon.update_demand()

    def _open(self, connection: Connection, name: str) -> Reply:
        if name == "app":
            new = self._clients.of(connection).app is None
            own = self._clients.app_region(connection)
            if new:
                self._daemon.meet(own)
            region, handles = own.region, own.handles()
        elif name in REGIONS:
            self._desk.require(connection, name)
            region, handles = self._regions[name][0], self._regions.handles(name)
            if name in CLASSES:
                self._clients.of(connection).classes.add(name)
            self._daemon.update_demand()
        else:
            raise Refused(
                BAD_REQUEST, f"there is no region {name:.40}", f"known: {', '.join(REGIONS)}, app"
            )
        return Reply(
            {
                "region": name,
                "size": region.size,
                "generation": region.generation,
                "since_ns": self._desk.since_ns(connection, name),
                "fds": len(handles),
            },
            handles,
        )

    def _record(self, connection: Connection, request: dict[str, Any]) -> Reply:
        classes = tuple(dict.fromkeys(name for name in request["classes"].split(",") if name))
        unknown = [name for name in classes if name not in REGIONS]
        if unknown:
            raise Refused(
                BAD_REQUEST, f"there is no class {unknown[0]:.40}", f"known: {', '.join(REGIONS)}"
            )
        for name in classes:
            if request["on"] and not self._desk.allowed(connection, name):
                self._desk.require(connection, name)
        held = self._clients.of(connection)
        held.recording = classes if request["on"] else ()
        held.recorded_bytes = request["bytes"]
        self._daemon.update_demand()
        return Reply()
