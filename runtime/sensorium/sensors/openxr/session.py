"""A headless OpenXR session: its states, its space, its rate."""

from __future__ import annotations

import ctypes
import logging
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensorError
from sensorium.health import Reason
from sensorium.sensors.openxr.calls import Calls
from sensorium.sensors.openxr.events import Events, Lost
from sensorium.sensors.openxr.runtime import REFRESH_RATE
from sensorium.sensors.openxr.spaces import Recentres, create_reference_space
from sensorium.sensors.openxr.timing import TimeConverter
from sensorium.sensors.outlet import Origin

if TYPE_CHECKING:
    from sensorium.sensors.openxr.options import OpenXROptions
    from sensorium.sensors.openxr.runtime import Runtime

_log = logging.getLogger(__name__)


class Session:
    """One session of a connected runtime.

    Args:
        runtime: The connected runtime.
        options: Of the sensor.
        generation: Recentres counted so far.

    Attributes:
        calls: The instance's functions.
        converter: From the shared clock to XrTime.
        handle: The XrSession.
        base: The XrSpace that everything is located in.
        profiles_changed: Set when a controller came, went or was exchanged; cleared by the user.
        state: In one word, for example `focused`.
        running: Whether the session has begun, so that poses can be located.
        rate_hz: The display's rate where the runtime says it, else None.

    Raises:
        SensorError: The runtime refuses a headless session.
    """

    def __init__(self, runtime: Runtime, options: OpenXROptions, generation: int) -> None:
        xr = runtime.xr
        self._xr = xr
        self.calls = Calls(xr, runtime.instance)
        self.converter = TimeConverter(self.calls)
        self._events = Events(self.calls)
        try:
            self.handle: Any = xr.create_session(
                runtime.instance, xr.SessionCreateInfo(system_id=runtime.system)
            )
            self._reference = create_reference_space(runtime, self.handle, options.space)
        except xr.exception.XrException as error:
            raise SensorError(
                f"the OpenXR runtime refuses a headless session: {type(error).__name__}", "",
                Reason.RUNTIME_MISSING,
            ) from error
        self.base = self._reference.space
        self._recentres = Recentres(generation)
        self.state = "unknown"
        self.running = False
        self.profiles_changed = True
        self.rate_hz = self._display_rate(runtime.extensions)

    @property
    def origin(self) -> Origin:
        """The space that poses are told in."""
        return Origin(self._reference.number, self._recentres.generation)

    def take_events(self) -> None:
        """Follows what the runtime says.

        Raises:
            Lost: The runtime ends the session or is gone.
        """
        xr = self._xr
        for event in self._events.take():
            if isinstance(event, xr.EventDataSessionStateChanged):
                self._enter(event.state)
            elif isinstance(event, xr.EventDataReferenceSpaceChangePending):
                if event.reference_space_type.value == self._reference.kind:
                    self._recentres.announce(int(event.change_time))
            elif isinstance(event, xr.EventDataInteractionProfileChanged):
                self.profiles_changed = True
            elif isinstance(event, xr.EventDataDisplayRefreshRateChangedFB):
                self.rate_hz = event.to_display_refresh_rate or None

    def recentred(self, xr_time: int) -> bool:
        """Whether the origin has moved since the last call; `origin` then says so."""
        return self._recentres.settle(xr_time)

    def close(self) -> None:
        """Ends the session, as far as the runtime still answers."""
        try:
            self._xr.destroy_session(self.handle)
        except self._xr.exception.XrException as error:
            _log.debug("the OpenXR session was gone: %r", error)

    def _enter(self, state: Any) -> None:
        states = self._xr.SessionState
        _log.debug("OpenXR session: %s", state.name)
        self.state = str(state.name).lower()
        self.running = state in {states.SYNCHRONIZED, states.VISIBLE, states.FOCUSED}
        try:
            if state == states.READY:
                self._xr.begin_session(self.handle, self._xr.SessionBeginInfo())
            elif state == states.STOPPING:
                self._xr.end_session(self.handle)
        except self._xr.exception.XrException as error:
            raise Lost(f"the OpenXR session ended: {type(error).__name__}") from error
        if state in {states.EXITING, states.LOSS_PENDING}:
            raise Lost("the OpenXR runtime ends the session")

    def _display_rate(self, extensions: frozenset[str]) -> float | None:
        if REFRESH_RATE not in extensions:
            return None
        function = self.calls.find(
            "xrGetDisplayRefreshRateFB", ctypes.c_uint64, ctypes.c_void_p
        )
        rate = ctypes.c_float()
        number = ctypes.cast(self.handle, ctypes.c_void_p).value
        if function(number, ctypes.addressof(rate)) < 0 or not rate.value >= 1.0:
            return None
        return rate.value
