from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception.boxes import Found, find, overlap, suppress

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


def test_each_class_is_suppressed_by_itself_and_the_surest_comes_first() -> None:
    boxes = np.float32([[0, 0, 1, 1], [0, 0, 1, 0.99], [0, 0, 0.1, 0.1]])
    scores = np.float32([[0.6, 0.0], [0.9, 0.7], [0.1, 0.95]])
    found = find(boxes, scores, 0.25, 0.45)
    assert found.labels.tolist() == [1, 0, 1]
    np.testing.assert_allclose(found.scores, [0.95, 0.9, 0.7])
    np.testing.assert_array_equal(found.boxes, boxes[[2, 1, 1]])


def test_nothing_found_is_empty() -> None:
    found = find(np.zeros((3, 4), np.float32), np.zeros((3, 2), np.float32), 0.25, 0.45)
    assert isinstance(found, Found)
    assert (found.boxes.shape, found.labels.size, found.scores.size) == ((0, 4), 0, 0)
