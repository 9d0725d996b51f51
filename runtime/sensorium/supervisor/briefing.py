"""What a child is given: its orders, the regions, those of apps, and who needs a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.channels import mapping
from sensorium.channels.catalogue import CHANNELS, REGIONS
from sensorium.clock import now_ns
from sensorium.supervisor.app_channels import AppChannels

if TYPE_CHECKING:
    from sensorium.health import OwnerState, Reason
    from sensorium.process.orders import Orders
    from sensorium.sensors.sensor import Demand
    from sensorium.supervisor.app_channels import Send
    from sensorium.supervisor.regions import RegionSet


class Briefing:
    """Keeps what one child must know, and tells it: all of it after each start.

    Args:
        orders: What the child is to do.
        regions: All of them.
        send: Sends the child a message with handles; raises ControlError when it takes none.

    Attributes:
        apps: The channels that it writes in the regions of single apps.
    """

    def __init__(self, orders: Orders, regions: RegionSet, send: Send) -> None:
        self._orders = orders
        self._regions = regions
        self._send = send
        self._shared = tuple(name for name in orders.writes if CHANNELS[name].region in REGIONS)
        self.apps = AppChannels(
            tuple(name for name in orders.writes if name not in self._shared), send
        )
        self._demands: dict[str, Demand] = {}

    def all(self) -> None:
        """Tells a child that was just started everything, and lets it go.

        Raises:
            ControlError: When it takes no messages.
            OSError: When the system has no handles left.
        """
        self._send(self._orders.message(), ())
        for region in self._orders.regions:
            self._map(region)
        self.apps.hand_over_all()
        for sensor, demand in self._demands.items():
            self._send_demand(sensor, demand)
        self._send({"op": "go"}, ())

    def replaced(self, region: str, pid: int) -> None:
        """Tells a running child that a region was replaced; raises as `all`."""
        mine = [name for name in self._shared if CHANNELS[name].region == region]
        self._regions.new_owner(mine, pid, now_ns())
        if region in self._orders.regions:
            self._map(region)

    def demand(self, sensor: str, demand: Demand, *, running: bool) -> None:
        """Tells a child that runs who needs a sensor's device, where that is news.

        Raises:
            ControlError: When it takes no messages; it hears it when it is started again.
        """
        if self._demands.get(sensor) != demand:
            self._demands[sensor] = demand
            if running:
                self._send_demand(sensor, demand)

    def gpu_budget(self, orders: Orders, *, running: bool) -> None:
        """Takes over orders with another budget of the GPU's memory, and tells it; see `demand`."""
        self._orders = orders
        if running:
            self._send({"op": "gpu_budget", "mib": orders.gpu.budget_mib}, ())

    def new_owner(self, pid: int) -> None:
        """The child was started; see `Region.new_owner`."""
        self._regions.new_owner(self._shared, pid)
        self.apps.new_owner(pid)

    def set_state(self, state: OwnerState, reason: Reason) -> None:
        """Says what became of the child, in all that it writes."""
        self._regions.set_owner_state(self._shared, state, reason)
        self.apps.set_state(state, reason)

    def heartbeat_ns(self) -> int | None:
        """When the child was alive last by what it writes; None when it writes nothing shared."""
        if not self._shared:
            return None
        name = self._shared[0]
        return self._regions.region_of(name).owner_heartbeat(name)

    def _map(self, region: str) -> None:
        """Hands a region over; for writing when the child owns a channel of it."""
        writable = any(CHANNELS[name].region == region for name in self._shared)
        handles = self._regions.handles(region, writable=writable)
        try:
            self._send({"op": "map", "region": region, "writable": writable}, handles)
        finally:
            for handle in handles:
                mapping.close_handle(handle)

    def _send_demand(self, sensor: str, demand: Demand) -> None:
        message: dict[str, Any] = {"op": "demand", "sensor": sensor}
        self._send({**message, "users": demand.users, "muted": demand.muted}, ())
