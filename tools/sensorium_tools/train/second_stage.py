"""The second stage of a wake word: what the check says of a head's doubts, and its thresholds.

Both are chosen on the choosing voices, from the fall of the highest values of sounds without the
phrase; see `measure.choose`. What a head is sure of and what its check confirms share the false
accepts that are allowed.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.errors import EngineMissing
from sensorium.inference import store
from sensorium.perception.phrase_check import BEFORE, BEHIND, DECODER, ENCODER, PhraseCheck
from sensorium.perception.speech_embedding import STEP, WARM_STEPS
from sensorium.perception.wake_head import Bounds
from sensorium.perception.wake_trigger import PAUSE_STEPS, WINDOW, Stages
from sensorium_tools.train import measure
from sensorium_tools.train.sides import Doubt, Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.wake_trigger import Heard
    from sensorium_tools.train.features import Job, Workers
    from sensorium_tools.train.measure import Scores
    from sensorium_tools.train.sides import Scored
    from sensorium_tools.train.whole_sounds import WholeSounds

ENGINES = (ENCODER, DECODER)
DOUBT = 0.03
"""Where a doubt begins: of 0.01 to 0.15, at which the fewest phrases of the choosing voices were
missed, then the fewest near phrases taken for one ("hey sensorium")."""
_PAUSE = PAUSE_STEPS * STEP
_NEVER = 2.0
"""A score that no head reaches: all is in doubt."""


def available() -> bool:
    """Whether the check's engines are built."""
    try:
        _check()
    except EngineMissing:
        return False
    return True


@functools.cache
def _check() -> PhraseCheck:
    return PhraseCheck(*(store.load(name, 1) for name in ENGINES))


@dataclass(frozen=True)
class CheckJob:
    """The likelihoods of a phrase around some places of a sound."""

    job: Job
    phrase: str
    ends: tuple[int, ...]

    def __call__(self, front_end: WholeSounds) -> tuple[float, ...]:
        """Makes the sound again and checks it."""
        sound = self.job.sound()
        return tuple(
            _check().likelihood(sound[max(0, end - BEFORE) : end + BEHIND], self.phrase)
            for end in self.ends
        )


def chosen(
    workers: Workers, phrase: str, choosing: Side, held_out: Side
) -> tuple[Side, Bounds]:
    """The thresholds that the first side gives, and the second one with its doubts checked."""
    streams = choosing.streams()
    known = sure(streams)
    given = bounds(checked(workers, "checking all else, choosing", streams, phrase, known))
    phrases, others = (
        checked(workers, f"checking {what}, held out", sounds, phrase, known)
        for what, sounds in (("the phrase", held_out.phrases), ("all else", held_out.others))
    )
    return Side(phrases, others), given


def sure(streams: Sequence[Scored]) -> float:
    """The score from which on nothing is checked: half of the false accepts that are allowed."""
    peaks = [measure.peak(one.scores) for one in streams]
    hours = measure.hours(one.scores for one in streams)
    return max(DOUBT, measure.choose(peaks, hours, measure.AN_HOUR / 2))


def bounds(streams: Sequence[Scored]) -> Bounds:
    """The thresholds at which sounds without the phrase give the false accepts that are allowed."""
    hours = measure.hours(one.scores for one in streams)
    known = sure(streams)
    likelihoods = [
        doubt.likelihood for one in streams for doubt in one.doubts if doubt.heard.score < known
    ]
    return Bounds(DOUBT, known, measure.limit(likelihoods, hours, measure.AN_HOUR / 2))


def doubts(scores: Scores) -> list[Heard]:
    """Where a head would be in doubt, were nothing sure and nothing confirmed."""
    stages = Stages(DOUBT, _NEVER)
    found = []
    for step, score in enumerate(scores):
        heard = stages.update(float(score), (WARM_STEPS + WINDOW - 1 + step) * STEP)
        if heard is not None:
            stages.reject()
            found.append(heard)
    last = stages.close()
    return found if last is None else [*found, last]


def checked(
    workers: Workers, label: str, scored: Sequence[Scored], phrase: str, known: float
) -> list[Scored]:
    """The same sounds with their doubts checked, as far as a head is not sure of them."""
    heard = [doubts(one.scores) for one in scored]
    ends = [tuple(one.end for one in found if one.score < known) for found in heard]
    places = [place for place, some in enumerate(ends) if some]
    jobs = [CheckJob(scored[place].job, phrase, ends[place]) for place in places]
    told = {
        (place, end): likelihood
        for place, found in zip(places, workers.run(label, jobs), strict=True)
        for end, likelihood in zip(ends[place], found, strict=True)
    }
    return [
        one._replace(
            doubts=tuple(Doubt(each, told.get((place, each.end), math.nan)) for each in found)
        )
        for place, (one, found) in enumerate(zip(scored, heard, strict=True))
    ]


def accepted(found: Sequence[Doubt], given: Bounds) -> int:
    """How often a sound would be taken for the phrase."""
    count, last = 0, -_PAUSE
    for one in found:
        sure = one.heard.score >= given.sure or one.likelihood >= given.limit
        if sure and one.heard.end - last >= _PAUSE:
            count, last = count + 1, one.heard.end
    return count
