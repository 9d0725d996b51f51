"""A sense's configured engine and its smaller one: which it runs on, as the governor says."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, NamedTuple

from sensorium.inference import store

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.inference.measured import MeasuredEngine
    from sensorium.perception.sense import Sense
    from sensorium.process.registry import Part

_log = logging.getLogger(__name__)
STAYS_NS = 5_000_000_000
"""From one change to the next, at least: what it recognises does not go to and fro."""
KEPT_NS = 60_000_000_000
"""The engine that was left stays loaded for so long."""


class Loaded(NamedTuple):
    """A sense with its engines.

    Attributes:
        part: With the options that name the engines.
        engines: By the name of their card.
        sense: Made with them.
    """

    part: Part
    engines: dict[str, MeasuredEngine]
    sense: Sense

    def close(self) -> None:
        """Frees the engines."""
        for engine in self.engines.values():
            engine.close()


class Switch:
    """Loads what a sense is to change to, in a thread of its own, and keeps what it left.

    Args:
        part: The sense as it is configured.
        make: Loads it with the options of a part; raises what is wrong.

    Attributes:
        refused: Why the other engine cannot be taken; empty: nothing is known against it.
    """

    def __init__(self, part: Part, make: Callable[[Part], Loaded]) -> None:
        self.refused = ""
        self._part = part
        self._make = make
        self._other: Loaded | None = None
        self._thread: threading.Thread | None = None
        self._changed_ns: int | None = None
        self._unwanted_ns: int | None = None
        self._tried_ns = 0
        self._refused: tuple[Part, object] | None = None

    def turn(self, now_ns: int, running: Loaded, *, smaller: bool) -> Loaded | None:
        """What the sense is to run on from now on, `running` being kept; None: as it does.

        Args:
            now_ns: Monotonic.
            running: What it runs on.
            smaller: Whether the governor has it on its smaller engine, or below.
        """
        wanted = self._part.smaller if smaller else self._part
        if wanted is None or self._is_loading():
            return None
        if wanted is running.part:
            self._drop_unwanted(now_ns)
            return None
        self._unwanted_ns = None
        recent = self._changed_ns is not None and now_ns - self._changed_ns < STAYS_NS
        if recent or self._is_refused(wanted, now_ns):
            return None
        other = self._other
        if other is not None and other.part is wanted:
            self._other, self._changed_ns = running, now_ns
            return other
        self.close()
        self._tried_ns = now_ns
        self._thread = threading.Thread(target=self._load, args=(wanted,), name="load", daemon=True)
        self._thread.start()
        return None

    def refuse(self, part: Part, error: Exception) -> None:
        """The engine of a part failed: it is not taken again before it is built anew.

        The configured one is tried again after some time, too.
        """
        self._refused = part, _stamp(part)
        message = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
        said = f"{', '.join(part.engines())} cannot be taken instead: {message}"
        if said != self.refused:
            _log.warning("sense %s: %s", part.name, said)
        self.refused = said

    def others(self) -> tuple[MeasuredEngine, ...]:
        """The engines that are kept; from any thread."""
        other = self._other
        return tuple(other.engines.values()) if other is not None else ()

    def close(self) -> None:
        """Frees what is kept."""
        other, self._other = self._other, None
        if other is not None:
            other.close()

    def _is_loading(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _drop_unwanted(self, now_ns: int) -> None:
        if self._unwanted_ns is None:
            self._unwanted_ns = now_ns
        elif now_ns - self._unwanted_ns >= KEPT_NS:
            self.close()

    def _is_refused(self, wanted: Part, now_ns: int) -> bool:
        if self._refused is None or self._refused[0] is not wanted:
            return False
        if wanted is self._part and now_ns - self._tried_ns >= KEPT_NS:
            return False
        return self._refused[1] == _stamp(wanted)

    def _load(self, part: Part) -> None:
        try:
            self._other = self._make(part)
            self.refused = ""
        except Exception as error:  # noqa: BLE001 - whatever it is, the sense goes on as it does
            self.refuse(part, error)


def _stamp(part: Part) -> tuple[object, ...]:
    return tuple(store.stamp(name) for name in part.engines())
