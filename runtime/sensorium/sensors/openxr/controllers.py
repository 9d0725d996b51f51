"""Controllers: grip and aim poses with their buttons, when a controller is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from sensorium.health import Reason
from sensorium.sensors.openxr.buttons import POSES, Buttons
from sensorium.sensors.openxr.poses import PoseCopy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.sensors.openxr.actions import ActionSet
    from sensorium.sensors.openxr.session import Session
    from sensorium.sensors.openxr.structures import Room
    from sensorium.sensors.outlet import Outlet

HEAD = 2
"""Where the head's space stands among `pose_spaces`."""


def pose_spaces(actions: ActionSet, head: Any) -> list[Any]:
    """Left grip, left aim, head, right grip, right aim.

    The head in the middle lets one run of them leave out either controller.
    """
    left, right = ([actions.space(pose, hand) for pose in POSES] for hand in actions.hands)
    return [*left, head, *right]


class Controllers:
    """Both controllers.

    Args:
        session: The session.
        actions: Its actions.
        room: Where the spaces of `pose_spaces` are located.
        outlets: The channels, by side: 1 left, 2 right.

    Attributes:
        any_present: Whether a controller was there at the last sync.
    """

    def __init__(
        self, session: Session, actions: ActionSet, room: Room, outlets: Mapping[int, Outlet]
    ) -> None:
        self._session = session
        self._actions = actions
        self._outlets = outlets
        self._present = dict.fromkeys(outlets, False)
        self.any_present = False
        self._buttons = {
            side: Buttons(session.calls, session.handle, actions, side, outlet.record)
            for side, outlet in outlets.items()
        }
        self._copies = {
            side: PoseCopy(room, first, _poses(outlet.record))
            for (side, outlet), first in zip(outlets.items(), (0, HEAD + 1), strict=True)
        }

    @property
    def span(self) -> tuple[int, int]:
        """Which of `pose_spaces` to locate: the head's and those of present controllers."""
        left, right = self._present.values()
        return (0 if left else HEAD, len(POSES) + HEAD + 1 if right else HEAD + 1)

    def find(self) -> None:
        """Finds out which controllers the last sync saw; their spaces are located after it."""
        has_input = self._actions.has_input
        changed = self._session.profiles_changed
        self._session.profiles_changed = False
        for side, buttons in self._buttons.items():
            was_present = self._present[side]
            self._present[side] = has_input and buttons.present()
            if changed or self._present[side] > was_present:
                buttons.identify()
        self.any_present = any(self._present.values())

    def publish(self, now_ns: int) -> None:
        """Publishes what was synced and located."""
        for side, outlet in self._outlets.items():
            if self._present[side]:
                self._copies[side].copy()
                self._buttons[side].read()
                outlet.publish(now_ns)
            else:
                outlet.withhold(now_ns, Reason.INACTIVE)


def _poses(record: NDArray[np.void]) -> NDArray[np.void]:
    """Grip and aim of a controller's record, which lie side by side, as one array."""
    grip, aim = (cast("Any", record.dtype.fields)[name] for name in POSES)
    start, end = grip[1], aim[1] + aim[0].itemsize
    return record.view(np.uint8)[start:end].view(record[POSES[0]].dtype)
