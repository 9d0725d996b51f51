"""The task `classify_text`: labels that come with the texts, or those of a trained classifier."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks import occlusion, text_engines
from sensorium.service.tasks.embedding import ENGINE, Embedding
from sensorium.service.tasks.task import Takes
from sensorium.service.tasks.trained import TRUNCATED, Trained
from sensorium.service.tasks.zero_shot import ZeroShot, ZeroShotParameters

if TYPE_CHECKING:
    from sensorium.config import Service
    from sensorium.service.tasks.work import Work

_ALSO = ("classifier", "explain", "threshold", "timeout_s", "top_k")
"""Parameters that have a meaning with a classifier."""


@dataclass(frozen=True)
class ClassifyTextParameters(ZeroShotParameters):
    """See `ClassifyText`."""

    labels: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "What the texts may be about: words or phrases, 1 to 100 of them. One of labels "
            "and classifier is needed."
        },
    )
    classifier: str = field(
        default="",
        metadata={
            "doc": "Name of a trained classifier, in the place of labels: one of your own cards; "
            "`engines` lists them behind minilm."
        },
    )

    def __post_init__(self) -> None:
        if not self.classifier and not self.labels:
            raise ValueError("labels: 1 to 100 are needed, or a classifier")
        if not self.classifier:
            super().__post_init__()
            return
        for one in fields(self):
            if one.name not in _ALSO and getattr(self, one.name) != one.default:
                raise ValueError(f"{one.name}: has no meaning with a classifier")


class ClassifyText:
    """The task; see `task.Task`."""

    about = (
        "Which label each text has. With labels: the nearest in meaning, without training. "
        "`similarity` is the cosine of their sentence embeddings (-1..1); `score` is made of it by "
        "a formula with a temperature, and is no calibrated probability. It tells topics and "
        "wishes apart; it does not read negation or irony, and knows moods only roughly. English. "
        "With classifier: the labels that it was trained on; `score` is the probability by the "
        "temperature that its training chose, for texts like those of its training; of a model "
        "from a hub its own. A longer text than it reads is cut, and `truncated` says so."
    )
    takes = Takes.TEXTS
    parameters = ClassifyTextParameters
    needs = (ENGINE,)
    output = schema.record({
        "labels": schema.array(schema.record({
            "label": schema.text(), "similarity": schema.number(), "score": schema.number(),
        }, optional=("similarity",))),
        "truncated": TRUNCATED,
        "explanation": occlusion.SCHEMA,
    }, optional=("explanation", "truncated"))

    def __init__(self, _settings: Service) -> None:
        embedding = Embedding()
        self._zero_shot, self._trained = ZeroShot(embedding), Trained(embedding)

    @property
    def engines(self) -> tuple[str, ...]:
        """The sentence embedding, and every classifier that has a card now."""
        return (ENGINE, *text_engines.names(text_engines.CLASSIFIER))

    async def perform(
        self, inputs: tuple[str, ...], parameters: ClassifyTextParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        if not parameters.classifier:
            return await self._zero_shot.perform(inputs, parameters, work)
        name = await text_engines.chosen(
            text_engines.CLASSIFIER, parameters.classifier, parameter="classifier"
        )
        return await self._trained.answers(
            name, inputs, work, top_k=parameters.top_k, threshold=parameters.threshold,
            explain=parameters.explain,
        )
