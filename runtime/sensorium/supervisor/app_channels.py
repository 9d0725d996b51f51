"""The channels that one child writes in the regions of single apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.channels import mapping
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.health import OwnerState, Reason
    from sensorium.supervisor.clients import AppRegion

    Send = Callable[[dict[str, Any], tuple[int, ...]], None]


class AppChannels:
    """Keeps the owner's state in every app's region, and hands the regions to the child.

    Args:
        names: The channels.
        send: Sends the child a message with handles; raises ControlError when it takes none.
    """

    def __init__(self, names: tuple[str, ...], send: Send) -> None:
        self._names = names
        self._send = send
        self._apps: dict[int, AppRegion] = {}

    def add(
        self, app: AppRegion, pid: int, heartbeat_ns: int, state: OwnerState, reason: Reason
    ) -> bool:
        """Takes an app; returns whether the child writes to apps at all.

        Args:
            app: With its region.
            pid: Of the child, 0 while it does not run.
            heartbeat_ns: When it was alive last.
            state: Of the child.
            reason: Why it is in that state.
        """
        if self._names:
            self._apps[app.session] = app
            app.new_owner(self._names, pid, heartbeat_ns)
            app.set_owner_state(self._names, state, reason)
        return bool(self._names)

    def remove(self, session: int) -> bool:
        """Lets go of an app; returns whether it was there."""
        return self._apps.pop(session, None) is not None

    def new_owner(self, pid: int) -> None:
        """The child was started; see `Region.new_owner`."""
        for app in self._apps.values():
            app.new_owner(self._names, pid)

    def set_state(self, state: OwnerState, reason: Reason) -> None:
        """Says what became of the child."""
        for app in self._apps.values():
            app.set_owner_state(self._names, state, reason)

    def hand_over_all(self) -> None:
        """Gives a child that was just started every app's region.

        Raises:
            ControlError: When it takes no messages, or no handle can be made.
        """
        for app in self._apps.values():
            self.hand_over(app)

    def hand_over(self, app: AppRegion) -> None:
        """Gives the child an app's region.

        Raises:
            ControlError: When it takes no messages, or no handle can be made.
        """
        try:
            handles = app.handles()
        except OSError as error:
            raise ControlError(f"no handle of a region: {error.strerror}") from error
        message = {
            "op": "app", "session": app.session, "app": app.name, "since_ns": app.since_ns
        }
        try:
            self._send(message, handles)
        finally:
            for handle in handles:
                mapping.close_handle(handle)
