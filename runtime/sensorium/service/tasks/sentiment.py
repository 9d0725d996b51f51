"""The task `sentiment`: how well a text speaks of something, by a classifier of the user's."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks import occlusion, text_engines
from sensorium.service.tasks.embedding import Embedding
from sensorium.service.tasks.task import Takes, Timed
from sensorium.service.tasks.trained import LABELS, TRUNCATED, Trained

if TYPE_CHECKING:
    from sensorium.config import Service
    from sensorium.service.tasks.work import Work

ENGINE = "sentiment"
_NAMES = {
    "negative": -1.0, "neg": -1.0, "neutral": 0.0, "neu": 0.0, "mixed": 0.0, "positive": 1.0,
    "pos": 1.0, "very negative": -1.0, "very positive": 1.0,
}
"""What a label says of a text, -1..1."""
_STARS = re.compile(r"([1-5]) stars?")


@dataclass(frozen=True)
class SentimentParameters(Timed):
    """See `Sentiment`."""

    classifier: str = field(
        default="", metadata={"doc": f'The engine, by the name of its card; else "{ENGINE}".'}
    )
    explain: bool = field(
        default=False,
        metadata={
            "doc": "Whether to say what each word did to the surest label: its score less that of "
            "the text without the word."
        },
    )


class Sentiment:
    """The task; see `task.Task`."""

    about = (
        "Whether each text speaks well or badly of something, by a classifier of the user's own "
        f'whose card is called "{ENGINE}" (or that `classifier` names): none is shipped, as no '
        "reviews with a licence to learn from were found. `polarity` is its labels' mean by their "
        "scores: -1 negative, 1 positive. A longer text than it reads is cut, and `truncated` "
        "says so."
    )
    takes = Takes.TEXTS
    parameters = SentimentParameters
    output = schema.record({
        "labels": LABELS,
        "polarity": schema.number("-1..1."),
        "truncated": TRUNCATED,
        "explanation": occlusion.SCHEMA,
    }, optional=("explanation",))

    def __init__(self, _settings: Service) -> None:
        self._trained = Trained(Embedding())

    @property
    def engines(self) -> tuple[str, ...]:
        """See `task.Task`."""
        return tuple(
            name for name in text_engines.names(text_engines.CLASSIFIER) if name == ENGINE
        )

    needs = engines

    async def perform(
        self, inputs: tuple[str, ...], parameters: SentimentParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        name = await text_engines.chosen(
            text_engines.CLASSIFIER, parameters.classifier, ENGINE, "classifier"
        )
        check(name, (await work.engine(name)).labels)
        return await self._trained.answers(
            name, inputs, work, explain=parameters.explain,
            more=lambda scores: {"polarity": round(polarity(scores), 6)},
        )


def check(name: str, labels: tuple[str, ...]) -> None:
    """Refuses a classifier of other things.

    Raises:
        EngineError: Names the label that is no sentiment.
    """
    for label in labels:
        if _value(label) is None:
            raise EngineError(
                f'{name}: its label "{label}" says nothing of a sentiment',
                "name them negative, neutral and positive, or 1 star to 5 stars, in engine.labels "
                "of its card",
            )


def polarity(scores: dict[str, float]) -> float:
    """The mean of what the labels say, -1..1, by their scores."""
    total = sum(scores.values())
    said = sum((_value(label) or 0.0) * score for label, score in scores.items())
    return said / total if total > 0 else 0.0


def _value(label: str) -> float | None:
    plain = label.strip().lower().replace("_", " ")
    stars = _STARS.fullmatch(plain)
    return (int(stars[1]) - 3) / 2 if stars else _NAMES.get(plain)
