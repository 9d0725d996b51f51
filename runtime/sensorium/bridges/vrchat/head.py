"""Parameters of nods and shakes: each is seen as a press of a button, however short it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.bridges.osc.parameter import Parameter
from sensorium.records.head import HEAD_GESTURES

if TYPE_CHECKING:
    from sensorium.bridges.channels import Channels
    from sensorium.bridges.osc.parameter import Value

CHANNELS = ("head_state", "head_gesture")
SHOWN_NS = 300_000_000
"""A gesture is shown at least so long: VRChat shares values with others ten times a second."""
_TOLD = {"nod": "Sensorium/Nod", "shake": "Sensorium/Shake"}
_BEGIN = 1


def parameters() -> tuple[Parameter, ...]:
    """All of them."""
    return tuple(
        Parameter(name, False, f"True while the head does this: {gesture}")
        for gesture, name in _TOLD.items()
    )


class HeadGestures:
    """What is shown now."""

    def __init__(self) -> None:
        self._until_ns = dict.fromkeys(_TOLD, 0)

    def values(self, channels: Channels, now_ns: int) -> dict[str, Value | None]:
        """Their values now.

        Args:
            channels: Where they are read.
            now_ns: The time.
        """
        for record, _ in channels.following("head_gesture"):
            gesture = HEAD_GESTURES[int(record["gesture"]) - 1]
            if gesture in _TOLD and int(record["event"]) == _BEGIN:
                self._until_ns[gesture] = now_ns + SHOWN_NS
        state = channels.newest("head_state")
        if state is None:
            return {}
        return {
            name: bool(int(state["held"]) >> HEAD_GESTURES.index(gesture) & 1)
            or now_ns < self._until_ns[gesture]
            for gesture, name in _TOLD.items()
        }
