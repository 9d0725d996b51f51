from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception import face_input, image_input

cv2 = pytest.importorskip("cv2")


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed)
    return noise.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((40, 60), (40, 60)), ((40, 60), (97, 31)), ((7, 5), (64, 64)), ((300, 200), (13, 19)),
     ((1, 1), (5, 6)), ((9, 4), (1, 1))],
)
def test_a_resized_picture_is_that_of_opencv(size, wanted) -> None:
    image = picture(*size)
    expected = cv2.resize(
        image.astype(np.float32), wanted[::-1], interpolation=cv2.INTER_LINEAR
    )
    ours = image_input.resize(image, *wanted)
    assert (ours.shape, ours.dtype) == ((*wanted, 3), np.float32)
    np.testing.assert_allclose(ours, expected, atol=2e-3)
    grey = image_input.resize(image[:, :, 0], *wanted)
    np.testing.assert_allclose(grey, expected[:, :, 0], atol=2e-3)


def test_grey_is_that_of_opencv() -> None:
    image = picture(30, 20)
    expected = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    assert np.abs(image_input.grey(image) - expected).max() <= 0.51


def test_the_middle_is_a_square_of_the_shorter_side() -> None:
    image = np.arange(256 * 300).reshape(256, 300)
    cut = image_input.middle(image, 224 / 256)
    assert cut.shape == (224, 224)
    assert cut[0, 0] == 16 * 300 + 38
    assert image_input.middle(np.zeros((1, 1)), 0.5).shape == (1, 1)


@pytest.mark.parametrize(
    "box", [(2, 3, 8, 9), (-5, -4, 8, 9), (15, 25, 40, 60), (-9, -9, 50, 50), (100, 100, 103, 105),
            (-20, -20, -10, -10)]
)
def test_a_crop_is_black_outside_of_the_picture(box) -> None:
    image = picture(30, 20)
    padded = np.pad(image, ((200, 200), (200, 200), (0, 0)))
    left, top, right, bottom = (place + 200 for place in box)
    np.testing.assert_array_equal(
        image_input.crop(image, box), padded[top:bottom, left:right]
    )


def test_points_lead_back_to_the_picture() -> None:
    image = picture(200, 300)
    box = (100.0, 60.0, 180.0, 160.0)
    values, square = face_input.landmark_crop(image, box, 256)
    assert values.shape == (1, 256, 256, 3)
    assert square == (65, 35, 215, 185)
    corners = np.float32([[[0, 0, 5, 256, 256, 5]]])
    np.testing.assert_allclose(
        face_input.points_of(corners, square, 256), [[65, 35], [215, 185]]
    )


def test_the_expression_model_sees_a_margin() -> None:
    image = np.full((100, 100, 3), 255, np.uint8)
    values = face_input.expression_input(image, (40.0, 40.0, 70.0, 60.0), 64)
    assert values.shape == (1, 64, 64, 1)
    np.testing.assert_allclose(values, 1.0, atol=1e-6)
    assert face_input.square_around((40.0, 40.0, 70.0, 60.0), 1.0, 10) == (30, 25, 80, 75)
    beyond = face_input.expression_input(image, (90.0, 90.0, 120.0, 120.0), 64)
    assert beyond.min() == -1.0


def test_a_box_without_a_size_is_no_error() -> None:
    values = face_input.expression_input(picture(20, 20), (5.0, 5.0, 5.0, 5.0), 64)
    assert np.isfinite(values).all()


def test_the_blendshape_landmarks_are_146_in_order() -> None:
    places = face_input.BLENDSHAPE_LANDMARKS
    assert len(places) == 146
    assert (np.diff(places) > 0).all()
    assert places[-1] == 477
