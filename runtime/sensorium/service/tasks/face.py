"""The task `face`: the faces in a picture, their expression and how strongly each part moves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.inference import store
from sensorium.perception.face_detection import KEYPOINTS, THRESHOLD, FaceDetection
from sensorium.perception.face_input import BLENDSHAPE_LANDMARKS, expression_input
from sensorium.perception.face_landmarks import FaceLandmarks
from sensorium.perception.finite import finite
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks.boxes import BOX, box
from sensorium.service.tasks.emotions import check_emotions
from sensorium.service.tasks.task import Takes, Timed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.config import Service
    from sensorium.perception.face_input import Box
    from sensorium.service.tasks.work import Work

DETECTOR, LANDMARKS = "face-detector", "face-landmarks"
BLENDSHAPES, EMOTION = "face-blendshapes", "face-emotion"


@dataclass(frozen=True)
class FaceParameters(Timed):
    """See `Face`."""

    threshold: float = field(
        default=THRESHOLD, metadata={"doc": "Smallest score of a face.", "min": 0.01, "max": 1.0}
    )
    top_k: int = field(
        default=8, metadata={"doc": "Most faces, the surest.", "min": 1, "max": 64}
    )
    blendshapes: bool = field(
        default=True, metadata={"doc": "Whether to say how strongly each of 52 parts moves."}
    )
    landmarks: bool = field(
        default=False, metadata={"doc": "Whether to give the 478 landmarks."}
    )
    emotion: bool = field(
        default=False,
        metadata={
            "doc": "Whether to give the expression; the engine face-emotion is built only when it "
            "is named."
        },
    )


class Face:
    """The task; see `task.Task`."""

    about = (
        "The faces in a picture, each with its box, six points, the weights of 52 blendshapes "
        "(ARKit's names) and, where asked for, 478 landmarks and which of seven expressions it "
        "shows: of the face, not of the person's mind. For faces that are upright, within some "
        "two metres of a camera."
    )
    takes = Takes.PICTURE
    parameters = FaceParameters
    engines = (DETECTOR, LANDMARKS, BLENDSHAPES, EMOTION)
    needs = (DETECTOR, LANDMARKS, BLENDSHAPES)
    output = schema.record({
        "width": schema.whole(),
        "height": schema.whole(),
        "faces": schema.array(schema.record({
            "score": schema.number(),
            "box": BOX,
            "keypoints": {
                "type": "object", "description": "x and y in pixels; right is the person's own.",
                "additionalProperties": schema.array(schema.number()),
            },
            "presence": schema.number("That the landmarks are of a face, 0..1."),
            "blendshapes": {"type": "object", "additionalProperties": schema.number("0..1.")},
            "landmarks": schema.array(schema.array(schema.number()), "x and y in pixels of each."),
            "emotion": schema.array(
                schema.record({"label": schema.text(), "score": schema.number()})
            ),
        }, optional=("presence", "blendshapes", "landmarks", "emotion"))),
    })

    def __init__(self, settings: Service) -> None:
        self._settings = settings
        cards = {name: store.find_card(name) for name in self.engines}
        self._detection = FaceDetection(cards[DETECTOR])
        self._landmarks = FaceLandmarks(cards[LANDMARKS])
        self._face_side = cards[EMOTION].sizes(cards[EMOTION].inputs[0])[1]
        self._labels = {name: card.engine.labels for name, card in cards.items()}
        self._inputs = {name: card.inputs[0].name for name, card in cards.items()}
        self._outputs = {
            name: [port.name for port in card.outputs] for name, card in cards.items()
        }

    async def perform(
        self, inputs: NDArray[np.uint8], parameters: FaceParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        if parameters.emotion:
            check_emotions(self._settings)
        feeds, placement = await asyncio.to_thread(self._detection.feeds, inputs)
        results = await work.run(DETECTOR, feeds)
        found = self._detection.found(results, placement, parameters.threshold)
        height, width = inputs.shape[:2]
        sizes = np.array([width, height], np.float32)
        faces = []
        for corners, score, points in list(
            zip(found.boxes, found.scores.tolist(), found.keypoints, strict=True)
        )[: parameters.top_k]:
            left, top, right, bottom = (corners.reshape(2, 2) * sizes).ravel().tolist()
            faces.append({
                "score": round(score, 6),
                "box": box(corners.tolist(), width, height),
                "keypoints": dict(zip(KEYPOINTS, _written(points * sizes), strict=True)),
                **await self._parts(inputs, (left, top, right, bottom), parameters, work),
            })
        return [{"width": width, "height": height, "faces": faces}]

    async def _parts(
        self, image: NDArray[np.uint8], within: Box, parameters: FaceParameters,
        work: Work,
    ) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if parameters.landmarks or parameters.blendshapes:
            feeds, square = await asyncio.to_thread(self._landmarks.feeds, image, within)
            points, presence = self._landmarks.found(await work.run(LANDMARKS, feeds), square)
            told["presence"] = round(presence, 6)
            if parameters.blendshapes:
                told["blendshapes"] = await self._blendshapes(points, work)
            if parameters.landmarks:
                told["landmarks"] = _written(points)
        if parameters.emotion:
            values = await asyncio.to_thread(expression_input, image, within, self._face_side)
            scores = await self._first(EMOTION, values, work)
            told["emotion"] = [
                {"label": self._labels[EMOTION][at], "score": round(float(scores[0, at]), 6)}
                for at in np.argsort(-scores[0], kind="stable").tolist()
            ]
        return told

    async def _blendshapes(self, points: NDArray[np.float32], work: Work) -> dict[str, float]:
        weights = await self._first(BLENDSHAPES, points[BLENDSHAPE_LANDMARKS][None], work)
        return {
            name: round(weight, 4)
            for name, weight in zip(
                self._labels[BLENDSHAPES], weights.ravel().tolist(), strict=True
            )
            if not name.startswith("_")
        }

    async def _first(self, name: str, values: NDArray[np.float32], work: Work) -> NDArray[Any]:
        results = await work.run(name, {self._inputs[name]: values})
        return finite(results[self._outputs[name][0]], name)


def _written(points: NDArray[np.float32]) -> list[list[float]]:
    return [[round(x, 1), round(y, 1)] for x, y in points.tolist()]
