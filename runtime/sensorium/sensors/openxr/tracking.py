"""One poll of a running session: everything located for one time, and published."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sensorium.health import Reason
from sensorium.sensors.openxr import gaze as eyes
from sensorium.sensors.openxr.actions import ActionSet
from sensorium.sensors.openxr.controllers import HEAD, Controllers, pose_spaces
from sensorium.sensors.openxr.gaze import Gaze
from sensorium.sensors.openxr.hands import LEFT, RIGHT, Hands
from sensorium.sensors.openxr.head import Head
from sensorium.sensors.openxr.locating import create_locator
from sensorium.sensors.openxr.spaces import create_space

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.sensors.openxr.options import OpenXROptions
    from sensorium.sensors.openxr.runtime import Runtime
    from sensorium.sensors.openxr.session import Session
    from sensorium.sensors.outlet import Outlet

_log = logging.getLogger(__name__)

_PROBE_HZ = 9.0
"""How often an absent hand or controller is looked for; events are taken twice as often."""
_OTHERS = 4
_CONTROLLERS = 8
"""With the sides of hands, 1 and 2: the bits of what is due in a poll."""


class _Turns:
    """In which polls the rarer work is done: spread, so that no poll is much longer than others.

    Attributes:
        rate_hz: Polls a second.
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        # Both hands at once: what sleeps on them is woken once.
        parts = (LEFT | RIGHT, _OTHERS, _CONTROLLERS, _OTHERS)
        self._plan = [0] * max(round(rate_hz / _PROBE_HZ), 1)
        for number, part in enumerate(parts):
            self._plan[number * len(self._plan) // len(parts)] |= part
        self._tick = -1

    def next(self) -> int:
        """The bits of what is due in the next poll."""
        self._tick = (self._tick + 1) % len(self._plan)
        return self._plan[self._tick]


class Tracking:
    """Polls one session.

    Args:
        runtime: The connected runtime.
        session: A session of it.
        options: Of the sensor.
        outlets: Channel name to outlet.
    """

    def __init__(
        self, runtime: Runtime, session: Session, options: OpenXROptions, outlets: dict[str, Outlet]
    ) -> None:
        self._session = session
        self._outlets = outlets
        self._absent: dict[str, Reason] = {}
        self._turns = _Turns(options.rate_hz)
        self._offset_ns = 0
        hands = {LEFT: outlets["hand_left"], RIGHT: outlets["hand_right"]}
        controllers = {LEFT: outlets["controller_left"], RIGHT: outlets["controller_right"]}
        self._hands: Hands | None = None
        if options.hands and runtime.hand_tracking:
            self._hands = _track_hands(runtime, session, hands)
        if not self._hands:
            self._lack(("hand_left", "hand_right"), options.hands)
        with_gaze = options.gaze and eyes.supported(runtime)
        actions = self._actions = ActionSet(runtime, session.handle, session.calls, with_gaze)
        self._gaze: Gaze | None = None
        if with_gaze:
            self._gaze = Gaze(
                session.calls, actions.space("gaze"), session.base, outlets["gaze"].record
            )
        else:
            self._lack(("gaze",), options.gaze)
        head = create_space(runtime, session.handle, runtime.xr.ReferenceSpaceType.VIEW)
        self._locator = create_locator(
            session.calls, session.handle, session.base, pose_spaces(actions, head),
            runtime.extensions,
        )
        self._head = Head(
            session, head, self._locator.room, HEAD, outlets["head"].record["pose"]
        )
        self._controllers: Controllers | None = None
        if options.controllers:
            self._controllers = Controllers(session, actions, self._locator.room, controllers)
        else:
            self._lack(("controller_left", "controller_right"), wanted=False)
        self._set_origin()

    @property
    def lacks(self) -> tuple[str, ...]:
        """The channels that this headset or runtime does not offer."""
        return tuple(
            name for name, reason in self._absent.items() if reason is Reason.NOT_OFFERED
        )

    def poll(self, now_ns: int, rate_hz: float) -> None:
        """Locates everything for `now_ns` and publishes it.

        Args:
            now_ns: The time to locate for, of the shared clock.
            rate_hz: How often this is called.

        Raises:
            Lost: The session is gone.
        """
        session = self._session
        turns = self._turns
        if rate_hz != turns.rate_hz:
            turns = self._turns = _Turns(rate_hz)
        due = turns.next()
        if due & _OTHERS:
            session.take_events()
            # Both clocks are monotonic and hardly drift, so their difference holds for a while.
            self._offset_ns = session.converter.xr_time(now_ns) - now_ns
            for name, reason in self._absent.items():
                self._outlets[name].withhold(now_ns, reason)
        xr_time = now_ns + self._offset_ns
        if not session.running or xr_time <= 0:
            self._withhold_all(now_ns)
            return
        if session.recentred(xr_time):
            self._set_origin()
        self._poll_spaces(now_ns, xr_time, due)
        if self._hands:
            self._hands.poll(now_ns, xr_time, due)

    def _poll_spaces(self, now_ns: int, xr_time: int, due: int) -> None:
        controllers = self._controllers
        present = controllers is not None and controllers.any_present
        syncing = present or self._gaze is not None or due & _CONTROLLERS
        if syncing:
            self._actions.sync()
            if controllers:
                controllers.find()
                present = controllers.any_present
        if controllers and present:
            self._locator.locate(xr_time, *controllers.span)
            found = self._head.take() or self._head.locate(xr_time)
        else:
            found = self._head.locate(xr_time)
        if found:
            self._outlets["head"].publish(now_ns)
        else:
            # A runtime that was killed finds nothing and reports no error: its events say so.
            self._session.take_events()
            self._outlets["head"].withhold(now_ns, Reason.INACTIVE)
        if controllers and syncing:
            controllers.publish(now_ns)
        if self._gaze:
            if self._gaze.locate(xr_time, -self._offset_ns):
                self._outlets["gaze"].publish(now_ns)
            else:
                self._outlets["gaze"].withhold(now_ns, Reason.INACTIVE)

    def _withhold_all(self, now_ns: int) -> None:
        for name, outlet in self._outlets.items():
            outlet.withhold(now_ns, self._absent.get(name, Reason.INACTIVE))

    def _set_origin(self) -> None:
        for outlet in self._outlets.values():
            outlet.set_origin(self._session.origin)

    def _lack(self, channels: tuple[str, ...], wanted: bool) -> None:
        reason = Reason.NOT_OFFERED if wanted else Reason.NOT_CONFIGURED
        self._absent.update(dict.fromkeys(channels, reason))


def _track_hands(
    runtime: Runtime, session: Session, outlets: Mapping[int, Outlet]
) -> Hands | None:
    """Trackers of both hands; None where the runtime refuses them after all."""
    try:
        return Hands(session, outlets)
    except runtime.xr.exception.XrException as error:
        _log.info("the OpenXR runtime refuses to track hands: %s", type(error).__name__)
        return None
