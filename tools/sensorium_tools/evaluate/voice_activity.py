"""Voice activity: in which blocks an engine hears somebody speak, as the sense `voice` asks it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.silero import CONTEXT
from sensorium.perception.voice_activity import RATE_HZ
from sensorium.records.sensors import AUDIO_BLOCK
from sensorium_tools.evaluate.port_check import Wanted, check
from sensorium_tools.evaluate.task import Metric
from sensorium_tools.samples.checks import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Run
    from sensorium_tools.samples import Sample

THRESHOLD = 0.5
"""The sense's own for an onset."""


class VoiceActivity:
    """See `evaluate.task.Task`. An outcome is the probability of each block, float32 [blocks]."""

    def __init__(self, card: Card) -> None:
        check(
            card, "voice-activity",
            [Wanted("input", (1, CONTEXT + AUDIO_BLOCK)), Wanted("state", ("a", "b", "c"))],
            [Wanted("output", (1, 1)), Wanted("stateN", ("a", "b", "c"))],
        )
        ports = {port.name: port for port in card.inputs}
        self._state = card.sizes(ports["state"])

    def perform(self, run: Run, sample: Sample) -> NDArray[np.float32]:
        """See `Task.perform`: the whole sound, block after block, from an empty state."""
        require(sample, "voice-activity")
        blocks = max(1, len(sample.data) // AUDIO_BLOCK)
        sound = np.zeros(CONTEXT + blocks * AUDIO_BLOCK, np.float32)
        heard = sample.data[: blocks * AUDIO_BLOCK]
        sound[CONTEXT : CONTEXT + len(heard)] = heard
        state: NDArray[Any] = np.zeros(self._state, np.float32)
        chances = np.empty(blocks, np.float32)
        for block in range(blocks):
            first = block * AUDIO_BLOCK
            piece = sound[None, first : first + CONTEXT + AUDIO_BLOCK]
            results = run({"input": piece, "state": state})
            chances[block] = results["output"][0, 0]
            state = results["stateN"].copy()
        return chances

    def agree(self, one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
        """See `Task.agree`: share of blocks that are on the same side of 0.5.

        None where neither hears anybody: that two are silent says nothing of either.
        """
        first, second = one >= THRESHOLD, other >= THRESHOLD
        return float(np.mean(first == second)) if (first | second).any() else None

    def score(
        self, outcomes: Sequence[NDArray[np.float32]], samples: Sequence[Sample]
    ) -> Metric | None:
        """See `Task.score`: F1 over blocks, uses the truth "intervals".

        A block that speech covers by less than half and more than none counts for neither side:
        where exactly a voice begins is nobody's truth. No interval, which would be drawn again and
        again.
        """
        rows = np.array(
            [
                _counts(outcome, np.asarray(sample.truth["intervals"], np.float64))
                for outcome, sample in zip(outcomes, samples, strict=True)
                if "intervals" in sample.truth
            ],
            np.float64,
        ).reshape(-1, 4)
        if not rows.sum():
            return None
        hit, false, missed, quiet = rows.sum(0)
        parts = {
            "accuracy": (hit + quiet) / rows.sum(),
            "recall": hit / max(hit + missed, 1.0),
            "precision": hit / max(hit + false, 1.0),
        }
        return Metric(
            "F1", _f1(rows), math.nan, math.nan, int(rows.sum()),
            parts={name: float(value) for name, value in parts.items()},
        )


def _counts(
    outcome: NDArray[np.float32], intervals: NDArray[np.float64]
) -> tuple[int, int, int, int]:
    """Blocks that are hit, said falsely, missed, and rightly quiet."""
    edges = np.arange(len(outcome) + 1) * (AUDIO_BLOCK / RATE_HZ)
    covered = np.zeros(len(outcome))
    for first, last in intervals.reshape(-1, 2):
        covered += np.clip(np.minimum(edges[1:], last) - np.maximum(edges[:-1], first), 0.0, None)
    share = covered * (RATE_HZ / AUDIO_BLOCK)
    said, spoken, silent = outcome >= THRESHOLD, share >= 0.5, share == 0.0
    return (
        int((said & spoken).sum()), int((said & silent).sum()),
        int((~said & spoken).sum()), int((~said & silent).sum()),
    )


def _f1(rows: NDArray[np.float64]) -> float:
    hit, false, missed, _ = rows.sum(0)
    return float(2 * hit / (2 * hit + false + missed)) if hit + false + missed else float("nan")
