"""Collects how one hand moves, frame after frame, as pieces without a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.hand_motion import HandMotion
from sensorium.perception.movement_embedding import MovementEmbedding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.hand_geometry import Points
    from sensorium.perception.hand_motion import Head

    Array = NDArray[np.float32]


class MovementPieces:
    """What one hand did.

    Args:
        side: 1 left, 2 right.
    """

    def __init__(self, side: int) -> None:
        self._motion = HandMotion(side)
        self._embedding = MovementEmbedding()
        self._begins = 0
        self._pieces: list[list[Array]] = [[]]

    def push(self, time_ns: int, points: Points, head: Head | None) -> None:
        """Takes one frame; without a head, as after a gap, a piece ends.

        Args:
            time_ns: When the joints were so.
            points: 26 joints, m, finite.
            head: In the same space.
        """
        if head is None:
            self._motion.reset()
        steps = self._motion.push(time_ns, points, head) if head is not None else []
        if self._motion.begins != self._begins:
            self._begins = self._motion.begins
            self._embedding.forget()
            self._pieces.append([])
        self._pieces[-1] += self._embedding.push(time_ns, points, steps)

    def whole(self) -> list[Array]:
        """[steps, WIDTH] embeddings of each piece."""
        return [np.array(piece) for piece in self._pieces if piece]
