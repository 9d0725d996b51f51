"""Few-shot discriminants against the papers' definitions, written out, and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis

from sensorium.perception import discriminant
from sensorium.perception.discriminant import fit, shrunk

SETOSA = np.array([[5.1, 3.5, 1.4, 0.2], [4.9, 3.0, 1.4, 0.2], [4.7, 3.2, 1.3, 0.2],
                   [4.6, 3.1, 1.5, 0.2], [5.0, 3.6, 1.4, 0.2]])
VERSICOLOR = np.array([[7.0, 3.2, 4.7, 1.4], [6.4, 3.2, 4.5, 1.5], [6.9, 3.1, 4.9, 1.5],
                       [5.5, 2.3, 4.0, 1.3], [6.5, 2.8, 4.6, 1.5]])
"""The first flowers of two kinds in Fisher's table of 1936."""


def by_definition(around: np.ndarray) -> tuple[np.ndarray, float]:
    """Ledoit and Wolf 2004, section 3.3: m, d^2, b^2 and a^2 by their own sums."""
    count, width = around.shape
    found = sum(np.outer(x, x) for x in around) / count

    def norm(matrix: np.ndarray) -> float:
        return float(np.trace(matrix @ matrix.T)) / width

    m = float(np.trace(found @ np.eye(width))) / width
    d2 = norm(found - m * np.eye(width))
    b2 = min(sum(norm(np.outer(x, x) - found) for x in around) / count**2, d2)
    return b2 / d2 * m * np.eye(width) + (d2 - b2) / d2 * found, b2 / d2


@pytest.mark.parametrize(("count", "width"), [(4, 3), (6, 45), (40, 45), (400, 5)])
def test_the_covariance_is_that_of_ledoit_and_wolf(count: int, width: int) -> None:
    noise = np.random.default_rng(count)
    around = noise.normal(size=(count, width)) * np.linspace(0.1, 2.0, width)
    found, share = shrunk(around)
    wanted, wanted_share = by_definition(around)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
    assert share == pytest.approx(wanted_share)


def test_much_data_is_hardly_shrunk_and_one_sample_wholly() -> None:
    noise = np.random.default_rng(0)
    spread = np.array([1.0, 2.0, 3.0])
    found, share = shrunk(noise.normal(size=(20_000, 3)) * spread)
    assert share < 0.01
    np.testing.assert_allclose(np.diag(found), spread**2, rtol=0.05)
    assert shrunk(np.zeros((1, 3)))[1] == 1.0
    assert np.isfinite(shrunk(np.array([[1.0, 2.0, 3.0]]))[0]).all()


def test_distances_are_mahalanobis_with_the_shared_covariance() -> None:
    learnt = fit([SETOSA, VERSICOLOR])
    around = np.concatenate([one - one.mean(0) for one in (SETOSA, VERSICOLOR)])
    covariance = by_definition(around)[0] + discriminant.LEAST_SPREAD**2 * np.eye(4)
    inverse = np.linalg.inv(covariance)
    flower = np.array([6.0, 2.9, 4.5, 1.5])
    wanted = [mahalanobis(flower, one.mean(0), inverse) / 2.0 for one in (SETOSA, VERSICOLOR)]
    np.testing.assert_allclose(learnt.distances(flower), wanted, rtol=1e-9)
    np.testing.assert_allclose(learnt.distances(np.stack([flower, SETOSA[0]]))[0], wanted)
    assert learnt.distances(flower).argmin() == 1


def test_frames_without_any_spread_can_be_learnt() -> None:
    learnt = fit([np.zeros((6, 45)), np.full((6, 45), 0.5)])
    np.testing.assert_allclose(learnt.distances(np.zeros(45)), [0.0, 10.0], atol=1e-9)
