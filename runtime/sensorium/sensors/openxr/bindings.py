"""Which component of which controller feeds which action.

One table for each interaction profile of the OpenXR specification (chapter "Interaction Profile
Paths", and the extension of each later one). A runtime takes the profile of the device that is
there, or maps its device to one of these. Where a controller has no click for a trigger or grip,
its value is bound to the boolean action: the runtime applies its own threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BUTTONS = ("trigger", "squeeze", "stick", "trackpad", "primary", "secondary", "menu", "system")
"""The buttons in the order of their bits in a controller record: 1, 2, 4, ... 128."""

TOUCHABLE = ("trigger", "squeeze", "stick", "trackpad", "primary", "secondary", "system")
"""Those that some controller reports a touch of."""

SIDES = ("left", "right")

_TRIGGER = {"trigger": "trigger/value", "press_trigger": "trigger/value"}
_SQUEEZE = {"squeeze": "squeeze/value", "press_squeeze": "squeeze/value"}
_SQUEEZE_CLICK = {"squeeze": "squeeze/click", "press_squeeze": "squeeze/click"}
_STICK = {"stick": "thumbstick", "press_stick": "thumbstick/click"}
_TRACKPAD = {"trackpad": "trackpad", "press_trackpad": "trackpad/click"}
_PAD_TOUCH = {"touch_trackpad": "trackpad/touch"}
_MENU = {"press_menu": "menu/click"}
_SYSTEM = {"press_system": "system/click"}
_XY = {"press_primary": "x/click", "press_secondary": "y/click"}
_AB = {"press_primary": "a/click", "press_secondary": "b/click"}
_XY_TOUCH = {"touch_primary": "x/touch", "touch_secondary": "y/touch"}
_AB_TOUCH = {"touch_primary": "a/touch", "touch_secondary": "b/touch"}
_TOUCHES = {"touch_trigger": "trigger/touch", "touch_stick": "thumbstick/touch"}
_CLICKED = {"trigger": "trigger/value", "press_trigger": "trigger/click"}


@dataclass(frozen=True)
class Profile:
    """The bindings of one interaction profile.

    Attributes:
        path: Below `/interaction_profiles/`.
        extension: That an instance needs for it; empty: part of OpenXR 1.0.
        both: Action to component path below `/user/hand/SIDE/input/`.
        left: What the left controller has besides.
        right: What the right controller has besides.
    """

    path: str
    extension: str = ""
    both: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    right: Mapping[str, str] = field(default_factory=dict)

    def bindings(self) -> Iterator[tuple[str, str]]:
        """Yields action and full binding path, the two poses first."""
        for side, own in zip(SIDES, (self.left, self.right), strict=True):
            top = f"/user/hand/{side}/input"
            yield "grip", f"{top}/grip/pose"
            yield "aim", f"{top}/aim/pose"
            for action, component in (*self.both.items(), *own.items()):
                yield action, f"{top}/{component}"


def _touch(path: str, extension: str = "") -> Profile:
    """Meta's Touch controllers, which later profiles extend."""
    return Profile(
        path, extension, _TRIGGER | _SQUEEZE | _STICK | _TOUCHES,
        _XY | _XY_TOUCH | _MENU, _AB | _AB_TOUCH,
    )


_BOTH_SQUEEZES = {"squeeze": "squeeze/value", "press_squeeze": "squeeze/click"}
_PICO = _CLICKED | _STICK | _TOUCHES | _BOTH_SQUEEZES

PROFILES = (
    Profile(
        "khr/simple_controller", "",
        {"trigger": "select/click", "press_trigger": "select/click"} | _MENU,
    ),
    _touch("oculus/touch_controller"),
    Profile(
        "valve/index_controller", "",
        _CLICKED | _SQUEEZE | _STICK | _TOUCHES | _AB | _AB_TOUCH | _SYSTEM | _PAD_TOUCH
        | {
            "trackpad": "trackpad", "press_trackpad": "trackpad/force",
            "touch_system": "system/touch",
        },
    ),
    Profile(
        "htc/vive_controller", "",
        _CLICKED | _SQUEEZE_CLICK | _TRACKPAD | _PAD_TOUCH | _MENU | _SYSTEM,
    ),
    Profile(
        "microsoft/motion_controller", "",
        _TRIGGER | _SQUEEZE_CLICK | _STICK | _TRACKPAD | _PAD_TOUCH | _MENU,
    ),
    Profile(
        "hp/mixed_reality_controller", "XR_EXT_hp_mixed_reality_controller",
        _TRIGGER | _SQUEEZE | _STICK | _MENU, _XY, _AB,
    ),
    Profile(
        "samsung/odyssey_controller", "XR_EXT_samsung_odyssey_controller",
        _TRIGGER | _SQUEEZE_CLICK | _STICK | _TRACKPAD | _PAD_TOUCH | _MENU,
    ),
    Profile(
        "htc/vive_cosmos_controller", "XR_HTC_vive_cosmos_controller_interaction",
        _CLICKED | _SQUEEZE_CLICK | _STICK | {"touch_stick": "thumbstick/touch"},
        _XY | _MENU, _AB | _SYSTEM,
    ),
    Profile(
        "htc/vive_focus3_controller", "XR_HTC_vive_focus3_controller_interaction",
        _CLICKED | _STICK | _TOUCHES | _BOTH_SQUEEZES | {"touch_squeeze": "squeeze/touch"},
        _XY | _MENU, _AB | _SYSTEM,
    ),
    Profile(
        "bytedance/pico_neo3_controller", "XR_BD_controller_interaction",
        _PICO | _MENU | _SYSTEM, _XY | _XY_TOUCH, _AB | _AB_TOUCH,
    ),
    Profile(
        "bytedance/pico4_controller", "XR_BD_controller_interaction",
        _PICO | _SYSTEM, _XY | _XY_TOUCH | _MENU, _AB | _AB_TOUCH,
    ),
    _touch("facebook/touch_controller_pro", "XR_FB_touch_controller_pro"),
    _touch("meta/touch_controller_plus", "XR_META_touch_controller_plus"),
    Profile(
        "ml/ml2_controller", "XR_ML_ml2_controller_interaction",
        _CLICKED | _TRACKPAD | _PAD_TOUCH | _MENU,
    ),
    Profile(
        "ext/hand_interaction_ext", "XR_EXT_hand_interaction",
        {
            "trigger": "pinch_ext/value", "press_trigger": "pinch_ext/value",
            "squeeze": "grasp_ext/value", "press_squeeze": "grasp_ext/value",
        },
    ),
)
"""Every profile that is offered to the runtime."""

EXTENSIONS = frozenset(profile.extension for profile in PROFILES if profile.extension)


def offered(extensions: frozenset[str]) -> Iterator[Profile]:
    """Yields the profiles that an instance with these extensions knows."""
    for profile in PROFILES:
        if not profile.extension or profile.extension in extensions:
            yield profile
