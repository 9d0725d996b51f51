"""A card's task on its evaluation samples: what fp32 says once, and every candidate against it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError, OutputError
from sensorium_tools.evaluate import task as task_of
from sensorium_tools.evaluate.agreement import noise
from sensorium_tools.quantise.recorder import Recorder
from sensorium_tools.samples.checks import require
from sensorium_tools.samples.loading import load
from sensorium_tools.verify.gates import Accuracy, Share, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate import Run
    from sensorium_tools.progress import Progress
    from sensorium_tools.quantise.recorder import Feeds
    from sensorium_tools.samples import Sample

_FEW = 4
_TIMED = 16
"""Recorded inputs that a graph is timed on, and its error is taken from."""


class Trial:
    """Runs a task with one engine after the other.

    Args:
        card: Of the engine.
        reference: The fp32 graph.
        progress: Told of each sample.

    Raises:
        EngineError: When the task or a set lacks something; with the remedy.
    """

    def __init__(self, card: Card, reference: Run, progress: Progress) -> None:
        self._card = card
        self._progress = progress
        self._reference = reference
        self.task = task_of(card.evaluation.task)(card)
        self._samples: list[Sample] | None = None
        self._outcomes: list[Any] = []
        self._recorded: list[Feeds] = []

    def calibration(self) -> list[Feeds]:
        """What the engine is fed when the task runs on the calibration samples.

        Raises:
            EngineError: When there is none, or a value is not finite.
        """
        limit = self._card.evaluation.calibration_samples
        self._recorded = self._record(limit, limit)
        return self._recorded

    def timed(self) -> list[Feeds]:
        """Inputs to time a graph on."""
        return (self._recorded or self._record(_FEW, _TIMED))[:_TIMED]

    def reference(self) -> tuple[list[Sample], list[Any]]:
        """The evaluation samples, and what fp32 says of each."""
        if self._samples is None:
            samples = self._load("evaluation", self._card.evaluation.evaluation_samples)
            self._outcomes = self.outcomes("fp32", self._reference, samples)
            self._samples = samples
        return self._samples, self._outcomes

    def judge(self, name: str, run: Run, limit: int | None = None) -> Accuracy:
        """Judges a graph on the evaluation samples.

        Args:
            name: What it is called in progress.
            run: The graph.
            limit: Samples at most, evenly spread; None: all.
        """
        samples, reference = self.reference()
        if limit is not None and len(samples) > limit:
            step = len(samples) / limit
            places = [int(place * step) for place in range(limit)]
            samples = [samples[place] for place in places]
            reference = [reference[place] for place in places]
        try:
            outcomes = self.outcomes(name, run, samples)
        except OutputError as error:
            why = f"its results cannot be used: {error.message}"
            return Accuracy("agreement", False, why, None, None, Share(0.0, 0.0, 0.0, 0, 0))
        found = judge(self._card.gates, self.task, samples, reference, outcomes)
        if self._card.evaluation.sets or not found.passed:
            return found
        why = f"not established: on noise it {found.why}; name a set in its card"
        return replace(found, basis="not established", passed=False, why=why)

    def outcomes(self, name: str, run: Run, samples: Sequence[Sample]) -> list[Any]:
        """What a graph says of each sample."""
        found = []
        label = f"{self._card.name}: {name} on {len(samples)} samples"
        with self._progress.steps(label, len(samples)) as advance:
            for sample in samples:
                found.append(self.task.perform(run, sample))
                advance(1)
        return found

    def _record(self, limit: int, feeds: int) -> list[Feeds]:
        recorder = Recorder(self._card.name, self._reference, feeds)
        samples = self._load("calibration", limit)
        label = f"{self._card.name}: recording its inputs on {len(samples)} samples"
        with self._progress.steps(label, len(samples)) as advance:
            for sample in samples:
                self.task.perform(recorder, sample)
                advance(1)
        if not recorder.feeds:
            raise EngineError(
                f"{self._card.name}: the task {self._card.evaluation.task} never ran the engine"
            )
        return recorder.feeds

    def _load(self, part: str, limit: int) -> list[Sample]:
        sets = self._card.evaluation.sets
        if not sets:
            return noise(part, limit)
        share = max(1, limit // max(1, len(sets)))
        found = [
            sample for name in sets for sample in load(name, part, self._progress, share)
        ]
        if not found:
            raise EngineError(
                f"{self._card.name}: its sets ({', '.join(sets)}) have no {part} sample",
                "see evaluation.sets in its card, and the folder calibration/",
            )
        for sample in found:
            require(sample, self._card.evaluation.task)
        return found
