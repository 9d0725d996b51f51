"""One poll of a running session: everything located for one time, and published."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sensorium.health import Reason
from sensorium.sensors.openxr import gaze as eyes
from sensorium.sensors.openxr.actions import ActionSet
from sensorium.sensors.openxr.controllers import HEAD, Controllers, pose_spaces
from sensorium.sensors.openxr.gaze import Gaze
from sensorium.sensors.openxr.hands import Hands
from sensorium.sensors.openxr.locating import create_locator
from sensorium.sensors.openxr.poses import ORIENTATION_VALID, PoseCopy
from sensorium.sensors.openxr.spaces import create_space

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.sensors.openxr.options import OpenXROptions
    from sensorium.sensors.openxr.outlet import Outlet
    from sensorium.sensors.openxr.runtime import Runtime
    from sensorium.sensors.openxr.session import Session

_log = logging.getLogger(__name__)

_HANDS_HZ = 30.0
"""How often an untracked hand is looked for."""
_CONTROLLERS_HZ = 15.0
"""How often an absent controller is looked for."""
_EVENTS_HZ = 15.0
_HEAD_ONLY = (HEAD, HEAD + 1)
_CLOCK_HZ = 2.0
"""How often the runtime's clock is compared with ours: both are monotonic and hardly drift."""


class _Ticks:
    """How many polls lie between those that do more."""

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.hands = max(round(rate_hz / _HANDS_HZ), 1)
        self.controllers = max(round(rate_hz / _CONTROLLERS_HZ), 1)
        self.events = max(round(rate_hz / _EVENTS_HZ), 1)
        self.clock = max(round(rate_hz / _CLOCK_HZ), 1)


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
        self._tick = 0
        self._ticks = _Ticks(options.rate_hz)
        self._offset_ns = 0
        hands = {1: outlets["hand_left"], 2: outlets["hand_right"]}
        controllers = {1: outlets["controller_left"], 2: outlets["controller_right"]}
        self._hands: Hands | None = None
        if options.hands and runtime.hand_tracking:
            self._hands = _track_hands(runtime, session, hands)
        if not self._hands:
            self._lack(("hand_left", "hand_right"), options.hands)
        with_gaze = options.gaze and eyes.supported(runtime)
        actions = ActionSet(runtime, session.handle, session.calls, with_gaze)
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
        self._head = PoseCopy(self._locator.room, HEAD, outlets["head"].record["pose"])
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
        if rate_hz != self._ticks.rate_hz:
            self._ticks = _Ticks(rate_hz)
        if self._tick % self._ticks.events == 0:
            session.take_events()
        if self._tick % self._ticks.clock == 0:
            self._offset_ns = session.converter.xr_time(now_ns) - now_ns
        xr_time = now_ns + self._offset_ns
        self._tick += 1
        if not session.running or xr_time <= 0:
            self._withhold_all(now_ns)
            return
        if session.recentred(xr_time):
            self._set_origin()
        for name, reason in self._absent.items():
            self._outlets[name].withhold(now_ns, reason)
        self._poll_spaces(now_ns, xr_time)
        if self._hands:
            self._hands.poll(now_ns, xr_time, probing=self._tick % self._ticks.hands == 0)

    def _poll_spaces(self, now_ns: int, xr_time: int) -> None:
        controllers = self._controllers
        # Not in the polls that look for hands: the work is spread.
        probing = self._tick % self._ticks.controllers == 1 % self._ticks.controllers
        with_controllers = controllers and (probing or controllers.any_present)
        if controllers and with_controllers:
            controllers.sync()
        span = controllers.span if controllers else _HEAD_ONLY
        self._locator.locate(xr_time, *span)
        found = self._head.copy() & ORIENTATION_VALID
        if not found and span != _HEAD_ONLY:
            self._locator.locate(xr_time, *_HEAD_ONLY)
            found = self._head.copy() & ORIENTATION_VALID
        if found:
            self._outlets["head"].publish(now_ns)
        else:
            # A runtime that was killed finds nothing and reports no error: its events say so.
            self._session.take_events()
            self._outlets["head"].withhold(now_ns, Reason.INACTIVE)
        if controllers and with_controllers:
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
