"""What a sense says of itself to the governor: how much it matters, and how it may be slowed."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Slowing(IntEnum):
    """How a sense is slowed."""

    NEVER = 0
    """It is not: it costs next to nothing, or would lose what cannot be had again."""
    THINNED = 1
    """Of its input's records the newest is taken, no sooner than the interval after the last."""
    DEFERRED = 2
    """Its input waits in the ring, of which nothing is left out, and is taken up later."""


class Tempo(NamedTuple):
    """How a sense may be slowed; an attribute `TEMPO` of its class.

    Attributes:
        slowing: How.
        priority: 0 to 100; of two senses the lower one is slowed first.
        longest_ms: What is not kept from it even by an app that is missing frames: THINNED, from
            one record to the next; DEFERRED, how long its input waits. Only a policy that pauses
            all goes beyond it, and never beyond what the ring of a DEFERRED sense holds.
    """

    slowing: Slowing
    priority: int
    longest_ms: int


DEFAULT = Tempo(Slowing.THINNED, 50, 1000)
"""Of a sense that says nothing."""
