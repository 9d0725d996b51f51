"""The sense of faces: where they are, and how strongly each part of them moves; never who it is.

Landmarks are not published: what apps need of them is the box, six points and the blendshapes,
and all 478 measure a face so well that somebody could be known again by them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sensorium.inference import store
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import picture_stream
from sensorium.perception.face_detection import THRESHOLD, FaceDetection
from sensorium.perception.face_input import BLENDSHAPE_LANDMARKS
from sensorium.perception.face_landmarks import FaceLandmarks
from sensorium.perception.face_tracking import FaceTracker
from sensorium.perception.finite import finite
from sensorium.perception.picture_stream import PictureOptions, PictureStream, Seen, interval
from sensorium.records import FACES_SEEN
from sensorium.records.vision import FACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.inference.engine import Engine
    from sensorium.perception.face_input import Box
    from sensorium.perception.face_landmarks import Landmarks
    from sensorium.perception.picture_stream import Picture
    from sensorium.perception.sense import Rings

CHANNEL = "face"
DETECTOR, LANDMARKS, BLENDSHAPES = "face-detector", "face-landmarks", "face-blendshapes"


@dataclass(frozen=True)
class FaceOptions(PictureOptions):
    """How many faces, and how often."""

    interval_ms: int = interval(100)
    faces: int = field(
        default=1, metadata={"doc": "Faces that are followed, at most.", "min": 1, "max": FACES}
    )
    threshold: float = field(
        default=THRESHOLD,
        metadata={"doc": "Smallest score of a new face.", "min": 0.01, "max": 1.0},
    )


class Face:
    """The sense; see `perception.sense.Sense`."""

    Options = FaceOptions
    ENGINES = (DETECTOR, LANDMARKS, BLENDSHAPES)
    READS = (picture_stream.FRAME,)
    WRITES = (CHANNEL, f"app_{CHANNEL}")
    TEMPO = Tempo(Slowing.THINNED, 25, 1000)

    def __init__(self, options: FaceOptions, engines: Mapping[str, Engine], rings: Rings) -> None:
        self._options = options
        self._engines = engines
        self._rings = rings
        self._cards = {name: store.find_card(name) for name in self.ENGINES}

    @staticmethod
    def writes(options: FaceOptions) -> tuple[str, ...]:
        """The camera's channel, and that of apps where their pictures are looked at."""
        return picture_stream.outputs(CHANNEL, options)

    def streams(self) -> tuple[PictureStream, ...]:
        """See `Sense.streams`: one, with a state for the camera and one for each app."""
        make = partial(FaceLook, self._options, self._engines, self._cards)
        return (PictureStream(CHANNEL, FACES_SEEN.zeros(), make, self._options, self._rings),)


class FaceLook:
    """Follows the faces in the pictures of one stream."""

    def __init__(
        self, options: FaceOptions, engines: Mapping[str, Engine], cards: Mapping[str, Card]
    ) -> None:
        self._threshold = options.threshold
        self._detector, self._landmarker, self._shaper = (engines[name] for name in Face.ENGINES)
        self._detection = FaceDetection(cards[DETECTOR])
        self._landmarks = FaceLandmarks(cards[LANDMARKS])
        self._points = cards[BLENDSHAPES].inputs[0].name
        self._weights = cards[BLENDSHAPES].outputs[0].name
        self._tracker = FaceTracker(self._detect, self._find, options.faces)
        self._record = FACES_SEEN.zeros()

    def __call__(self, picture: Picture) -> Seen:
        """See `picture_stream.Look`."""
        followed = self._tracker.follow(picture)
        record = self._record
        height, width = picture.image.shape[:2]
        sizes = np.array([width, height], np.float32)
        record["frame"], record["height"], record["width"] = picture.sequence, height, width
        record["count"] = len(followed)
        record["faces"][0] = 0
        for place, one in enumerate(followed):
            face, found = record["faces"][0, place], one.landmarks
            corners = np.array(found.box, np.float32).reshape(2, 2) / sizes
            face["box"] = np.clip(corners, 0, 1).ravel()
            face["keypoints"] = np.clip(found.keypoints / sizes, 0, 1).ravel()
            face["score"], face["track"] = found.presence, one.track
            face["blendshapes"] = self._shapes(found)
        surest = max((one.landmarks.presence for one in followed), default=float("nan"))
        return Seen(record, surest, self._landmarker)

    def _detect(self, image: NDArray[np.uint8]) -> list[Box]:
        feeds, placement = self._detection.feeds(image)
        found = self._detection.found(self._detector.run(feeds), placement, self._threshold)
        sizes = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
        return [
            (float(left), float(top), float(right), float(bottom))
            for left, top, right, bottom in found.boxes * sizes
        ]

    def _find(self, image: NDArray[np.uint8], within: Box) -> Landmarks:
        feeds, square = self._landmarks.feeds(image, within)
        return self._landmarks.found(self._landmarker.run(feeds), square)

    def _shapes(self, found: Landmarks) -> NDArray[np.float32]:
        points = np.ascontiguousarray(found.points[BLENDSHAPE_LANDMARKS][None], np.float32)
        results = self._shaper.run({self._points: points})
        weights = finite(results[self._weights], BLENDSHAPES)
        shapes: NDArray[np.float32] = np.clip(weights.ravel(), 0, 1)
        return shapes
