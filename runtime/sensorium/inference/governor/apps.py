"""The apps that tell frames, and the one of them that is worst off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.inference.governor.app_frames import SILENT_NS, AppFrames
from sensorium.inference.governor.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable

_REMEMBERED = 16
"""Apps whose counts are kept; of more, the one is forgotten that told none for the longest time."""
_WORSE = 0.1
"""By how much more an app must fill its frames to be held instead of another with the same risk."""


class Apps:
    """Keeps each app's frames and says whose are held.

    Args:
        policy: Of apps that have none of their own.

    Attributes:
        default: That policy.
        live: Apps that tell frames and whose policy is not `NONE`.
        held: The worst off of them; None: there is none.
        pausing: Whether one of them asks that all be paused.
    """

    def __init__(self, policy: Policy) -> None:
        self.default = policy
        self.live: list[AppFrames] = []
        self.held: AppFrames | None = None
        self.pausing = False
        self._own: dict[str, Policy] = {}
        self._known: dict[str, AppFrames] = {}

    def policy(self, app: str) -> Policy:
        """What holds for an app."""
        return self._own.get(app, self.default)

    def set_policy(self, policy: Policy | None, app: str) -> None:
        """Sets the policy of an app, or of all that have none of their own if `app` is empty.

        Args:
            policy: None: the app has none of its own any more.
            app: Its name.
        """
        if not app:
            self.default = policy if policy is not None else Policy.FRAMES
        elif policy is None:
            self._own.pop(app, None)
        else:
            self._own[app] = policy

    def of(self, name: str) -> AppFrames:
        """The frames of an app, from its first one on."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = AppFrames(name)
            if len(self._known) > _REMEMBERED:
                others = (each for each in self._known.values() if each is not found)
                del self._known[min(others, key=lambda each: each.told_ns).name]
        return found

    def known(self, name: str) -> AppFrames | None:
        """The frames of an app; None: it has told none."""
        return self._known.get(name)

    def forget(self, name: str) -> None:
        """Of an app that has ended nothing is kept."""
        self._known.pop(name, None)

    def look(self, now_ns: int) -> None:
        """Makes `live`, `held` and `pausing` anew."""
        self.live = [
            each
            for each in self._known.values()
            if each.frames
            and now_ns - each.told_ns < SILENT_NS
            and self.policy(each.name) is not Policy.NONE
        ]
        pausing = [each for each in self.live if self.policy(each.name) is Policy.PAUSE]
        self.pausing = bool(pausing)
        self.held = self._worst(pausing or self.live)

    def _worst(self, among: Iterable[AppFrames]) -> AppFrames | None:
        worst = max(among, key=lambda each: (each.risk, each.fill), default=None)
        held = self.held
        if (
            worst is not None
            and held is not None
            and held in among
            and worst.risk == held.risk
            and worst.fill <= held.fill + _WORSE
        ):
            return held
        return worst
