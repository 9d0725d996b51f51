"""The daemon's children: hired as planned, listened to, seen off when they are wanted no more."""

from __future__ import annotations

import selectors
import sys
import time
from typing import TYPE_CHECKING

from sensorium.health import OwnerState
from sensorium.supervisor.children import Child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sensorium.control.link import Link
    from sensorium.process.orders import Orders
    from sensorium.sensors.sensor import Demand
    from sensorium.supervisor.clients import AppRegion, Clients
    from sensorium.supervisor.regions import RegionSet

_STOP_NAP_S = 0.01


class Crew:
    """All children of one daemon.

    Args:
        plans: The children that are wanted.
        regions: That they write.
        clients: Whose own regions they read.
        selector: That wakes the loop when a child says something.
        hired: Called when children were started; whether none of before is left.

    Attributes:
        plans: See above.
        children: Those that are wanted, by name.
    """

    def __init__(
        self, plans: tuple[Orders, ...], regions: RegionSet, clients: Clients,
        selector: selectors.BaseSelector, hired: Callable[[bool], None],
    ) -> None:  # fmt: skip
        self.plans = plans
        self.children: dict[str, Child] = {}
        self._leaving: list[Child] = []
        self._links: dict[str, Link] = {}
        self._regions, self._clients = regions, clients
        self._selector = selector
        self._hired = hired

    def hire(self) -> None:
        """Starts every planned child that does not run; one that still leaves is waited for."""
        leaving = {child.name for child in self._leaving}
        for one in self.plans:
            if one.kind not in self.children and one.kind not in leaving:
                child = Child(one, self._regions)
                self.children[one.kind] = child
                for app in self._clients.apps():
                    child.meet(app)
                child.start()
                self._listen(child)
        self._hired(not leaving)

    def change(self, plans: tuple[Orders, ...]) -> None:
        """Goes by other plans: children whose orders changed are replaced."""
        self.plans = plans
        wanted = {one.kind: one for one in plans}
        for name, child in tuple(self.children.items()):
            orders = wanted.get(name)
            if orders is None or not child.take_over(orders):
                child.ask_to_stop()
                self._leaving.append(self.children.pop(name))
        self.hire()

    def watch(self, *, hires: bool) -> None:
        """Takes what all say, and starts anew who has died or hangs.

        Args:
            hires: Whether those that have left have successors.
        """
        if self._see_off() and hires:
            self.hire()
        for child in self.children.values():
            self._hear(child)
            child.watch()
            self._listen(child)

    def settled(self) -> bool:
        """Whether every child is live, or has shown that it does not come up at once."""
        return all(
            child.state == OwnerState.LIVE or child.restarts for child in self.children.values()
        )

    def senses_told(self) -> bool:
        """Whether every sense has said whether it can run."""
        return all(
            name in child.parts for child in self.children.values() for name in child.orders.senses
        )

    def pid_of(self, name: str) -> int | None:
        """The number of a child; None where it is not wanted or does not run."""
        child = self.children.get(name)
        return child.pid if child is not None else None

    def demand(self, wanted: Iterable[tuple[str, Demand]]) -> None:
        """Says what sensors are wanted for, to those that have them."""
        told = tuple(wanted)
        for child in self.children.values():
            for sensor, demand in told:
                if sensor in child.orders.sensors:
                    child.demand(sensor, demand)

    def remap(self, region: str) -> None:
        """A region was replaced."""
        for child in self.children.values():
            child.remap(region)

    def meet(self, app: AppRegion) -> None:
        """An app with a region of its own has come."""
        for child in self.children.values():
            child.meet(app)

    def part_from(self, session: int) -> None:
        """It is gone."""
        for child in (*self.children.values(), *self._leaving):
            child.part_from(session)

    def end(self, meanwhile: Callable[[], None]) -> None:
        """Ends all; `meanwhile` is called again and again until they are gone."""
        for child in self.children.values():
            child.ask_to_stop()
        self._leaving += self.children.values()
        while self._leaving:
            self._see_off()
            meanwhile()
            time.sleep(_STOP_NAP_S)

    def _listen(self, child: Child) -> None:
        """Follows the child's link: a new one after each start, none while it does not run."""
        known = self._links.get(child.name)
        if sys.platform == "win32" or known is child.link:
            return
        if known is not None:
            del self._links[child.name]
            self._selector.unregister(known)
        if child.link is not None:
            self._links[child.name] = child.link
            self._selector.register(
                child.link, selectors.EVENT_READ, lambda _mask: self._hear(child)
            )

    def _hear(self, child: Child) -> None:
        """Takes what a child says; a link that has ended gives its number free for another."""
        child.receive()
        self._listen(child)

    def _see_off(self) -> bool:
        """Lets go of children that have left; whether there were any."""
        gone = [child for child in self._leaving if child.ended()]
        for child in gone:
            self._leaving.remove(child)
            self._listen(child)
        return bool(gone)
