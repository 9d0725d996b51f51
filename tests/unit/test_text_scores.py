"""How sure a text classifier may be, and what is said of it: the published formulas."""


import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from sensorium.perception.softmax import softmax
from sensorium_tools.train.texts import (
    calibration,
    scores,
)


def test_the_temperature_is_the_papers():
    """Guo et al. 2017, section 4.2: it minimises the negative log-likelihood."""
    noise = np.random.default_rng(8)
    truth = noise.integers(0, 4, 3000)
    logits = noise.normal(size=(3000, 4))
    logits[np.arange(3000), truth] += 1.5
    # The true model says `logits`; an overconfident one three times that.
    found = calibration.temperature_of(logits * 3, truth)

    def loss(temperature):
        chances = np.exp(logits * 3 / temperature)
        chances /= chances.sum(-1, keepdims=True)
        return -np.log(chances[np.arange(3000), truth]).mean()

    by_scipy = minimize_scalar(loss, bounds=(0.5, 20), method="bounded", options={"xatol": 1e-6})
    assert found == pytest.approx(by_scipy.x, rel=2e-3)
    assert calibration.loss_of(logits * 3, truth, found) == pytest.approx(loss(found), rel=1e-9)
    before, after = (
        calibration.calibration_error(softmax(logits * 3, t), truth)
        for t in (1.0, found)
    )
    assert after < before / 3
    # Which label is the surest does not change.
    assert (softmax(logits, found).argmax(-1) == logits.argmax(-1)).all()
    assert calibration.temperature_of(np.eye(4)[truth] * 50, truth) == pytest.approx(0.5, rel=2e-3)


def test_the_calibration_error_is_the_papers():
    """Guo et al. 2017, equation 3: bins of equal width, (m - 1) / M < confidence <= m / M."""
    chances = np.array([[0.6, 0.4], [0.6, 0.4], [0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
    truth = np.array([0, 1, 0, 0, 0])
    # Ten bins: 0.5 (right), two of 0.6 (half right), two of 0.9 (half right).
    wanted = (1 * abs(1 - 0.5) + 2 * abs(0.5 - 0.6) + 2 * abs(0.5 - 0.9)) / 5
    assert calibration.calibration_error(chances, truth, 10) == pytest.approx(wanted)
    noise = np.random.default_rng(10)
    drawn = noise.dirichlet(np.ones(5), 500)
    classes = noise.integers(0, 5, 500)
    sure, right = drawn.max(-1), drawn.argmax(-1) == classes
    summed = 0.0
    for low in np.arange(15) / 15:
        inside = (sure > low) & (sure <= low + 1 / 15)
        if inside.any():
            summed += inside.mean() * abs(right[inside].mean() - sure[inside].mean())
    assert calibration.calibration_error(drawn, classes) == pytest.approx(summed)


def test_figures_are_those_of_the_confusion():
    truth, said = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 0])
    counts = scores.confusion(said, truth, 3)
    assert counts.tolist() == [[2, 1, 0], [1, 1, 0], [1, 0, 0]]
    first, second, third = scores.per_class(counts, ("a", "b", "c"))
    assert first == {
        "label": "a", "precision": 0.5, "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(4 / 7), "texts": 3,
    }
    assert second["precision"] == second["recall"] == second["f1"] == 0.5
    assert third["precision"] == third["recall"] == third["f1"] == 0
