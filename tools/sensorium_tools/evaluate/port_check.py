"""Whether a card's inputs, outputs and labels are those that a task feeds and reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Port

LABELS = "labels"
"""A size of this name is the count of the card's labels, and there must be some."""


@dataclass(frozen=True)
class Wanted:
    """An input or output that a task needs.

    Attributes:
        name: Of the tensor; empty: any, it is known by its place.
        shape: A number is that size; a letter any size, and the same one wherever it stands
            again; None: any shape.
        type: Of its elements.
        varies: Whether its letters must be [[axes]]: a task feeds one length after the other.
    """

    name: str = ""
    shape: tuple[int | str, ...] | None = None
    type: str = "float32"
    varies: bool = False

    def __str__(self) -> str:
        return _said(self.name, self.shape, self.type) + " with [[axes]]" * self.varies

    def fits(self, port: Port, bound: dict[str, int | str]) -> bool:
        """Whether a port is it; `bound` holds what letters stand for, and is added to."""
        if port.type != self.type or self.shape is None:
            return port.type == self.type
        return len(self.shape) == len(port.shape) and all(
            size == want if isinstance(want, int)
            else bound.setdefault(want, size) == size and (isinstance(size, str) or not self.varies)
            for want, size in zip(self.shape, port.shape, strict=True)
        )


def check(card: Card, task: str, inputs: Sequence[Wanted], outputs: Sequence[Wanted]) -> None:
    """Refuses a card that a task cannot judge.

    Args:
        card: With its ports.
        task: Its name.
        inputs: All that the engine may have: a task feeds no other.
        outputs: What it must have; more are left alone.

    Raises:
        EngineError: Names the card, the task, what the task needs and what the ports are; or the
            ports are too large.
    """
    bound: dict[str, int | str] = {}
    if any(LABELS in (port.shape or ()) for port in (*inputs, *outputs)):
        if not card.engine.labels:
            raise EngineError(
                f"{card.name}: the task {task} needs labels in the card",
                "write engine.labels, or take the task agreement",
            )
        bound[LABELS] = len(card.engine.labels)
    if (
        len(inputs) != len(card.inputs)
        or not _all_fit(inputs, card.inputs, bound)
        or not _all_fit(outputs, card.outputs, bound)
    ):
        count = f" and {len(card.engine.labels)} labels" if LABELS in bound else ""
        raise EngineError(
            f"{card.name}: the task {task} needs the inputs {_listed(inputs)} and the outputs "
            f"{_listed(outputs)}; the card has the inputs {_ports(card.inputs)} and the outputs "
            f"{_ports(card.outputs)}{count}",
            "state them so in the card, or take the task agreement",
        )
    check_size(card)


def check_size(card: Card) -> None:
    """Refuses a card whose inputs and outputs alone take more memory than it may.

    Raises:
        EngineError: Says how much they take.
    """
    need = sum(
        math.prod(card.sizes(port, "max")) * np.dtype(port.type).itemsize
        for port in (*card.inputs, *card.outputs)
    )
    if need > card.memory.peak_mib << 20:
        raise EngineError(
            f"{card.name}: its inputs and outputs take {need / (1 << 20):.0f} MiB, its "
            f"memory.peak_mib allows {card.memory.peak_mib}",
            "state smaller shapes, or a larger memory.peak_mib",
        )


def _all_fit(wanted: Sequence[Wanted], ports: Sequence[Port], bound: dict[str, int | str]) -> bool:
    by_name = {port.name: port for port in ports}
    found = [
        by_name.get(want.name) if want.name else ports[place] if place < len(ports) else None
        for place, want in enumerate(wanted)
    ]
    return all(
        port is not None and want.fits(port, bound)
        for want, port in zip(wanted, found, strict=True)
    )


def _said(name: str, shape: tuple[int | str, ...] | None, type_: str) -> str:
    sizes = "" if shape is None else f"[{', '.join(map(str, shape))}]"
    return " ".join(filter(None, (name, sizes, type_)))


def _listed(parts: Iterable[object]) -> str:
    return ", ".join(map(str, parts)) or "none"


def _ports(ports: Iterable[Port]) -> str:
    return _listed(_said(port.name, port.shape, port.type) for port in ports)
