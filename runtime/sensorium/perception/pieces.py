"""Which sound is heard for an utterance, and which words of it are its own.

Where a long speech was cut, both sides hear a little of the other's, so that a word at the cut is
heard whole; and each word goes to one of them by its middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.perception.sound import RATE_HZ, Sound, first_index, generation_of
from sensorium.perception.utterances import Ending

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.perception.sense import Rings

CONTEXT = RATE_HZ
"""Samples that are heard of the other side of a cut."""


@dataclass(frozen=True)
class Piece:
    """Sample indices: what is heard, and between which a word's middle must lie.

    Attributes:
        utterance: Id.
        first: Of the first sample to hear.
        last: Behind the last one.
        keep_first: Words before it are another utterance's.
        keep_last: Words from it on, too.
    """

    utterance: int
    first: int
    last: int
    keep_first: int
    keep_last: int


def piece(told: np.void, reached_ns: int, audio: int) -> Piece:
    """The piece of an utterance so far.

    Args:
        told: The record `utterance`.
        reached_ns: Where the last word of the utterance before ends; 0: unknown.
        audio: Number of the newest record of sound.
    """
    utterance, first, last = int(told["utterance"]), int(told["first"]), int(told["last"])
    reached = index_of(told, reached_ns) if reached_ns else None
    return Piece(utterance, *around(
        first, last, first_index(audio + 1), reached,
        continues=bool(told["continues"]), cut=bool(told["ending"] == Ending.LENGTH),
    ))


def around(
    first: int, last: int, known: int, reached: int | None, *, continues: bool, cut: bool
) -> tuple[int, int, int, int]:
    """What is heard for an utterance, and between which samples a word's middle must lie.

    Args:
        first: Of the utterance.
        last: Behind it.
        known: Behind the last sample that is there.
        reached: Where the last word of the utterance before ends; None: unknown.
        continues: Whether it begins where a long speech was cut.
        cut: Whether it ends there.

    Returns:
        The last four attributes of a `Piece`.
    """
    heard_first, heard_last, keep_first, keep_last = first, last, first, last + 1
    if continues:
        heard_first = max(0, first - CONTEXT)
        if reached is not None:
            keep_first = min(max(reached, heard_first), first + CONTEXT)
    if cut:
        heard_last, keep_last = max(last, min(last + CONTEXT, known)), last
    return heard_first, heard_last, keep_first, keep_last


def sound_of(rings: Rings, wanted: Piece, told: np.void) -> tuple[NDArray[np.float32], int] | None:
    """The sound of a piece and its first index; None when the ring does not hold it any more.

    What it would hear of another utterance may be overwritten: then it is heard without.
    """
    sound = Sound(rings, generation_of(wanted.utterance))
    for first in dict.fromkeys((wanted.first, int(told["first"]))):
        taken = sound.take(first, wanted.last)
        if taken is not None:
            return taken, first
    return None


def time_ns(told: np.void, index: int) -> int:
    """Capture time of a sample index, from that of the utterance's onset."""
    return int(told["start_ns"]) + (index - int(told["onset"])) * 1_000_000_000 // RATE_HZ


def index_of(told: np.void, at_ns: int) -> int:
    """Sample index of a capture time."""
    return int(told["onset"]) + (at_ns - int(told["start_ns"])) * RATE_HZ // 1_000_000_000
