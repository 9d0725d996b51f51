"""Follows faces from picture to picture by their landmarks, and looks for new ones where due.

As MediaPipe's face landmarker does it: where a face was in the picture before is where its
landmarks are looked for, and the detector runs only while there may be more faces than are followed
(face_landmarker_graph.cc).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.boxes import overlap

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sensorium.perception.face_input import Box
    from sensorium.perception.face_landmarks import Landmarks
    from sensorium.perception.picture_stream import Picture

    Image = NDArray[np.uint8]

PRESENCE = 0.5
"""min_tracking_confidence and min_face_presence_confidence of the face landmarker."""
SAME = 0.3
"""Boxes of one face overlap by more."""
LOOK_NS = 500_000_000
"""How often more faces are looked for while some are followed."""
_LARGEST = 4.0
"""A face's box over the picture's longer side; what is larger has been lost."""


@dataclass(frozen=True)
class Followed:
    """One face.

    Attributes:
        track: Its number while it stays in sight.
        landmarks: In this picture.
    """

    track: int
    landmarks: Landmarks


class FaceTracker:
    """The faces of one stream of pictures.

    Args:
        detect: Gives boxes of faces in pixels, the surest first.
        landmarks: Gives the landmarks of the face in a box.
        most: Faces that are followed.
    """

    def __init__(
        self,
        detect: Callable[[Image], list[Box]],
        landmarks: Callable[[Image, Box], Landmarks],
        most: int,
    ) -> None:
        self._detect = detect
        self._landmarks = landmarks
        self._most = most
        self._faces: list[Followed] = []
        self._looked_ns = 0

    def follow(self, picture: Picture) -> list[Followed]:
        """The faces in the next picture, who is longest in sight first."""
        faces: list[Followed] = []
        for face in self._faces:
            self._take(picture, face.landmarks.box, face.track, faces)
        due = abs(picture.time_ns - self._looked_ns) >= LOOK_NS
        if len(faces) < self._most and (due or not faces):
            self._looked_ns = picture.time_ns
            for place, box in enumerate(self._detect(picture.image)):
                if len(faces) >= self._most:
                    break
                number = (picture.key << 8) + place + 1 & 0xFFFFFFFFFFFFFFFF
                self._take(picture, box, number, faces)
        self._faces = faces
        return faces

    def _take(self, picture: Picture, box: Box, track: int, faces: list[Followed]) -> None:
        """Adds the face in a box, where there is one that is not there already."""
        if not _within(box, picture.image) or _is_known(box, faces):
            return
        found = self._landmarks(picture.image, box)
        if found.presence >= PRESENCE and not _is_known(found.box, faces):
            faces.append(Followed(track, found))


def _within(box: Box, image: Image) -> bool:
    """Whether the middle of a box lies in the picture, and its size makes sense."""
    height, width = image.shape[:2]
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    side = max(box[2] - box[0], box[3] - box[1])
    return bool(0 <= x <= width and 0 <= y <= height and side <= _LARGEST * max(width, height))


def _is_known(box: Box, faces: list[Followed]) -> bool:
    if not faces:
        return False
    boxes = np.array([face.landmarks.box for face in faces], np.float32)
    shares = overlap(np.array([box], np.float32), boxes)
    return float(np.max(shares)) > SAME
