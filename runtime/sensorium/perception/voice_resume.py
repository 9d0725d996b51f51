"""Where voice activity goes on after a restart: what it has told, and what the ring holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.perception.hysteresis import Change
from sensorium.perception.sound import generation_of, record_of
from sensorium.perception.utterances import Ending, Event, Step

if TYPE_CHECKING:
    import numpy as np

    from sensorium.perception.sense import Rings


@dataclass(frozen=True)
class Point:
    """What is known of the time before.

    Attributes:
        n: Number of the first block of sound that nothing was told of; 1 at first: sound that came
            while the engine was being loaded is heard, too.
        event: The newest voice event's record; None: there was none.
        going_on: The newest that was told of an utterance that has not ended.
        free: Sample index before which sound belongs to an utterance that has ended.
        known: A sample index and its capture time.
        session: Of the microphone.
    """

    n: int
    event: np.void | None
    going_on: Step | None
    free: int
    known: tuple[int, int]
    session: int = 0

    @property
    def speaking(self) -> bool:
        """Whether speech had begun and not ended."""
        return self.n > 1 and self.event is not None and self.event["event"] == Change.BEGIN


def find(rings: Rings) -> Point:
    """Looks at the rings of voice activity's own events.

    Indices of an earlier generation of the sound say nothing of this one.
    """
    heard = rings.at("voice_event", rings.latest("voice_event"))
    told = rings.at("utterance", rings.latest("utterance"))
    event = heard.record[0] if heard is not None else None
    if told is None:
        return Point(1, event, None, 0, (0, 0))
    newest = told.record[0]
    if generation_of(int(newest["utterance"])) != rings.generation("audio"):
        return Point(1, event, None, 0, (0, 0))
    last = int(newest["last"])
    n = record_of(last)
    if event is not None:
        n = max(n, record_of(int(event["sample"])) + 1)
    ended = newest["event"] == Event.END
    return Point(
        n, event, None if ended else _step(newest), last if ended else 0,
        (int(newest["offset"]), int(newest["end_ns"])), int(newest["session"]),
    )


def _step(told: np.void) -> Step:
    return Step(
        Event(told["event"]), Ending.NONE, int(told["first"]), int(told["last"]),
        int(told["onset"]), int(told["offset"]), bool(told["continues"]), float(told["speech"]),
        float(told["peak"]),
    )
