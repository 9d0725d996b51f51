"""The action set that controllers and eyes are read through."""

from __future__ import annotations

import ctypes
import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.sensors.openxr import bindings, structures
from sensorium.sensors.openxr.calls import SESSION_NOT_FOCUSED, handle
from sensorium.sensors.openxr.events import Lost
from sensorium.sensors.openxr.structures import address

if TYPE_CHECKING:
    from sensorium.sensors.openxr.calls import Calls
    from sensorium.sensors.openxr.runtime import Runtime

_log = logging.getLogger(__name__)

GAZE_PROFILE = "/interaction_profiles/ext/eye_gaze_interaction"
GAZE_BINDING = "/user/eyes_ext/input/gaze_ext/pose"


class ActionSet:
    """All actions, suggested to the runtime and attached to a session.

    Args:
        runtime: The connected runtime.
        session: The XrSession.
        calls: The instance's functions.
        with_gaze: Whether to add the gaze pose.

    Attributes:
        actions: Name to XrAction: `grip`, `aim`, `trigger`, `squeeze`, `stick`, `trackpad`,
            `press_BUTTON`, `touch_BUTTON`, and `gaze` where asked for.
        hands: The paths /user/hand/left and /user/hand/right.
        instance: The XrInstance.
        has_input: Whether the last sync found input; a session without focus has none.
    """

    def __init__(self, runtime: Runtime, session: Any, calls: Calls, with_gaze: bool) -> None:
        self._xr = runtime.xr
        self.instance = runtime.instance
        self._session = session
        self.has_input = False
        xr = self._xr
        self.hands = tuple(
            xr.string_to_path(self.instance, f"/user/hand/{side}") for side in bindings.SIDES
        )
        self._set = xr.create_action_set(
            self.instance,
            xr.ActionSetCreateInfo(
                action_set_name="sensorium", localized_action_set_name="Sensorium", priority=0
            ),
        )
        kinds = xr.ActionType
        self.actions: dict[str, Any] = {}
        for kind, names in (
            (kinds.POSE_INPUT, ("grip", "aim")),
            (kinds.FLOAT_INPUT, ("trigger", "squeeze")),
            (kinds.VECTOR2F_INPUT, ("stick", "trackpad")),
            (kinds.BOOLEAN_INPUT, [f"press_{name}" for name in bindings.BUTTONS]),
            (kinds.BOOLEAN_INPUT, [f"touch_{name}" for name in bindings.TOUCHABLE]),
        ):
            for name in names:
                self._create(name, kind, self.hands)
        for profile in bindings.offered(runtime.extensions):
            self._suggest(f"/interaction_profiles/{profile.path}", profile.bindings())
        if with_gaze:
            self._create("gaze", kinds.POSE_INPUT, ())
            self._suggest(GAZE_PROFILE, [("gaze", GAZE_BINDING)])
        xr.attach_session_action_sets(
            session, xr.SessionActionSetsAttachInfo(action_sets=[self._set])
        )
        self._prepare_sync(calls)

    def sync(self) -> None:
        """Takes over the newest state of all actions.

        Raises:
            Lost: The session is gone.
        """
        result = self._sync(self._session_number, self._sync_address)
        if result < 0:
            raise Lost(f"the OpenXR session is gone (result {result})")
        self.has_input = result != SESSION_NOT_FOCUSED

    def space(self, action: str, hand: int = 0) -> Any:
        """Creates the space of a pose action.

        Args:
            action: grip, aim or gaze.
            hand: Of `hands`; 0 for gaze.
        """
        info = self._xr.ActionSpaceCreateInfo(action=self.actions[action], subaction_path=hand)
        return self._xr.create_action_space(self._session, info)

    def _create(self, name: str, kind: Any, hands: tuple[Any, ...]) -> None:
        info = self._xr.ActionCreateInfo(
            action_name=name, action_type=kind, subaction_paths=list(hands) or None,
            localized_action_name=name.replace("_", " "),
        )
        self.actions[name] = self._xr.create_action(self._set, info)

    def _suggest(self, profile: str, wanted: Any) -> None:
        xr = self._xr
        suggested = [
            xr.ActionSuggestedBinding(
                action=self.actions[action], binding=xr.string_to_path(self.instance, path)
            )
            for action, path in wanted
        ]
        try:
            xr.suggest_interaction_profile_bindings(
                self.instance,
                xr.InteractionProfileSuggestedBinding(
                    interaction_profile=xr.string_to_path(self.instance, profile),
                    suggested_bindings=suggested,
                ),
            )
        except xr.exception.XrException as error:
            _log.info("the OpenXR runtime refuses the bindings of %s: %r", profile, error)

    def _prepare_sync(self, calls: Calls) -> None:
        active = np.zeros(1, [("set", "<u8"), ("path", "<u8")])
        active["set"] = handle(self._set)
        info = np.zeros(1, structures.SPACE_ARRAY)
        info["type"] = self._xr.StructureType.ACTIONS_SYNC_INFO.value
        info["count"] = 1
        info["address"] = address(active)
        self._sync_arrays = (active, info)
        self._sync_address = address(info)
        self._session_number = handle(self._session)
        self._sync = calls.find("xrSyncActions", ctypes.c_uint64, ctypes.c_void_p)
