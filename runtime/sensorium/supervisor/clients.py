"""What each client holds: grant classes, its app region, the recording that it makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.channels import mapping
from sensorium.channels.catalogue import REGIONS, in_region
from sensorium.channels.region import Region, Waiters
from sensorium.clock import now_ns
from sensorium.health import OwnerState, Reason, RegionState
from sensorium.supervisor.intake import AppIntake

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.control.sessions import Connection

_TICK_NS = 10_000_000
"""The supervisor's time for all apps in one tick; its own heartbeat must not wait for them."""
_MOST_BYTES = 2**63 - 1


@dataclass
class AppRegion:
    """A client's own region: of fixed size, made here, gone with its connection.

    Attributes:
        session: Of its connection.
        name: Of the app.
        pid: Of its process.
        executable: Of its program; empty: not known.
        since_ns: When it was made.
        region: Its memory.
        waiters: The page of who sleeps on it.
        intake: Reads what the app writes.
    """

    session: int
    name: str
    pid: int
    executable: str
    since_ns: int
    region: Region
    waiters: Waiters
    intake: AppIntake

    @classmethod
    def create(cls, connection: Connection, generation: int) -> AppRegion:
        """Makes the region of a client's process."""
        region = Region.create("app", in_region("app"), generation)
        for channel in in_region("app"):
            if channel.writer == "app":
                region.new_owner(channel.name, connection.pid)
                region.set_owner_state(channel.name, OwnerState.LIVE, Reason.NONE)
            else:
                region.set_owner_state(channel.name, OwnerState.VACANT, Reason.NOT_IMPLEMENTED)
        return cls(
            connection.session, connection.app, connection.pid, connection.executable, now_ns(),
            region, Waiters.create("app"), AppIntake(region),
        )

    def new_owner(self, channels: Iterable[str], pid: int, heartbeat_ns: int = 0) -> None:
        """A process starts that will write these channels; see `Region.new_owner`."""
        for name in channels:
            self.region.new_owner(name, pid, heartbeat_ns)

    def set_owner_state(
        self, channels: Iterable[str], state: OwnerState, reason: Reason
    ) -> None:
        """Says what became of the owner of these channels."""
        for name in channels:
            self.region.set_owner_state(name, state, reason)

    def handles(self) -> tuple[int, int]:
        """New handles, both writable; the caller closes them."""
        return (
            mapping.new_handle(self.region.mapping, writable=True),
            mapping.new_handle(self.waiters.mapping, writable=True),
        )

    def close(self) -> None:
        """Says CLOSED to the app and unmaps."""
        self.region.set_state(RegionState.CLOSED)
        self.region.close()
        self.waiters.close()


@dataclass
class Held:
    """What one connection holds."""

    classes: set[str] = field(default_factory=set)
    app: AppRegion | None = None
    recording: tuple[str, ...] = ()
    recorded_bytes: int = 0


class Clients:
    """Everything that connections hold."""

    def __init__(self) -> None:
        self.held: dict[Connection, Held] = {}
        self.refused_before = 0
        self._generation = 0
        self._turn = 0

    def of(self, connection: Connection) -> Held:
        """What a connection holds; nothing yet for a new one."""
        return self.held.setdefault(connection, Held())

    def app_region(self, connection: Connection) -> AppRegion:
        """The connection's own region, made when it is first asked for."""
        held = self.of(connection)
        if held.app is None:
            self._generation += 1
            held.app = AppRegion.create(connection, self._generation)
        return held.app

    def apps(self) -> list[AppRegion]:
        """The regions of all apps that have one."""
        return [held.app for held in self.held.values() if held.app is not None]

    def gone(self, connection: Connection) -> None:
        """Frees what a connection held."""
        held = self.held.pop(connection, None)
        if held is not None and held.app is not None:
            self.refused_before += held.app.intake.refused
            held.app.close()

    def tick(self) -> None:
        """Beats the apps' regions and takes what the apps wrote, for a few milliseconds.

        Apps take turns: who was not reached this time comes first the next.
        """
        begun = now_ns()
        apps = self.apps()
        for app in apps:
            app.region.heartbeat(begun)
        for turn in range(len(apps)):
            apps[(self._turn + turn) % len(apps)].intake.take(now_ns())
            if now_ns() - begun > _TICK_NS:
                self._turn += turn + 1
                break

    def users(self, name: str) -> int:
        """Who holds a class: bits of `sensor.Demand.users`: 2 an app, 4 a recording."""
        users = 0
        for held in self.held.values():
            if name in held.recording:
                users |= 4
            elif name in held.classes:
                users |= 2
        return users

    def recording_bits(self) -> int:
        """Grant classes that are being recorded, as in the health record."""
        names = {name for held in self.held.values() for name in held.recording}
        return sum(1 << REGIONS.index(name) for name in names)

    def recorded_bytes(self) -> int:
        """Bytes that the running recordings have written."""
        total = sum(held.recorded_bytes for held in self.held.values() if held.recording)
        return min(total, _MOST_BYTES)

    def refused(self) -> int:
        """Bad records of apps since the daemon's start."""
        return self.refused_before + sum(
            held.app.intake.refused for held in self.held.values() if held.app is not None
        )

    def close(self) -> None:
        """Frees everything."""
        for connection in tuple(self.held):
            self.gone(connection)
