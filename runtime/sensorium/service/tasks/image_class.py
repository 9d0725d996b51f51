"""The task `classify_image`: what the middle of a picture shows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.inference import store
from sensorium.perception.finite import finite
from sensorium.perception.image_classes import ImageClasses
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks import picture_occlusion
from sensorium.service.tasks.probabilities import surest
from sensorium.service.tasks.task import Takes, Timed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.config import Service
    from sensorium.service.tasks.work import Work

ENGINE = "efficientnet-lite0"


@dataclass(frozen=True)
class ClassifyParameters(Timed):
    """See `ClassifyImage`."""

    top_k: int = field(default=5, metadata={"doc": "Most labels.", "min": 1, "max": 1000})
    threshold: float = field(
        default=0.0, metadata={"doc": "Smallest score of a label.", "min": 0.0, "max": 1.0}
    )
    explain: bool = field(
        default=False,
        metadata={
            "doc": "Whether to say what each region did to the surest label: its score less that "
            "with the region hidden. It takes 49 more runs of the engine."
        },
    )


class ClassifyImage:
    """The task; see `task.Task`."""

    about = (
        "Which of ImageNet's 1000 classes the middle of a picture shows (the square of 224/256 of "
        "its shorter side). The scores add up to 1 over all classes, whether or not one fits."
    )
    takes = Takes.PICTURE
    parameters = ClassifyParameters
    engines = needs = (ENGINE,)
    output = schema.record({
        "width": schema.whole(),
        "height": schema.whole(),
        "labels": schema.array(schema.record({
            "label": schema.text(),
            "class": schema.whole("Its place among the labels: two of ImageNet's share a name."),
            "score": schema.number(),
        })),
        "explanation": picture_occlusion.SCHEMA,
    }, optional=("explanation",))

    def __init__(self, _settings: Service) -> None:
        card = store.find_card(ENGINE)
        self._output = card.outputs[0].name
        self._labels = card.engine.labels
        self._classes = ImageClasses(card)

    async def perform(
        self, inputs: NDArray[np.uint8], parameters: ClassifyParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        feeds = await asyncio.to_thread(self._classes.feeds, inputs)
        scores = await self._scores(feeds[self._classes.input], work)
        height, width = inputs.shape[:2]
        labels = [
            {"label": self._labels[at], "class": at, "score": round(float(scores[at]), 6)}
            for at in surest(scores, parameters.top_k, parameters.threshold)
        ]
        answer: dict[str, Any] = {"width": width, "height": height, "labels": labels}
        if parameters.explain:
            best = int(np.argmax(scores))

            async def of_best(values: NDArray[np.float32]) -> float:
                return float((await self._scores(values, work))[best])

            answer["explanation"] = {
                "label": self._labels[best],
                "regions": await picture_occlusion.occlude(
                    feeds[self._classes.input], self._classes.box(inputs), float(scores[best]),
                    of_best, work,
                ),
            }
        return [answer]

    async def _scores(self, values: NDArray[Any], work: Work) -> NDArray[np.floating]:
        results = await work.run(ENGINE, {self._classes.input: values})
        return finite(results[self._output][0], ENGINE)
