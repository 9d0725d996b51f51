"""Buttons and axes of one controller: the states of its actions, read into its record."""

from __future__ import annotations

import ctypes
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.records.fields import encode_text
from sensorium.records.sensors import CONTROLLER
from sensorium.sensors.openxr import structures
from sensorium.sensors.openxr.bindings import BUTTONS, TOUCHABLE
from sensorium.sensors.openxr.calls import handle
from sensorium.sensors.openxr.structures import address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sensorium.sensors.openxr.actions import ActionSet
    from sensorium.sensors.openxr.calls import Calls

_PROFILE_BYTES = next(field.size for field in CONTROLLER.fields if field.name == "profile")
_PRESSED = tuple(f"press_{name}" for name in BUTTONS)
_TOUCHED = tuple(f"touch_{name}" for name in TOUCHABLE)
_AXES = ("trigger", "squeeze")
_PADS = ("stick", "trackpad")
POSES = ("grip", "aim")
_NEITHER = bytes(4 * len(POSES))
_STATE_BYTES = 40 * len(_PRESSED + _TOUCHED + _AXES) + 48 * len(_PADS) + 24 * len(POSES)


class Buttons:
    """The buttons and axes of one controller, and which device it is.

    Args:
        calls: The instance's functions.
        session: The XrSession.
        actions: The actions, attached to the session.
        side: 1 left, 2 right.
        record: `records.CONTROLLER`, shape (1,): where the state goes.
    """

    def __init__(
        self, calls: Calls, session: Any, actions: ActionSet, side: int, record: NDArray[np.void]
    ) -> None:
        self._xr = calls.xr
        self._session = session
        self._hand = actions.hands[side - 1]
        self._record = record
        self._instance = actions.instance
        self._memory = np.zeros(_STATE_BYTES // 8, np.uint64).view(np.uint8)
        self._seen = b""
        self._infos: list[NDArray[np.void]] = []
        self._calls: list[Callable[[], int]] = []
        kinds = calls.xr.StructureType
        start = 0
        groups = []
        for name, kind, number, names in (
            ("Boolean", structures.STATE_BOOLEAN, kinds.ACTION_STATE_BOOLEAN, _PRESSED),
            ("Boolean", structures.STATE_BOOLEAN, kinds.ACTION_STATE_BOOLEAN, _TOUCHED),
            ("Float", structures.STATE_FLOAT, kinds.ACTION_STATE_FLOAT, _AXES),
            ("Vector2f", structures.STATE_VECTOR, kinds.ACTION_STATE_VECTOR2F, _PADS),
        ):
            end = start + kind.itemsize * len(names)
            states = self._memory[start:end].view(kind)
            states["type"] = number.value
            self._prepare(calls, name, states, [actions.actions[each] for each in names])
            groups.append(states)
            start = end
        self._poses = self._memory[start:].view(structures.STATE_POSE)
        self._poses["type"] = kinds.ACTION_STATE_POSE.value
        self._pose_active = self._poses["is_active"]
        count = len(self._calls)
        self._prepare(calls, "Pose", self._poses, [actions.actions[each] for each in POSES])
        self._pose_calls = self._calls[count:]
        self._calls = self._calls[:count]
        self._bound = self._calls
        self._pressed, self._touched, self._axes, self._pads = (each["value"] for each in groups)
        self._offered = groups[0]["is_active"]
        self._active = [each["is_active"] for each in groups]
        self._press_bits = 1 << np.arange(len(BUTTONS), dtype=np.uint32)
        self._touch_bits = np.array([1 << BUTTONS.index(name) for name in TOUCHABLE], np.uint32)

    def identify(self) -> None:
        """Learns which device is there, after a change of profile."""
        state = self._xr.get_current_interaction_profile(self._session, self._hand)
        path = state.interaction_profile
        name = str(self._xr.path_to_string(self._instance, path)) if path else ""
        self._record["profile"] = encode_text(name, _PROFILE_BYTES)[0]
        self.find_bound()

    def find_bound(self) -> None:
        """Learns which buttons and axes are there; `read` then asks for those only."""
        self._bound = self._calls
        self.read()
        active = np.concatenate(self._active)
        self._bound = [self._calls[each] for each in np.flatnonzero(active)]
        self._record["offered"] = self._press_bits @ (self._offered != 0)

    def present(self) -> bool:
        """Whether the last sync found the controller: its grip or aim pose is active."""
        result = 0
        for call in self._pose_calls:
            result |= call()
        return result >= 0 and self._pose_active.tobytes() != _NEITHER

    def read(self) -> None:
        """Fills the buttons and axes of the record from the last sync."""
        result = 0
        for call in self._bound:
            result |= call()
        if result < 0:
            for active in self._active:
                active[:] = 0
        seen = self._memory.tobytes()
        if seen == self._seen:
            return
        self._seen = seen
        pressed, touched, axes, pads = (active != 0 for active in self._active)
        record = self._record
        record["trigger"], record["squeeze"] = self._axes * axes
        record["stick"], record["trackpad"] = self._pads * pads[:, None]
        record["pressed"] = self._press_bits @ (self._pressed * pressed)
        record["touched"] = self._touch_bits @ (self._touched * touched)

    def _prepare(
        self, calls: Calls, name: str, states: NDArray[np.void], actions: Sequence[Any]
    ) -> None:
        """Binds one call to each action, with all of its arguments converted already."""
        infos = np.zeros(len(actions), structures.ACTION_GET_INFO)
        infos["type"] = calls.xr.StructureType.ACTION_STATE_GET_INFO.value
        infos["action"] = [handle(action) for action in actions]
        infos["subaction_path"] = self._hand
        self._infos.append(infos)
        function = calls.find(
            f"xrGetActionState{name}", ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p
        )
        session = ctypes.c_uint64(handle(self._session))
        self._calls += [
            partial(
                function, session, ctypes.c_void_p(address(infos, each)),
                ctypes.c_void_p(address(states, each)),
            )
            for each in range(len(actions))
        ]
