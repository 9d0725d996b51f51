"""What a task is: what it takes, which engines it runs, and how it makes its answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sensorium.service.tasks.work import Work


class Takes(Enum):
    """The form of a request: media types of its body."""

    TEXTS = ("application/json",)
    PICTURE = ("image/png", "image/jpeg", "image/webp")
    SOUND = (
        "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/flac", "audio/x-flac",
        "audio/ogg", "application/ogg", "audio/opus", "audio/mpeg", "audio/mp3",
    )


@dataclass(frozen=True)
class Timed:
    """The parameter that every task has."""

    timeout_s: float = field(
        default=60.0,
        metadata={
            "doc": "Seconds after which the request is given up.", "min": 0.01, "max": 86_400.0,
        },
        kw_only=True,
    )


class Task(Protocol):
    """One entry of `catalogue.TASKS`. It is made once, and serves all requests at a time."""

    about: str
    """One sentence for a person."""
    takes: Takes
    parameters: type[Timed]
    output: dict[str, Any]
    """JSON schema of one of its outputs."""

    @property
    def engines(self) -> tuple[str, ...]:
        """Those that it may run."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Those without which it cannot do what it does by default; none: it cannot do it."""
        ...

    async def perform(self, inputs: Any, parameters: Any, work: Work) -> list[Any]:
        """Makes the outputs, one for each input, in their order.

        Args:
            inputs: Texts: a tuple of str. A picture: uint8 [h, w, 3], red, green, blue. A sound:
                a `bodies.Sound`.
            parameters: An instance of `parameters`, checked.
            work: The engines.

        Raises:
            Problem: What was asked for cannot be done, and why.
            EngineMissing: An engine was not built.
            EngineError: One failed.
        """
        ...
