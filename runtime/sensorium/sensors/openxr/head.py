"""The head: the pose of OpenXR's VIEW space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.sensors.openxr.locating import SingleLocator
from sensorium.sensors.openxr.poses import ORIENTATION_VALID, PoseCopy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.sensors.openxr.session import Session
    from sensorium.sensors.openxr.structures import Room


class Head:
    """Finds the head alone, or takes it from what was located with the controllers.

    One space is found faster by the call for one: Monado answers the call for several in two
    round trips between processes.

    Args:
        session: The session.
        space: The VIEW space.
        room: Where it is located together with the controllers.
        place: Where it stands there.
        pose: `records.sensors.POSE`, shape (1,): where the pose goes.
    """

    def __init__(
        self, session: Session, space: Any, room: Room, place: int, pose: NDArray[np.void]
    ) -> None:
        self._locator = SingleLocator(session.calls, session.base, [space])
        self._alone = PoseCopy(self._locator.room, 0, pose)
        self._among = PoseCopy(room, place, pose)

    def locate(self, xr_time: int) -> bool:
        """Finds the head for the XrTime `xr_time` and returns whether it is tracked."""
        self._locator.locate_one(xr_time, 0)
        return self._alone.copy() & ORIENTATION_VALID != 0

    def take(self) -> bool:
        """Takes the head from the room and returns whether it was found there."""
        return self._among.copy() & ORIENTATION_VALID != 0
