"""A filter that learns from what was heard before, while another one still serves."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.perception.echo_canceller import EchoCanceller
    from sensorium.perception.echo_path import Heard
    from sensorium.perception.far_end import FarEnd

_PASSES = 2
"""How often it learns from the same seconds."""
_STEP = 8
"""Blocks of the past for each new one: about 2 ms of CPU."""


class Training:
    """The new filter with what it still has to learn from.

    Args:
        canceller: The new filter.
        lead: Samples by which it is given what was played before it is heard; may be < 0.
        past: What was heard up to now.
        far: What was played.
    """

    def __init__(
        self, canceller: EchoCanceller, lead: int, past: Iterable[Heard], far: FarEnd
    ) -> None:
        self.canceller = canceller
        self.lead = lead
        self._far = far
        both = [(one.near, far.before(one.place + lead)) for one in past]
        known = [(near, played) for near, played in both if played is not None]
        self._past = deque(known * _PASSES)

    def step(self, near: NDArray[np.float32], place: float) -> bool:
        """Takes the newest block and learns from some of those before.

        Args:
            near: What the microphone heard.
            place: Where it ends in what was played.

        Returns:
            Whether it has caught up: the next block is its first to clean.
        """
        played = self._far.before(place + self.lead)
        if played is not None:
            self._past.append((near, played))
        for _ in range(min(_STEP, len(self._past))):
            self.canceller.process(*self._past.popleft())
        return not self._past
