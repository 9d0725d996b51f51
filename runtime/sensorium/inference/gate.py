"""What a run goes through to its engine: it decides when it begins, and in which thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine


class Passed(NamedTuple):
    """A run that is over.

    Attributes:
        outputs: See `Engine.run`.
        took_ns: From when it began, not from when it was asked for.
        engine: That is to be used from now on: the one that was given, or its twin.
    """

    outputs: dict[str, NDArray[Any]]
    took_ns: int
    engine: Engine


class Gate(Protocol):
    """Lets runs through."""

    def run(self, engine: Engine, feeds: Mapping[str, NDArray[Any]], usual_ns: int) -> Passed:
        """Runs an engine once, as soon as that may be.

        Args:
            engine: Which.
            feeds: See `Engine.run`.
            usual_ns: What its runs take; 0: that is not known yet.

        Raises:
            EngineError: See `Engine.run`.
        """
        ...
