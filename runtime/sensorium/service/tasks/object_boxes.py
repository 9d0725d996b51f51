"""The task `detect_objects`: things of 80 kinds in a picture, each with its box."""

from __future__ import annotations

import asyncio
import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensorium.inference import store
from sensorium.perception.object_detection import OVERLAP, THRESHOLD, ObjectDetection
from sensorium.service.problem import Problem
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks.boxes import BOX, box
from sensorium.service.tasks.task import Takes, Timed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.config import Service
    from sensorium.service.tasks.work import Work

ENGINE = "yolov3-tiny"


@dataclass(frozen=True)
class DetectParameters(Timed):
    """See `DetectObjects`."""

    threshold: float = field(
        default=THRESHOLD,
        metadata={"doc": "Smallest score of an object.", "min": 0.01, "max": 1.0},
    )
    overlap: float = field(
        default=OVERLAP,
        metadata={
            "doc": "Of two boxes of one label that share more than this (intersection over "
            "union), only the surer stays.",
            "min": 0.0, "max": 1.0,
        },
    )
    top_k: int = field(
        default=100, metadata={"doc": "Most objects, the surest.", "min": 1, "max": 1000}
    )
    labels: tuple[str, ...] = field(
        default=(), metadata={"doc": "Only objects of these labels; none: of all."}
    )


class DetectObjects:
    """The task; see `task.Task`."""

    about = (
        "Things of 80 kinds (COCO's) in a picture, each with its label, its score and its box in "
        "pixels of the picture as it is shown upright. A small model: it misses what is small."
    )
    takes = Takes.PICTURE
    parameters = DetectParameters
    engines = needs = (ENGINE,)
    output = schema.record({
        "width": schema.whole(),
        "height": schema.whole(),
        "objects": schema.array(schema.record(
            {"label": schema.text(), "score": schema.number(), "box": BOX}
        )),
    })

    def __init__(self, _settings: Service) -> None:
        card = store.find_card(ENGINE)
        self._known = card.engine.labels
        self._detection = ObjectDetection(card)

    async def perform(
        self, inputs: NDArray[np.uint8], parameters: DetectParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        wanted = self._wanted(parameters.labels)
        feeds, placement = await asyncio.to_thread(self._detection.feeds, inputs)
        results = await work.run(ENGINE, feeds)
        found = await asyncio.to_thread(
            self._detection.found, results, placement, parameters.threshold, parameters.overlap
        )
        height, width = inputs.shape[:2]
        objects = [
            {
                "label": self._known[label], "score": round(score, 6),
                "box": box(corners, width, height),
            }
            for corners, label, score in zip(
                found.boxes.tolist(), found.labels.tolist(), found.scores.tolist(), strict=True
            )
            if not wanted or label in wanted
        ]
        return [{"width": width, "height": height, "objects": objects[: parameters.top_k]}]

    def _wanted(self, labels: tuple[str, ...]) -> frozenset[int]:
        for label in labels:
            if label not in self._known:
                near = difflib.get_close_matches(label[:100], self._known, 1)
                raise Problem(
                    422, "parameters.labels: there is no such label",
                    f"did you mean {near[0]}?" if near else "GET /v1/tasks names them",
                )
        return frozenset(self._known.index(label) for label in labels)
