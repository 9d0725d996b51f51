"""What an engine is: names, shapes, run, close. It holds no state of any stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.health import Device, Precision


class Engine(Protocol):
    """A loaded model. `run` may be called from one thread at a time.

    Attributes:
        name: Of its card.
        labels: Names of its classes, in order; empty where it has none.
        metadata: Text that travels with the model, by name: a vocabulary. Empty where it has none.
    """

    name: str
    labels: tuple[str, ...]
    metadata: Mapping[str, str]

    @property
    def file_hash(self) -> int:
        """First four bytes of the engine file's sha256, big endian, as a number."""
        ...

    @property
    def precision(self) -> Precision:
        """The arithmetic of its weights' operators."""
        ...

    @property
    def device(self) -> Device:
        """Where it runs."""
        ...

    @property
    def is_steady(self) -> bool:
        """Whether the next run takes what the last did: on the CPU, with shapes that are fixed."""
        ...

    @property
    def note(self) -> str:
        """Why it runs where it does, where that is not where it was meant to; else empty."""
        ...

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Runs the model once.

        Args:
            feeds: Input name to array, of the shape and type that the card states.

        Returns:
            Output name to array. The arrays belong to the engine: copy what must outlive
            the next call.

        Raises:
            EngineError: When a name, shape or type is wrong or the backend failed.
        """
        ...

    def close(self) -> None:
        """Frees the model. A second call does nothing."""
        ...
