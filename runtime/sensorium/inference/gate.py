"""What a run goes through to its engine: it decides when it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine


class Gate(Protocol):
    """Lets runs through."""

    def run(
        self, engine: Engine, feeds: Mapping[str, NDArray[Any]], usual_ns: int
    ) -> tuple[dict[str, NDArray[Any]], int]:
        """Runs an engine once, as soon as that may be.

        Args:
            engine: Which.
            feeds: See `Engine.run`.
            usual_ns: What its runs take; 0: that is not known yet.

        Returns:
            See `Engine.run`; and what it took, in ns, from when it began.

        Raises:
            EngineError: See `Engine.run`.
        """
        ...
