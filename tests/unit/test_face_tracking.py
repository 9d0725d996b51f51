"""Faces are followed by their landmarks; the detector runs only where there may be more."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception.face_landmarks import Landmarks
from sensorium.perception.face_tracking import FaceTracker
from sensorium.perception.picture_stream import Picture
from sensorium.perception.tracks import Tracks

MS = 1_000_000


class Scene:
    """Square faces at known places, as a detector and a landmark model see them."""

    def __init__(self, *middles: float) -> None:
        self.middles = list(middles)
        self.detections = 0

    def detect(self, image):
        self.detections += 1
        return [(x - 20, 30, x + 20, 70) for x in self.middles]

    def landmarks(self, image, box):
        x = (box[0] + box[2]) / 2
        near = min(self.middles, key=lambda middle: abs(middle - x), default=1e9)
        there = abs(near - x) < 15
        middle = near if there else x
        corners = np.array([(middle - 20, 30), (middle + 20, 70)], np.float32)
        return Landmarks(corners.repeat(239, axis=0), 0.9 if there else 0.1)


def follow(tracker: FaceTracker, n: int, time_ms: int) -> list[tuple[int, float]]:
    picture = Picture(np.zeros((100, 400, 3), np.uint8), n, n, time_ms * MS)
    return [
        (face.track, float(face.landmarks.points[:, 0].mean())) for face in tracker.follow(picture)
    ]


def test_a_face_that_moves_keeps_its_number_and_is_not_detected_again() -> None:
    scene = Scene(100.0)
    tracker = FaceTracker(scene.detect, scene.landmarks, 1)
    first = follow(tracker, 1, 1000)
    for step in range(2, 12):
        scene.middles[0] += 10
        assert follow(tracker, step, 1000 + 100 * step) == [(first[0][0], scene.middles[0])]
    assert scene.detections == 1


def test_a_face_that_is_gone_is_looked_for_and_gets_another_number() -> None:
    scene = Scene(100.0)
    tracker = FaceTracker(scene.detect, scene.landmarks, 1)
    ((before, _),) = follow(tracker, 1, 1000)
    scene.middles[0] = 300.0
    ((after, place),) = follow(tracker, 2, 1100)
    assert place == 300.0
    assert after not in (0, before)
    scene.middles.clear()
    assert follow(tracker, 3, 1200) == []


def test_more_faces_are_looked_for_twice_a_second_and_none_is_told_twice() -> None:
    scene = Scene(100.0)
    tracker = FaceTracker(scene.detect, scene.landmarks, 3)
    follow(tracker, 1, 1000)
    scene.middles += [200.0, 203.0]
    assert len(follow(tracker, 2, 1100)) == 1
    found = follow(tracker, 3, 1600)
    assert [place for _, place in found] == [100.0, 200.0]
    assert len({track for track, _ in found}) == 2
    assert scene.detections == 2


@pytest.mark.parametrize("wrong", [(-500.0, 0.0, -400.0, 90.0), (0.0, 0.0, 9e9, 9e9)])
def test_a_box_that_makes_no_sense_is_let_go(wrong: tuple[float, ...]) -> None:
    scene = Scene(100.0)
    tracker = FaceTracker(lambda _image: [wrong], scene.landmarks, 1)
    assert follow(tracker, 1, 1000) == []


def test_objects_keep_their_number_while_they_overlap() -> None:
    tracks = Tracks()
    boxes = np.array([(0, 0, 0.2, 0.2), (0.5, 0.5, 0.9, 0.9), (0, 0, 0.2, 0.2)], np.float32)
    labels = np.array([1, 2, 3])
    first = tracks.follow(boxes, labels, 7, 0)
    assert len({*first, 0}) == 4
    assert tracks.follow(boxes[::-1] + 0.05, labels[::-1], 8, 500 * MS) == first[::-1]
    assert tracks.follow(boxes[:0], labels[:0], 9, 1000 * MS) == []
    assert tracks.follow(boxes[1:2], labels[1:2], 10, 1500 * MS) == [first[1]]
    (other,) = tracks.follow(boxes[1:2], labels[1:2], 11, 9000 * MS)
    assert other not in (0, *first)
