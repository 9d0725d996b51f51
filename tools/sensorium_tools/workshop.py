"""Makes every precision of one engine, puts them side by side and says which one is best."""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from sensorium.errors import EngineError
from sensorium_tools.candidates import Search, quantiser
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.graphs import graph
from sensorium_tools.install import versions
from sensorium_tools.quantise.half import to_half
from sensorium_tools.quantise.prepare import prepare
from sensorium_tools.quantise.weights import coverage, weighted
from sensorium_tools.targets import tensorrt
from sensorium_tools.verify import machine
from sensorium_tools.verify.error import snr_db
from sensorium_tools.verify.gates import with_interval
from sensorium_tools.verify.memory import peak_mib
from sensorium_tools.verify.report import Precision, Report, Tensorrt
from sensorium_tools.verify.speed import compare
from sensorium_tools.verify.trial import Trial

if TYPE_CHECKING:
    from sensorium.inference.card import Card
    from sensorium_tools.evaluate import Metric
    from sensorium_tools.progress import Progress
    from sensorium_tools.quantise.recorder import Feeds
    from sensorium_tools.quantise.static import Quantiser
    from sensorium_tools.targets import Target
    from sensorium_tools.verify.gates import Accuracy
    from sensorium_tools.verify.speed import Speed

_ORDER = ("int8", "fp16", "fp32")


@dataclass(frozen=True)
class Made:
    """What a build gives.

    Attributes:
        precision: The best for the CPU.
        data: Its graph.
        report: Every precision side by side.
        target: What there is for TensorRT; None where the card names no GPU.
    """

    precision: str
    data: bytes
    report: Report
    target: Target | None


