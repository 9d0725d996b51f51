"""Makes every precision of one engine and judges each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx

from sensorium.errors import EngineError, HashError
from sensorium_tools import keys
from sensorium_tools.candidates import Search, quantiser
from sensorium_tools.comparison import Comparison
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.opset import raised
from sensorium_tools.quantise.half import to_half
from sensorium_tools.quantise.prepare import prepare
from sensorium_tools.quantise.weights import coverage
from sensorium_tools.targets import tensorrt
from sensorium_tools.verify import machine
from sensorium_tools.verify.gates import with_interval
from sensorium_tools.verify.trial import Trial

if TYPE_CHECKING:
    from sensorium.inference.card import Card
    from sensorium_tools.evaluate import Metric
    from sensorium_tools.progress import Progress
    from sensorium_tools.quantise.kept import KeptQuantiser
    from sensorium_tools.quantise.recorder import Feeds
    from sensorium_tools.targets import Target
    from sensorium_tools.verify.report import Report

_HALF_SAMPLES = 64
"""For fp16, which a CPU converts back and forth and is never installed for: seen, not judged."""


@dataclass(frozen=True)
class Made:
    """What a build gives.

    Attributes:
        precision: The best for the CPU.
        data: Its graph.
        report: Every precision side by side.
        target: What there is for TensorRT; None where the card names no GPU.
        judged: Whether its samples were there.
    """

    precision: str
    data: bytes
    report: Report
    target: Target | None
    judged: bool


class Workshop:
    """One build of one engine.

    Args:
        card: Of the engine, its inputs and outputs stated.
        data: Its fp32 graph.
        progress: Told of each step.

    Raises:
        EngineError: When the graph cannot be run.
    """

    def __init__(self, card: Card, data: bytes, progress: Progress) -> None:
        self._card = card
        self._progress = progress
        # All cores judge; what the daemon has is what is timed.
        self._cores = machine.cores()
        self._fp32 = data
        self._reference = GraphRun(card.name, data, self._cores)
        self._prepared = prepare(card.name, raised(data))
        self._compared = Comparison(card, self._prepared, data, progress)

    def make(self, *, judge: bool) -> Made:
        """Makes everything.

        Args:
            judge: Runs its task on its samples; without that there is no INT8 either.

        Raises:
            HashError: When a sample is not the pinned one.
            CardError: When a set is not there.
            EngineError: When fp32 itself is not what its card demands.
        """
        card = self._card
        trial, feeds = self._trial() if judge else (None, self._zeros())
        self._half(trial)
        if not judge:
            self._compared.missing["int8"] = f"not judged yet: sensorium-engines build {card.name}"
        made = self._int8(trial)
        target = tensorrt(
            card, self._fp32, made, trial, self._reference, feeds, self._compared.kept,
            self._progress,
        )
        report = self._compared.report(self._reference, feeds, target)
        return Made(
            report.installed, self._compared.graphs[report.installed], report, target,
            trial is not None,
        )

    def _trial(self) -> tuple[Trial | None, list[Feeds]]:
        """The trial and the inputs to time on: zeros where its samples are not here."""
        card = self._card
        trial = Trial(card, self._reference, self._progress)
        try:
            samples, outcomes = trial.reference()
            feeds = trial.timed()
        except HashError:
            raise
        except EngineError as error:
            self._compared.missing["int8"] = f"not established: {error.message}"
            return None, self._zeros()
        metric = with_interval(trial.task, outcomes, samples)
        if metric is not None and _is_worse(metric, card.gates.min_metric):
            raise EngineError(
                f"{card.name}: in fp32 its {metric.name} is {metric.value:.3f}, its card demands "
                f"{card.gates.min_metric:g}",
                "its conversion or its task is wrong: it is not installed",
            )
        self._compared.metric = metric
        return trial, feeds

    def _zeros(self) -> list[Feeds]:
        card = self._card
        return [{port.name: np.zeros(card.sizes(port), port.type) for port in card.inputs}]

    def _half(self, trial: Trial | None) -> None:
        try:
            data = to_half(self._card.name, self._prepared)
            run = GraphRun(self._card.name, data, self._cores)
            if trial is not None:
                wanted = "fp16" in self._compared.candidates
                limit = None if wanted else _HALF_SAMPLES
                self._compared.accuracy["fp16"] = trial.judge("fp16", run, limit)
            self._compared.graphs["fp16"] = data
        except EngineError as error:
            self._compared.missing["fp16"] = error.message

    def _int8(self, trial: Trial | None) -> KeptQuantiser | None:
        card, compared = self._card, self._compared
        if card.quantisation.scheme == "none":
            compared.missing["int8"] = f"its card has no recipe: {card.quantisation.why}"
            return None
        if trial is None:
            return None
        try:
            feeds = trial.calibration() if card.quantisation.scheme == "static" else trial.timed()
            made = quantiser(card, self._prepared, feeds, keys.recipe(card))
        except EngineError as error:
            compared.missing["int8"] = error.message
            return None
        if "int8" not in compared.candidates:
            compared.missing["int8"] = "its card does not name it for the CPU"
            return made
        search = Search(card, made, self._reference, feeds, trial, self._cores, self._progress)
        try:
            found = search.best()
        except EngineError as error:
            # What the CPU cannot run, TensorRT may.
            compared.missing["int8"] = error.message
            return made
        compared.graphs["int8"] = found.data
        compared.accuracy["int8"] = found.accuracy
        compared.kept = dict(found.kept)
        compared.weight_bits = found.weight_bits
        compared.coverage = coverage(
            self._prepared, onnx.load_from_string(found.data), card.quantisation, found.kept
        )
        return made


def _is_worse(metric: Metric, bound: float) -> bool:
    if bound < 0:
        return False
    return metric.value < bound if metric.more_is_better else metric.value > bound
