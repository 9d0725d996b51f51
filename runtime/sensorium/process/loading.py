"""A sense with its engines: loaded, or unavailable with the reason, and tried again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.errors import EngineError, EngineMissing
from sensorium.health import Reason
from sensorium.inference import measured, store
from sensorium.inference.governor.step import StepKind
from sensorium.process.pacing import Pace
from sensorium.process.switching import Loaded, Switch

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.inference.engine import Engine
    from sensorium.inference.gate import Gate
    from sensorium.inference.measured import MeasuredEngine
    from sensorium.perception.sense import Sense, Stream
    from sensorium.process.outputs import Outputs
    from sensorium.process.registry import Part
    from sensorium.process.rings import ChannelRings
    from sensorium.process.sensing import Report

_log = logging.getLogger(__name__)
_RETRY_NS = 1_000_000_000


class SenseSlot:
    """One sense: loaded, or unavailable with the reason, and tried again.

    Args:
        part: The sense.
        outputs: The process's regions.
        rings: What it may look up.
        load: Gives an engine by its name.
        report: Takes what it runs on, or why it does not.
        gate: That its engines' runs go through; None: they begin at once.

    Attributes:
        pace: When it takes up its input.
    """

    def __init__(
        self,
        part: Part,
        outputs: Outputs,
        rings: ChannelRings,
        load: Callable[[str], Engine],
        report: Callable[[Report], None],
        gate: Gate | None = None,
    ) -> None:
        self.part = part
        self.pace = Pace(getattr(part.kind, "TEMPO", None))
        self.rings = rings
        self.streams: tuple[Stream, ...] = ()
        self.reason = Reason.STARTING
        self._outputs = outputs
        self._load = load
        self._report = report
        self._gate = gate
        self._running: Loaded | None = None
        self._switch = Switch(part, self._make)
        self._retry_ns = 0
        self._stamp: object = None
        self._said = ""

    def ensure(self, time_ns: int) -> bool:
        """Loads the sense when it is time to try.

        Returns:
            True when its streams have just become available.
        """
        if self.streams or time_ns < self._retry_ns:
            return False
        self._retry_ns = time_ns + _RETRY_NS
        names, more = self.part.engines(), self.part.may_use()
        stamp = tuple(store.stamp(name) for name in (*names, *more))
        if self.reason == Reason.ENGINE_MISSING and stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._running = self._make(self.part)
            self.streams = self._running.sense.streams()
        except EngineMissing as error:
            self._unavailable(Reason.ENGINE_MISSING, error)
        except EngineError as error:
            self._unavailable(Reason.ENGINE_FAILED, error)
        except Exception as error:  # noqa: BLE001 - one sense's fault must not end the others
            _log.exception("sense %s cannot be made", self.part.name)
            self._unavailable(Reason.FAILED, error)
        else:
            self.reason = Reason.NONE
            self._say()
            return True
        return False

    def turn(self) -> bool:
        """Goes over to its smaller engine, or back, where the governor says so and it is loaded.

        Returns:
            True when its streams are new ones, which go on as after a restart.
        """
        if self._running is None or not self.streams or self.part.smaller is None:
            return False
        smaller = self.pace.allowed.step.kind >= StepKind.SMALLER
        running = self._switch.turn(self._outputs.clock(), self._running, smaller=smaller)
        if running is None:
            return False
        self._running = running
        try:
            self.streams = running.sense.streams()
        except Exception as error:  # noqa: BLE001 - one sense's fault must not end the others
            self.fail(error)
            return False
        return True

    def _make(self, part: Part) -> Loaded:
        engines: dict[str, MeasuredEngine] = {}
        try:
            for name in part.engines():
                engines[name] = measured.load(self._load, name, self._gate)
            for name in part.may_use(engines):
                try:
                    engines[name] = measured.load(self._load, name, self._gate)
                except EngineError as error:
                    _log.warning("sense %s goes without %s: %s", part.name, name, error)
            return Loaded(part, engines, part.kind(part.options, engines, self.rings))
        except BaseException:
            for engine in engines.values():
                engine.close()
            raise

    def settle(self) -> None:
        """Its streams have taken all that is new; see `Sense`."""
        settle = getattr(self._sense, "settle", None)
        if settle is None or not self.streams:
            return
        try:
            settle(self._outputs.publish)
        except Exception as error:  # noqa: BLE001 - one sense's fault must not end the others
            self.fail(error)

    def refresh(self) -> None:
        """Keeps an unavailable sense's channels saying why, and what a live one runs on.

        A live one's streams do what they put off; see `Stream`.
        """
        if not self.streams:
            self._outputs.refuse(self.part.writes, self.reason)
            return
        if self.pace.may_idle(self._outputs.clock()):
            self._idle()
        if self.streams and self._runs_on() != self._said:
            self._say()

    def _idle(self) -> None:
        try:
            for stream in self.streams:
                idle = getattr(stream, "idle", None)
                if idle is not None:
                    idle(self._outputs.publish)
        except Exception as error:  # noqa: BLE001 - one sense's fault must not end the others
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Takes the sense out of service; `ensure` brings it back."""
        _log.error("sense %s failed", self.part.name, exc_info=error)
        if self._running is not None and self._running.part is self.part.smaller:
            self._switch.refuse(self._running.part, error)
        self.streams = ()
        self._stamp = None
        self._unavailable(Reason.ENGINE_FAILED, error)
        self._retry_ns = now_ns() + _RETRY_NS

    def figures(self) -> list[dict[str, Any]]:
        """What its engines are and take; from any thread."""
        return [
            {"sense": self.part.name, **engine.figures()}
            for engine in (*self._engines(), *self._switch.others())
        ]

    def close(self) -> None:
        """Frees the engines."""
        running, self._running = self._running, None
        if running is not None:
            running.close()
        self._switch.close()

    @property
    def _sense(self) -> Sense | None:
        return self._running.sense if self._running is not None else None

    def _engines(self) -> tuple[MeasuredEngine, ...]:
        running = self._running
        return tuple(running.engines.values()) if running is not None else ()

    def _say(self) -> None:
        self._said = self._runs_on()
        self._report((self.part.name, "live", self._said, ""))

    def _runs_on(self) -> str:
        """Each engine, its precision and where it runs; why, where that is to be said."""
        engines = ", ".join(
            f"{engine.name} {engine.precision.name.lower()} on {engine.device.name}"
            + (f" ({engine.note})" if engine.note else "")
            for engine in self._engines()
        )
        note = getattr(self._sense, "note", "")
        return "; ".join(filter(None, (engines, note, self._switch.refused)))

    def _unavailable(self, reason: Reason, error: Exception) -> None:
        self.close()
        if self.reason != reason:
            _log.warning("sense %s is unavailable: %s", self.part.name, error)
        self.reason = reason
        remedy = getattr(error, "remedy", "") or "see the daemon's log"
        message = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
        self._report((self.part.name, "unavailable", message, remedy))
        self._outputs.refuse(self.part.writes, reason)
