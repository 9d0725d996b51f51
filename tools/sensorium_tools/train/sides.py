"""The sounds of one side, as a head scores them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensorium_tools.train import fitting, kept
from sensorium_tools.train.features import ClipJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.perception.wake_trigger import Heard
    from sensorium_tools.train.features import Job, Workers
    from sensorium_tools.train.material import Material
    from sensorium_tools.train.network import Weights


class Doubt(NamedTuple):
    """What a head may have taken for its phrase, with what the check says.

    Attributes:
        heard: When, and how sure.
        likelihood: See `PhraseCheck`; NaN where the head was sure.
    """

    heard: Heard
    likelihood: float


class Scored(NamedTuple):
    """One sound.

    Attributes:
        job: What made it.
        scores: Of its windows, 80 ms apart.
        end: Sample at which the phrase ends in it; 0: it is not in it.
        doubts: Where they were checked; see `second_stage.checked`.
    """

    job: Job
    scores: NDArray[np.float32]
    end: int
    doubts: tuple[Doubt, ...] = ()


class Side(NamedTuple):
    """Sounds of one side."""

    phrases: list[Scored]
    others: list[Scored]

    def near(self) -> list[Scored]:
        """Of the others, clips of near phrases."""
        return [one for one in self.others if isinstance(one.job, ClipJob)]

    def streams(self) -> list[Scored]:
        """The rest: sound as it comes, whose hours count."""
        return [one for one in self.others if not isinstance(one.job, ClipJob)]


def side(workers: Workers, material: Material, heads: list[Weights], name: str) -> Side:
    """Scores one side of the material."""
    word = name.replace("_", " ")

    def scored(label: str, jobs: Sequence[Job]) -> list[Scored]:
        return [
            Scored(job, fitting.scores(heads, made.features), made.end)
            for job, made in zip(jobs, kept.run(workers, f"{label}, {word}", jobs), strict=True)
        ]

    return Side(
        scored("the phrase", material.phrases(name)),
        scored("what is near it", material.near(name))
        + scored("all else", material.others(name)),
    )