class Workshop:
    """One build of one engine.

    Args:
        card: Of the engine.
        key: Of all that it is made from.
        progress: Told of each step.

    Raises:
        HashError: When an archive or a weight is not the pinned one.
        EngineError: When it cannot be fetched or converted.
        OSError: When something cannot be written.
    """

    def __init__(self, card: Card, key: str, progress: Progress) -> None:
        self._card = card
        self._key = key
        self._progress = progress
        self._threads = machine.threads()
        self._target = card.target("cpu")
        self._graphs = {"fp32": graph(card, progress)}
        # All cores judge; what the daemon has is what is timed.
        self._cores = machine.cores()
        self._reference = GraphRun(card.name, self._graphs["fp32"], self._cores)
        self._accuracy: dict[str, Accuracy] = {}
        self._missing: dict[str, str] = {}
        self._kept: dict[str, float] = {}
        self._weight_bits = 0
        self._prepared = prepare(card.name, self._graphs["fp32"])
        self._coverage: dict[str, str] = {}
        self._metric: Metric | None = None

    def make(self) -> Made:
        """Makes and judges everything.

        Raises:
            EngineError: When fp32 itself is not what its card demands.
        """
        card = self._card
        trial, feeds = self._trial()
        self._half(trial)
        made = self._int8(trial, feeds)
        target = tensorrt(
            card, self._graphs["fp32"], made, trial, self._reference, feeds, self._kept,
            self._progress,
        )
        rows = self._rows(feeds)
        best = next(row.name for row in rows if row.state == "installed")
        report = self._report(best, rows, target.report if target else None)
        return Made(best, self._graphs[best], report, target)

    def _trial(self) -> tuple[Trial | None, list[Feeds]]:
        """The trial and the inputs to time on: zeros where the trial lacks something here."""
        card = self._card
        try:
            trial = Trial(card, self._reference, self._progress)
            samples, outcomes = trial.reference()
            self._metric = with_interval(trial.task, outcomes, samples)
            feeds = trial.timed()
        except EngineError as error:
            self._missing["int8"] = f"not established: {error.message}"
            return None, [
                {port.name: np.zeros(card.sizes(port), port.type) for port in card.inputs}
            ]
        if self._metric is not None and _is_worse(self._metric, card.gates.min_metric):
            raise EngineError(
                f"{card.name}: in fp32 its {self._metric.name} is {self._metric.value:.3f}, its "
                f"card demands {card.gates.min_metric:g}",
                "its conversion or its task is wrong: it is not installed",
            )
        return trial, feeds

    def _half(self, trial: Trial | None) -> None:
        try:
            data = to_half(self._card.name, self._prepared)
            run = GraphRun(self._card.name, data, self._cores)
            if trial is not None and self._target and "fp16" in self._target.precision:
                self._accuracy["fp16"] = trial.judge("fp16", run)
            self._graphs["fp16"] = data
        except EngineError as error:
            self._missing["fp16"] = error.message

    def _int8(self, trial: Trial | None, feeds: list[Feeds]) -> Quantiser | None:
        card = self._card
        if card.quantisation.scheme == "none":
            self._missing["int8"] = f"its card has no recipe: {card.quantisation.why}"
            return None
        if trial is None:
            return None
        try:
            if card.quantisation.scheme == "static":
                feeds = trial.calibration()
            made = quantiser(card, self._prepared, feeds)
        except EngineError as error:
            self._missing["int8"] = error.message
            return None
        try:
            if self._target is None or "int8" not in self._target.precision:
                self._missing["int8"] = "its card does not name it for the CPU"
                return made
            search = Search(
                card, made, self._reference, feeds, trial, self._cores, self._progress
            )
            found = search.best()
        except EngineError as error:
            # What the CPU cannot run, TensorRT may.
            self._missing["int8"] = error.message
            return made
        self._graphs["int8"] = found.data
        self._accuracy["int8"] = found.accuracy
        self._kept = dict(found.kept)
        self._weight_bits = found.weight_bits
        self._coverage = coverage(
            self._prepared, onnx.load_from_string(found.data), card.quantisation, found.kept
        )
        return made

    def _rows(self, feeds: list[Feeds]) -> list[Precision]:
        """Every precision with its figures; the best one that may be is the installed one."""
        name = self._card.name
        names = [precision for precision in _ORDER if precision in self._graphs]
        runs = {
            precision: GraphRun(name, self._graphs[precision], self._threads)
            for precision in names
        }
        self._progress.say(f"{name}: measuring {', '.join(names)}")
        speeds = compare(runs, feeds)
        rows = []
        chosen = False
        for precision in names:
            memory = peak_mib(name, self._graphs[precision], feeds[0], self._threads)
            state, why = self._verdict(precision, speeds, memory)
            if state == "installed":
                state, chosen = ("measured" if chosen else "installed"), True
            rows.append(
                Precision(
                    precision, state, why,
                    bytes=len(self._graphs[precision]),
                    p50_ms=speeds[precision].p50_ms,
                    p99_ms=speeds[precision].p99_ms,
                    speedup=speeds["fp32"].p50_ms / speeds[precision].p50_ms,
                    peak_mib=memory,
                    snr_db=snr_db(self._reference, runs[precision], feeds),
                    **self._figures(precision),
                )
            )
        rows += [
            Precision(precision, "not made", why) for precision, why in self._missing.items()
            if precision not in names
        ]
        return rows

    def _verdict(
        self, precision: str, speeds: dict[str, Speed], memory: float
    ) -> tuple[str, str]:
        """Whether a precision may be installed: `installed`, refused or measured; and why."""
        card = self._card
        if precision == "fp32":
            return "installed", ""
        if self._target is None or precision not in self._target.precision:
            return "measured", "its card does not name it for the CPU"
        accuracy = self._accuracy.get(precision)
        if accuracy is None or not accuracy.passed:
            return "refused", accuracy.why if accuracy else "not judged"
        speedup = speeds["fp32"].p50_ms / speeds[precision].p50_ms
        if speedup <= card.gates.min_speedup:
            return "refused", (
                f"{accuracy.why}; but fp32 takes {speedup:.2f} of its time on this device, "
                f"more than {card.gates.min_speedup:g} is needed"
            )
        if memory > card.memory.peak_mib:
            return "refused", f"takes {memory:.0f} MiB, its card permits {card.memory.peak_mib}"
        return "installed", accuracy.why

    def _figures(self, precision: str) -> dict[str, Any]:
        if precision == "fp32":
            return {"metric": asdict(self._metric) if self._metric else None}
        accuracy = self._accuracy.get(precision)
        if accuracy is None:
            return {}
        return {
            key: asdict(figure) if figure else None
            for key, figure in (
                ("metric", accuracy.metric),
                ("loss", accuracy.loss),
                ("agreement", accuracy.agreement),
            )
        }

    def _report(self, best: str, rows: list[Precision], other: Tensorrt | None) -> Report:
        card = self._card
        row = next(row for row in rows if row.name == best)
        accuracy = self._accuracy.get(best)
        if best == "fp32":
            why = next((f"int8: {row.why}" for row in rows if row.name == "int8"), "")
        else:
            why = f"{row.why}; {row.speedup:.2f} times as fast as fp32 here"
        return Report(
            engine=card.name,
            title=card.engine.title,
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
            key=self._key,
            machine=machine.about(),
            versions=versions(),
            installed=best,
            basis=accuracy.basis if accuracy else "fp32",
            why=why,
            task=card.evaluation.task,
            sets=card.evaluation.sets,
            precisions=tuple(rows),
            kept=self._kept,
            weight_bits=self._weight_bits,
            layers={
                node.name: best if best != "int8" or self._coverage[node.name] == "int8" else "fp32"
                for node in weighted(self._prepared)
            },
            int8=self._coverage,
            tensorrt=other,
        )


def _is_worse(metric: Metric, bound: float) -> bool:
    if bound < 0:
        return False
    return metric.value < bound if metric.more_is_better else metric.value > bound
