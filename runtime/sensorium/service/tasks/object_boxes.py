"""The task `detect_objects`: the things in a picture that a detector knows, each with its box."""

from __future__ import annotations

import asyncio
import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensorium.inference import store
from sensorium.perception.object_detection import ObjectDetection, is_detector
from sensorium.service.problem import Problem
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks.boxes import BOX, box
from sensorium.service.tasks.task import Takes, Timed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.config import Service
    from sensorium.inference.card import Card
    from sensorium.service.tasks.work import Work

ENGINE = "yolov3-tiny"


@dataclass(frozen=True)
class DetectParameters(Timed):
    """See `DetectObjects`."""

    model: str = field(
        default=ENGINE,
        metadata={"doc": "Which detector: of any card, also your own, with a head in [objects]."},
    )
    threshold: float = field(
        default=0.0,
        metadata={
            "doc": "Smallest score of an object; 0: the detector's own.", "min": 0.0, "max": 1.0
        },
    )
    overlap: float = field(
        default=-1.0,
        metadata={
            "doc": "Of two boxes that share more than this (intersection over union) only the "
            "surer stays: of two of one label, or of any two where the detector's card has "
            "suppression across-labels. -1: the detector's own; 1: all stay.",
            "min": -1.0, "max": 1.0,
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
        "Things in a picture, each with its label, its score and its box in pixels of the picture "
        "as it is shown upright. By default of 80 kinds (COCO's), by a small model that misses "
        "what is small; `model` names another detector."
    )
    takes = Takes.PICTURE
    parameters = DetectParameters
    needs = (ENGINE,)
    output = schema.record({
        "width": schema.whole(),
        "height": schema.whole(),
        "objects": schema.array(schema.record(
            {"label": schema.text(), "score": schema.number(), "box": BOX}
        )),
    })

    def __init__(self, _settings: Service) -> None:
        pass

    @property
    def engines(self) -> tuple[str, ...]:
        """The detectors, the default one first; those whose card is broken are left out."""
        others = (name for name, card in store.readable().items() if is_detector(card))
        return (ENGINE, *(name for name in others if name != ENGINE))

    async def perform(
        self, inputs: NDArray[np.uint8], parameters: DetectParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        # A card may be another than at the last request, and is read from its file.
        card = await asyncio.to_thread(self._card, parameters.model)
        labels = card.engine.labels
        wanted = _wanted(parameters.labels, labels)
        detection = ObjectDetection(card)
        feeds, placement = await asyncio.to_thread(detection.feeds, inputs)
        results = await work.run(card.name, feeds)
        found = await asyncio.to_thread(
            detection.found, results, placement, parameters.threshold or None,
            parameters.overlap if parameters.overlap >= 0 else None,
        )
        height, width = inputs.shape[:2]
        objects = [
            {"label": labels[label], "score": round(score, 6), "box": box(corners, width, height)}
            for corners, label, score in zip(
                found.boxes.tolist(), found.labels.tolist(), found.scores.tolist(), strict=True
            )
            if not wanted or label in wanted
        ]
        return [{"width": width, "height": height, "objects": objects[: parameters.top_k]}]

    def _card(self, name: str) -> Card:
        """A detector's card, with its inputs and outputs."""
        if name not in store.names() or not is_detector(store.find_card(name)):
            raise Problem(
                422, "parameters.model: there is no such detector",
                f"there are: {', '.join(self.engines)}",
            )
        return store.with_ports(store.find_card(name))


def _wanted(labels: tuple[str, ...], known: tuple[str, ...]) -> frozenset[int]:
    for label in labels:
        if label not in known:
            near = difflib.get_close_matches(label[:100], known, 1)
            raise Problem(
                422, "parameters.labels: there is no such label",
                f"did you mean {near[0]}?" if near else "its card names them",
            )
    return frozenset(at for at, name in enumerate(known) if name in labels)
