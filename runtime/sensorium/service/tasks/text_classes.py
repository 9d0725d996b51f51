"""The task `classify_text`: labels that come with the texts, or those of a trained classifier."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import CardError
from sensorium.inference import store
from sensorium.perception.text_classifier import (
    LOGITS,
    is_text_classifier,
    reader,
    reads_embedding,
)
from sensorium.service.problem import Problem
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks import occlusion
from sensorium.service.tasks.embedding import ENGINE, Embedding
from sensorium.service.tasks.probabilities import softmax, surest
from sensorium.service.tasks.task import Takes
from sensorium.service.tasks.zero_shot import ZeroShot, ZeroShotParameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sensorium.config import Service
    from sensorium.inference.card import Card
    from sensorium.service.tasks.work import Work

_ALSO = ("classifier", "explain", "threshold", "timeout_s", "top_k")
"""Parameters that have a meaning with a classifier."""
_TRAIN = "sensorium-engines train text-classifier DATA.csv"


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
            "doc": "Name of a trained classifier, in the place of labels: an engine whose card has "
            "labels and one output, logits; `engines` lists them behind minilm."
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
        "temperature that its training chose, for texts like those of its training."
    )
    takes = Takes.TEXTS
    parameters = ClassifyTextParameters
    needs = (ENGINE,)
    output = schema.record({
        "labels": schema.array(schema.record({
            "label": schema.text(), "similarity": schema.number(), "score": schema.number(),
        }, optional=("similarity",))),
        "explanation": occlusion.SCHEMA,
    }, optional=("explanation",))

    def __init__(self, _settings: Service) -> None:
        self._embedding = Embedding()
        self._zero_shot = ZeroShot(self._embedding)
        self._readers: dict[str, tuple[int, Callable[[str], dict[str, NDArray[Any]]]]] = {}

    @property
    def engines(self) -> tuple[str, ...]:
        """The sentence embedding, and every classifier that has a card now."""
        return (ENGINE, *_classifiers())

    async def perform(
        self, inputs: tuple[str, ...], parameters: ClassifyTextParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        if not parameters.classifier:
            return await self._zero_shot.perform(inputs, parameters, work)
        if parameters.explain:
            occlusion.check(inputs)
        card = await asyncio.to_thread(_card, parameters.classifier)
        made: dict[str, dict[str, Any]] = {}
        for text in inputs:
            if text not in made:
                made[text] = await self._one(text, card, parameters, work)
        return [made[text] for text in inputs]

    async def _one(
        self, text: str, card: Card, parameters: ClassifyTextParameters, work: Work
    ) -> dict[str, Any]:
        labels = card.engine.labels
        scores = await self._scores(text, card, work)
        answer: dict[str, Any] = {
            "labels": [
                {"label": labels[at], "score": round(float(scores[at]), 6)}
                for at in surest(scores, parameters.top_k, parameters.threshold)
            ]
        }
        if parameters.explain:
            best = int(np.argmax(scores))

            async def of_best(text: str) -> dict[str, float]:
                return {"score": float((await self._scores(text, card, work))[best])}

            answer["explanation"] = {
                "label": labels[best], "words": await occlusion.occlude(text, of_best)
            }
        return answer

    async def _scores(self, text: str, card: Card, work: Work) -> NDArray[np.float64]:
        """The probability of each label."""
        if reads_embedding(card):
            tokens = await self._embedding.tokens(text, work)
            direction = await self._embedding.direction(tokens, work)
            feeds: dict[str, NDArray[Any]] = {card.inputs[0].name: direction[None]}
        else:
            feeds = (await self._reader(card, work))(text)
        results = await work.run(card.name, feeds)
        return softmax(np.asarray(results[LOGITS], np.float32).reshape(-1), 1.0)

    async def _reader(self, card: Card, work: Work) -> Callable[[str], dict[str, NDArray[Any]]]:
        """Kept from text to text: it takes the vocabulary apart."""
        engine = await work.engine(card.name)
        kept = self._readers.get(card.name)
        if kept is None or kept[0] != engine.file_hash:
            kept = engine.file_hash, await asyncio.to_thread(reader, engine, card)
            self._readers[card.name] = kept
        return kept[1]


def _classifiers() -> list[str]:
    found = []
    for name in store.names():
        try:
            if is_text_classifier(store.find_card(name)):
                found.append(name)
        except CardError:
            continue
    return found


def _card(name: str) -> Card:
    """The card of a classifier.

    Raises:
        Problem: 404, there is none of that name; 422, it is none, or its card is broken.
    """
    if name not in store.names():
        there = ", ".join(_classifiers())
        raise Problem(
            404, f"parameters.classifier: there is no {name!a}",
            f"there are: {there}" if there else _TRAIN,
        )
    try:
        card = store.find_card(name)
    except CardError as error:
        raise Problem(422, error.message, error.remedy) from error
    if not is_text_classifier(card):
        raise Problem(
            422, f"parameters.classifier: the engine {name} is no classifier of texts: its card "
            f"needs labels and one output {LOGITS} [1, labels]", _TRAIN,
        )
    return card
