"""Visemes: which mouth shape an engine tells for each frame, as the sense `viseme` asks it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.viseme import AHEAD, INPUT, OUTPUT, SPAN
from sensorium.perception.viseme_features import BANDS
from sensorium.records.voice import VISEME_FRAMES, VISEMES
from sensorium_tools.evaluate.port_check import Wanted, check
from sensorium_tools.evaluate.task import Metric
from sensorium_tools.samples.checks import require
from sensorium_tools.samples.mouth_frames import heard, known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample

_ALL = len(VISEMES)


class Viseme:
    """See `evaluate.task.Task`. An outcome is the chances of each frame, float32 [frames, 15]."""

    def __init__(self, card: Card) -> None:
        check(
            card, "viseme",
            [Wanted(INPUT, (1, SPAN + VISEME_FRAMES, BANDS))],
            [Wanted(OUTPUT, (1, VISEME_FRAMES, _ALL))],
        )

    def perform(self, run: Run, sample: Sample) -> NDArray[np.float32]:
        """See `Task.perform`: the whole sound, block after block; not yet smoothed."""
        require(sample, "viseme")
        features = heard(sample.data)
        calls = max(1, len(features) // VISEME_FRAMES)
        frames = calls * VISEME_FRAMES
        whole = np.zeros((SPAN + frames, BANDS), np.float32)
        # The last frames, whose future was not heard, are told as if silence followed.
        whole[SPAN - AHEAD : SPAN - AHEAD + min(frames, len(features))] = features[:frames]
        told = [
            run({INPUT: whole[None, first : first + SPAN + VISEME_FRAMES]})[OUTPUT][0].copy()
            for first in range(0, frames, VISEME_FRAMES)
        ]
        return np.concatenate(told)

    def agree(self, one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
        """See `Task.agree`: share of frames with the same strongest viseme, where one is not sil.

        None where both tell nothing but silence.
        """
        first, second = one.argmax(-1), other.argmax(-1)
        counts = (first > 0) | (second > 0)
        return float(np.mean((first == second)[counts])) if counts.any() else None

    def score(
        self, outcomes: Sequence[NDArray[np.float32]], samples: Sequence[Sample]
    ) -> Metric | None:
        """See `Task.score`: share of frames with the right viseme, uses the truth "visemes".

        No interval, which would be drawn again and again. The parts are the recall of each viseme,
        and the share of spoken frames that is right.
        """
        tables = [
            confusion(known(sample.truth["visemes"], len(outcome)), outcome.argmax(-1))
            for outcome, sample in zip(outcomes, samples, strict=True)
            if "visemes" in sample.truth
        ]
        if not tables:
            return None
        rows = np.array([table.ravel() for table in tables], np.float64)
        table = rows.sum(0).reshape(_ALL, _ALL)
        recall = np.diag(table) / np.maximum(table.sum(1), 1.0)
        parts = {"while speaking": float(np.trace(table[1:, 1:]) / max(table[1:].sum(), 1.0))}
        parts |= dict(zip(VISEMES, recall.tolist(), strict=True))
        return Metric(
            "accuracy", _accuracy(rows), math.nan, math.nan, int(rows.sum()), parts=parts
        )


def confusion(truth: NDArray[np.int64], told: NDArray[np.int64]) -> NDArray[np.int64]:
    """Frames by what is true (row) and what is told (column): [15, 15]."""
    table = np.zeros((_ALL, _ALL), np.int64)
    np.add.at(table, (truth, told), 1)
    return table


def _accuracy(rows: NDArray[np.float64]) -> float:
    table = rows.sum(0).reshape(_ALL, _ALL)
    return float(np.trace(table) / max(table.sum(), 1.0))
