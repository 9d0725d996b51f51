from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception.boxes import Found, overlap, suppress, thinned

cv2 = pytest.importorskip("cv2")


def some(n: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed)
    start = noise.uniform(0, 0.8, (n, 2))
    size = noise.uniform(0.05, 0.5, (n, 2))
    return np.concatenate([start, start + size], 1).astype(np.float32)


def of_each(box: np.ndarray, other: np.ndarray) -> float:
    """Counted on a raster, another way than by formula."""
    ticks = (np.arange(2000) + 0.5) / 2000 * 1.4
    masks = [
        ((ticks[:, None] > b[1]) & (ticks[:, None] < b[3]))
        & ((ticks[None] > b[0]) & (ticks[None] < b[2]))
        for b in (box, other)
    ]
    return float((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())


def test_overlap_is_what_a_raster_counts() -> None:
    boxes, others = some(6, 0), some(5, 1)
    ours = overlap(boxes, others)
    assert ours.shape == (6, 5)
    for i, box in enumerate(boxes):
        for j, other in enumerate(others):
            assert ours[i, j] == pytest.approx(of_each(box, other), abs=5e-3)


def test_overlap_of_the_same_is_one_and_of_nothing_zero() -> None:
    boxes = some(4, 2)
    np.testing.assert_allclose(np.diag(overlap(boxes, boxes)), 1.0, atol=1e-6)
    point = np.float32([[0.5, 0.5, 0.5, 0.5]])
    assert overlap(point, point)[0, 0] == 0
    assert overlap(np.zeros((0, 4), np.float32), boxes).shape == (0, 4)


@pytest.mark.parametrize("seed", range(20))
def test_suppression_is_that_of_opencv(seed: int) -> None:
    noise = np.random.default_rng(seed)
    boxes, limit = some(60, seed), noise.uniform(0.2, 0.7)
    scores = noise.permutation(60).astype(np.float32) / 60 + np.float32(0.01)
    rectangles = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    expected = cv2.dnn.NMSBoxes(rectangles.tolist(), scores.tolist(), 0.0, limit)
    assert suppress(boxes, scores, limit).tolist() == list(expected)


OBJECTS = Found(
    np.float32([[0, 0, 0.1, 0.1], [0, 0, 1, 0.99], [0, 0, 1, 1], [0, 0, 1, 0.98]]),
    np.array([1, 1, 0, 0]), np.float32([0.95, 0.7, 0.6, 0.9]),
)


@pytest.mark.parametrize(
    ("limit", "across", "stay"),
    [
        (0.45, False, [0, 3, 1]), (0.45, True, [0, 3]), (0.99, False, [0, 3, 1, 2]),
        (1.0, True, [0, 3, 1, 2]),
    ],
)
def test_the_surer_of_two_that_overlap_stays(limit, across, stay) -> None:
    found = thinned(OBJECTS, limit, across=across)
    np.testing.assert_array_equal(found.boxes, OBJECTS.boxes[stay])
    np.testing.assert_array_equal(found.labels, OBJECTS.labels[stay])
    np.testing.assert_array_equal(found.scores, OBJECTS.scores[stay])


def test_nothing_found_is_empty() -> None:
    nothing = Found(np.zeros((0, 4), np.float32), np.zeros(0, np.intp), np.zeros(0, np.float32))
    for across in (False, True):
        found = thinned(nothing, 0.45, across=across)
        assert (found.boxes.shape, found.labels.size, found.scores.size) == ((0, 4), 0, 0)
