"""Movements of a hand: which an engine tells, and when, as the sense `hand_gesture` asks it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.hand_motion import FEATURES, RATE_HZ, STEP_NS, WINDOW, Step
from sensorium.perception.movement import (
    CHANCE,
    INPUT,
    OUTPUT,
    MovementGate,
    Window,
)
from sensorium.records.hands import MOVEMENTS
from sensorium_tools.evaluate.port_check import LABELS, Wanted, check
from sensorium_tools.evaluate.task import Metric
from sensorium_tools.samples.checks import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample

EARLY, LATE = 6.0, 9.0
"""A movement is known when it is told no more steps before or after its end: 200 and 300 ms."""


class Told(NamedTuple):
    """A movement that an engine told: the step at which it did, and its index in `MOVEMENTS`."""

    step: int
    kind: int


class Outcome(NamedTuple):
    """What an engine told of a take of so many steps."""

    told: list[Told]
    steps: int


class Movement:
    """See `evaluate.task.Task`. An outcome is an `Outcome`."""

    def __init__(self, card: Card) -> None:
        check(
            card, "movement", [Wanted(INPUT, (1, WINDOW, FEATURES))],
            [Wanted(OUTPUT, (1, 1, LABELS))],
        )

    def perform(self, run: Run, sample: Sample) -> Outcome:
        """See `Task.perform`: the whole take, step after step."""
        require(sample, "movement")
        window, gate = Window(), MovementGate(CHANCE)
        told = []
        for at, row in enumerate(sample.data.tolist()):
            window.take(Step(at * STEP_NS, tuple(row)))
            chances = run(window.feeds)[OUTPUT][0, 0].tolist() if window.awake else None
            found = gate.update(chances, window)
            if found is not None:
                told.append(Told(at, found.kind))
        return Outcome(told, len(sample.data))

    def agree(self, one: Outcome, other: Outcome) -> float | None:
        """See `Task.agree`: share of movements that both tell, within a step; None: no movement."""
        count = max(len(one.told), len(other.told))
        both = sum(
            any(a.kind == b.kind and abs(a.step - b.step) <= 1 for b in other.told)
            for a in one.told
        )
        return both / count if count else None

    def score(self, outcomes: Sequence[Outcome], samples: Sequence[Sample]) -> Metric | None:
        """See `Task.score`: macro F1 over the movements; uses the truth "movements".

        Takes without any movement are free motion: what is told in them is a false one. No
        interval, which would be drawn again and again.
        """
        rows = np.array([
            counts(outcome, sample.truth["movements"])
            for outcome, sample in zip(outcomes, samples, strict=True)
            if "movements" in sample.truth
        ])
        if not len(rows):
            return None
        values = f1(rows.sum(0))
        parts: dict[str, float] = dict(zip(MOVEMENTS, values.tolist(), strict=True))
        free = [
            (len(outcome.told), outcome.steps)
            for outcome, sample in zip(outcomes, samples, strict=True)
            if not len(sample.truth.get("movements", [0]))
        ]
        if free:
            false, steps = (sum(part) for part in zip(*free, strict=True))
            parts["false a minute of free motion"] = false / (steps / RATE_HZ / 60.0)
        return Metric(
            "macro F1", float(values.mean()), math.nan, math.nan,
            int(rows[:, :, 0].sum() + rows[:, :, 2].sum()), parts=parts,
        )


def counts(outcome: Outcome, truth: NDArray[np.float64]) -> NDArray[np.int64]:
    """Right, false and missed ones of each movement: [movements, 3].

    Args:
        outcome: What was told.
        truth: [n, 3]: first and last step, and index, of each movement.
    """
    table = np.zeros((len(MOVEMENTS), 3), np.int64)
    left = [(float(end), int(kind)) for _, end, kind in truth]
    for told in outcome.told:
        fits = [
            one for one in left
            if one[1] == told.kind and -EARLY <= told.step - one[0] <= LATE
        ]
        if fits:
            left.remove(fits[0])
        table[told.kind, 0 if fits else 1] += 1
    for _, kind in left:
        table[kind, 2] += 1
    return table


def f1(table: NDArray[np.int64]) -> NDArray[np.float64]:
    """The F1 of each row of right, false and missed ones; 1 where there was nothing to tell."""
    right, wrong = 2.0 * table[:, 0], table[:, 1] + table[:, 2]
    return np.where(right + wrong > 0, right / np.maximum(right + wrong, 1), 1.0)
