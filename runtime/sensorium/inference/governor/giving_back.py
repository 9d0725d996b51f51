"""When a sense gets back what was taken from it, and what is remembered of where that failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sensorium.inference.governor.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.inference.governor.app_frames import AppFrames

EVERY_NS = 1_000_000_000
"""So long at least from one change to the next that gives back."""
_BLAMED_NS = 60_000_000_000
"""Frames that get into trouble so soon after something was given back do so because of it."""
_SHORT_HOLD_NS, _HOLD_NS = 2_000_000_000, 8_000_000_000
_LONGER, _LONGEST_NS = 4, 300_000_000_000
"""How long it is not tried again, of an app with much room and of others; each time it failed so
many times as long, up to the last."""
_REMEMBERED_NS = 900_000_000_000
_OTHER_LOAD = 0.1
"""An app whose frames fill their period by more or less than this carries another load."""
_HEAVIER = 0.25
"""An app that fills so much more since something was given back would be in trouble anyway."""
_AGAIN_NS = 5_000_000_000
_BARS = 8
_ROOMY, _TIGHT = 0.6, 0.9
"""What frames fill where there is much room, and where there is little."""
_CALM_NS = {Policy.QUALITY: 1_500_000_000, Policy.FRAMES: 2_000_000_000}
_PATIENCE = 4
"""Where there is little, frames must have been in time for so many times as long."""


def calm_ns(app: AppFrames, policy: Policy) -> float:
    """How long no frame of an app is late, missed or close before something is given back.

    An app with much room was late by chance, or carried another load; one that nearly fills its
    frames is late again soon.

    Args:
        app: Whose frames they are.
        policy: That holds for it.
    """
    little = 0.0 if app.heedless else (app.fill - _ROOMY) / (_TIGHT - _ROOMY)
    return _CALM_NS[policy] * (1.0 + (_PATIENCE - 1) * min(max(little, 0.0), 1.0))


class Given(NamedTuple):
    """Levels that were given back.

    Attributes:
        at_ns: Monotonic, when.
        before: The level until then.
        after: The level from then on.
        fills: `AppFrames.fill` of each app right before.
    """

    at_ns: int
    before: int
    after: int
    fills: dict[str, float]


@dataclass(slots=True)
class Bar:
    """A level that was too low for an app's load.

    Attributes:
        fill: `AppFrames.fill` at the next higher one.
        level: That is not to be gone below, or to.
        hold_ns: How long.
        until_ns: Monotonic.
    """

    fill: float
    level: int
    hold_ns: int
    until_ns: int


class GivingBack:
    """Says down to which level may be given back.

    Attributes:
        top: The level from which it began.
    """

    def __init__(self) -> None:
        self.top = 0
        self._given: list[Given] = []
        self._bars: dict[str, list[Bar]] = {}
        self._returned_ns: int | None = None
        self._doubted: tuple[str, Bar] | None = None

    def taken(self, level: int) -> None:
        """More was taken, for another reason than that something was given back."""
        self.top = level
        self._given.clear()

    def given(self, level: int, after: int, apps: Iterable[AppFrames], now_ns: int) -> None:
        """`after` is the level now, `level` was it before."""
        fills = {app.name: app.fill for app in apps}
        self._given.append(Given(now_ns, level, after, fills))

    def failed(self, level: int, app: AppFrames, now_ns: int) -> int | None:
        """The level to go back to, where an app's trouble is that something was given back to it.

        Args:
            level: The present one.
            app: Whose frames are in trouble.
            now_ns: Monotonic.

        Returns:
            None where it has another reason, or going back did not help just now.
        """
        if not self._given:
            return None
        given = self._given[-1]
        fill = given.fills.get(app.name)
        if (
            given.after != level
            or fill is None
            or now_ns - given.at_ns > _BLAMED_NS
            or app.fill > fill + _HEAVIER
            or (self._returned_ns is not None and now_ns - self._returned_ns < _AGAIN_NS)
        ):
            return None
        self._given.pop()
        self._returned_ns = now_ns
        self._doubted = app.name, self._bar(app.name, fill, level, now_ns)
        return given.before

    def look(self, app: AppFrames) -> None:
        """An app's percentiles are new: was it what was given back that made its frames late?

        Where they are longer by far though that was taken again, the app carries a heavier load
        since. Then the level is too low for that one, and nothing is known of the one before.
        """
        if self._doubted is None or self._doubted[0] != app.name or not app.measured:
            return
        _, bar = self._doubted
        self._doubted = None
        if app.fill > bar.fill + _HEAVIER:
            bar.fill = app.fill

    def target(
        self, level: int, parts: int, apps: Iterable[AppFrames], now_ns: int
    ) -> int | None:
        """The next level down; None: it is to stay.

        Args:
            level: The present one.
            parts: In how many the whole way down is gone.
            apps: Whose frames are held.
            now_ns: Monotonic.
        """
        goal = max(0, level - -(-max(self.top, level) // parts))
        for app in apps:
            for bar in self._bars.get(app.name, ()):
                if not goal <= bar.level < level or abs(bar.fill - app.fill) > _OTHER_LOAD:
                    continue
                over = bar.level if now_ns >= bar.until_ns else (bar.level + level + 1) // 2
                goal = max(goal, over)
        return goal if goal < level else None

    def forget(self, app: str) -> None:
        """Of an app that has ended nothing is kept."""
        self._bars.pop(app, None)

    def _bar(self, app: str, fill: float, level: int, now_ns: int) -> Bar:
        bars = [
            bar
            for bar in self._bars.get(app, ())
            if now_ns - bar.until_ns < _REMEMBERED_NS
        ][-_BARS:]
        hold = _SHORT_HOLD_NS if fill <= _ROOMY else _HOLD_NS
        for bar in [bar for bar in bars if abs(bar.fill - fill) <= _OTHER_LOAD]:
            if bar.level == level:
                hold = max(hold, min(bar.hold_ns * _LONGER, _LONGEST_NS))
            if bar.level <= level:
                bars.remove(bar)
        made = Bar(fill, level, hold, now_ns + hold)
        self._bars[app] = [*bars, made]
        return made
