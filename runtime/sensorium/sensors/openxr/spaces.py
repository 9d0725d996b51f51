"""The origin of all poses: which reference space serves, and how often it was moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensorError
from sensorium.health import Reason

if TYPE_CHECKING:
    from sensorium.sensors.openxr.runtime import Runtime

LOCAL_FLOOR = "XR_EXT_local_floor"

_ORDER = ("stage", "local_floor", "local")


@dataclass(frozen=True)
class ReferenceSpace:
    """A reference space of a session.

    Attributes:
        number: As in `Origin.space`.
        kind: The binding's ReferenceSpaceType, as a number.
        space: The XrSpace.
    """

    number: int
    kind: int
    space: Any


def create_reference_space(runtime: Runtime, session: Any, wanted: str) -> ReferenceSpace:
    """Creates the wanted space, or the next that the runtime offers.

    Args:
        runtime: The connected runtime.
        session: The XrSession.
        wanted: stage, local_floor or local.

    Raises:
        SensorError: It offers none of them.
    """
    xr = runtime.xr
    kinds = {
        "stage": xr.ReferenceSpaceType.STAGE,
        "local_floor": xr.ReferenceSpaceType.LOCAL_FLOOR,
        "local": xr.ReferenceSpaceType.LOCAL,
    }
    offered = {int(kind) for kind in xr.enumerate_reference_spaces(session)}
    for name in _ORDER[_ORDER.index(wanted):]:
        kind = kinds[name].value
        if kind in offered:
            return ReferenceSpace(
                _ORDER.index(name) + 1, kind, create_space(runtime, session, kinds[name])
            )
    raise SensorError("the OpenXR runtime offers no usable space", "", Reason.NOT_OFFERED)


def create_space(runtime: Runtime, session: Any, kind: Any) -> Any:
    """Creates a reference space at its own origin."""
    info = runtime.xr.ReferenceSpaceCreateInfo(reference_space_type=kind)
    return runtime.xr.create_reference_space(session, info)


class Recentres:
    """Counts the changes of the origin. A runtime announces one, with the time it takes effect.

    Attributes:
        generation: How many have taken effect.
    """

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self._pending: list[int] = []

    def announce(self, change_time: int) -> None:
        """The origin moves at the XrTime `change_time`."""
        self._pending.append(change_time)

    def settle(self, xr_time: int) -> bool:
        """Counts what has taken effect at `xr_time`.

        Returns:
            Whether anything has.
        """
        if not self._pending:
            return False
        effective = [time for time in self._pending if time <= xr_time]
        self._pending = [time for time in self._pending if time > xr_time]
        self.generation += len(effective)
        return bool(effective)
