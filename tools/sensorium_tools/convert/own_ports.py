"""What a graph says of itself where its card leaves that to it: axes and labels, in its metadata.

ONNX names an axis and does not say how far it goes.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from sensorium.inference.card_tables import Axis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.card import Card

_AXES, _LABELS = "sensorium.axes", "sensorium.labels"


def write(metadata: dict[str, str], card: Card, labels: tuple[str, ...]) -> None:
    """Puts the axes of a card, and the names of a model's classes, into a graph's metadata."""
    metadata[_AXES] = json.dumps([asdict(axis) for axis in card.axes])
    metadata[_LABELS] = json.dumps(labels)


def axes(metadata: Mapping[str, str]) -> tuple[Axis, ...]:
    """The axes that a graph brings; empty where it brings none."""
    return tuple(Axis(**axis) for axis in json.loads(metadata.get(_AXES, "[]")))


def labels(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The names of its classes; empty where it brings none."""
    return tuple(json.loads(metadata.get(_LABELS, "[]")))
