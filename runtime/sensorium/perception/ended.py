"""What senses of whole utterances have in common: each that has ended is taken once, with sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensorium.perception.sound import Sound, generation_of
from sensorium.perception.utterances import Event

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.perception.sense import Rings, Sample


class Spoken(NamedTuple):
    """An utterance that has ended.

    Attributes:
        record: Of the channel `utterance`.
        sound: [samples], mono, 16 kHz, finite, -1..1, with lead-in and lead-out; None where the
            ring does not hold it any more.
        first: Of the samples of `sound` that are speech.
        last: Behind the last one.
    """

    record: np.void
    sound: NDArray[np.float32] | None
    first: int
    last: int


def spoken(sample: Sample, rings: Rings) -> Spoken | None:
    """The utterance that a record of the channel `utterance` ends; None where it ends none."""
    record = sample.record[0]
    if not sample.valid or record["event"] != Event.END:
        return None
    first, last, onset, offset = (
        int(record[name]) for name in ("first", "last", "onset", "offset")
    )
    sound = Sound(rings, generation_of(int(record["utterance"]))).take(first, last)
    return Spoken(record, sound, onset - first, offset - first)


def resume(rings: Rings, channel: str) -> int | None:
    """Where a sense goes on that tells one record for each ended utterance.

    Args:
        rings: Of the process.
        channel: That it writes, an event channel with a field `utterance`.

    Returns:
        The number of the record after the newest utterance that was told of; where none was, of
        the oldest whose sound is still there. None: there is no record yet.
    """
    told = _newest(rings, channel)
    start = None
    for n in range(rings.latest("utterance"), 0, -1):
        sample = rings.at("utterance", n)
        if sample is None:
            break
        record = sample.record[0]
        ended = sample.valid and record["event"] == Event.END
        if ended and int(record["utterance"]) <= told:
            break
        if ended and not told and _gone(record, rings):
            break
        start = n
    return start if start is not None else rings.latest("utterance") + 1


def _newest(rings: Rings, channel: str) -> int:
    """The utterance that was told of last; 0: none was."""
    for n in range(rings.latest(channel), 0, -1):
        sample = rings.at(channel, n)
        if sample is None:
            break
        if sample.valid:
            return int(sample.record["utterance"][0])
    return 0


def _gone(record: np.void, rings: Rings) -> bool:
    sound = Sound(rings, generation_of(int(record["utterance"])))
    return sound.time_ns(int(record["first"])) == 0
