"""A spoken text whose phonemes have known times."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Segment(NamedTuple):
    """One phoneme.

    Attributes:
        begin_s: From the sound's begin.
        end_s: Exclusive.
        phoneme: In IPA, stress and length marks included; empty: silence.
    """

    begin_s: float
    end_s: float
    phoneme: str


class Spoken(NamedTuple):
    """A sound and what is said in it.

    Attributes:
        sound: float32 [n], mono, 16 kHz, -1..1.
        segments: In order, without gaps.
    """

    sound: NDArray[np.float32]
    segments: tuple[Segment, ...]
