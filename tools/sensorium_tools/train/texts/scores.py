"""What a classifier reaches: accuracy, and precision, recall and F1 of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.softmax import softmax
from sensorium_tools.evaluate.interval import wilson
from sensorium_tools.train.texts.calibration import calibration_error, loss_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def confusion(said: NDArray[np.int64], truth: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """How often each class was taken for each: [true, said]."""
    return np.bincount(truth * classes + said, minlength=classes**2).reshape(classes, classes)


def per_class(table: NDArray[np.int64], labels: Sequence[str]) -> list[dict[str, Any]]:
    """Label, precision, recall, F1 and number of texts of each class; 0 where none was said."""
    hits, named, true = np.diag(table), table.sum(0), table.sum(1)
    return [
        {
            "label": label,
            "precision": float(hits[at] / max(named[at], 1)),
            "recall": float(hits[at] / max(true[at], 1)),
            "f1": float(2 * hits[at] / max(named[at] + true[at], 1)),
            "texts": int(true[at]),
        }
        for at, label in enumerate(labels)
    ]


def judged(
    logits: NDArray[np.float64], truth: NDArray[np.int64], labels: Sequence[str],
    temperature: float,
) -> dict[str, Any]:
    """All figures of a classifier on one side.

    Args:
        logits: [n, classes], as the network gives them.
        truth: [n].
        labels: Names of the classes.
        temperature: That the logits are divided by.

    Returns:
        "texts", "accuracy" with "low" and "high", the ends of its 95 % interval, "macro_f1",
        "ece_before" and "ece" (before and after the temperature), "loss_before" and "loss",
        "classes" and "confusion".
    """
    table = confusion(logits.argmax(-1), truth, len(labels))
    classes = per_class(table, labels)
    hits, count = int(np.trace(table)), len(truth)
    low, high = wilson(hits, count)
    return {
        "texts": count,
        "accuracy": hits / count, "low": low, "high": high,
        "macro_f1": sum(each["f1"] for each in classes) / len(classes),
        "ece_before": calibration_error(softmax(logits), truth),
        "ece": calibration_error(softmax(logits, temperature), truth),
        "loss_before": loss_of(logits, truth), "loss": loss_of(logits, truth, temperature),
        "classes": classes,
        "confusion": table.tolist(),
    }
