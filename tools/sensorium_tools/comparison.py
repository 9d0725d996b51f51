"""The precisions of one engine side by side: sizes, times, memory, verdicts, and the best."""

from __future__ import annotations

import datetime
import functools
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sensorium_tools.graph_run import GraphRun
from sensorium_tools.keys import versions
from sensorium_tools.quantise.weights import weighted
from sensorium_tools.verify import machine
from sensorium_tools.verify.error import snr_db
from sensorium_tools.verify.memory import peak_mib
from sensorium_tools.verify.report import Precision, Report
from sensorium_tools.verify.speed import compare

if TYPE_CHECKING:
    from onnx import ModelProto

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate import Metric, Run
    from sensorium_tools.progress import Progress
    from sensorium_tools.quantise.recorder import Feeds
    from sensorium_tools.targets import Target
    from sensorium_tools.verify.gates import Accuracy
    from sensorium_tools.verify.speed import Speed

_ORDER = ("int8", "fp16", "fp32")


class Comparison:
    """What is known of each precision of one engine.

    Args:
        card: Of the engine.
        prepared: Its fp32 graph, as it is quantised.
        fp32: The graph itself.
        progress: Told of each step.

    Attributes:
        graphs: Precision to graph.
        accuracy: Precision to what the gates say of its results.
        missing: Precision to why there is none.
        metric: Of fp32.
        kept: Layers that INT8 hurts, with the signal to noise that it leaves of each alone.
        weight_bits: Of INT8.
        coverage: Layers with weights: name to int8, or to why it is not.
        candidates: Precisions that may be installed.
    """

    def __init__(self, card: Card, prepared: ModelProto, fp32: bytes, progress: Progress) -> None:
        self._card = card
        self._prepared = prepared
        self._progress = progress
        self._threads = machine.threads()
        target = card.target("cpu")
        self.candidates = target.precision if target else ()
        self.graphs = {"fp32": fp32}
        self.accuracy: dict[str, Accuracy] = {}
        self.missing: dict[str, str] = {}
        self.metric: Metric | None = None
        self.kept: dict[str, float] = {}
        self.weight_bits = 0
        self.coverage: dict[str, str] = {}

    def report(self, reference: Run, feeds: list[Feeds], target: Target | None) -> Report:
        """Measures what is there, and says which one is best.

        Args:
            reference: The fp32 graph.
            feeds: Inputs to time on.
            target: What there is for TensorRT.

        Raises:
            EngineError: When a graph cannot be run.
        """
        card = self._card
        rows = self._rows(reference, feeds)
        row = next(row for row in rows if row.state == "installed")
        accuracy = self.accuracy.get(row.name)
        if row.name == "fp32":
            why = next((f"int8: {each.why}" for each in rows if each.name == "int8"), "")
        else:
            why = f"{row.why}; {row.speedup:.2f} times as fast as fp32 here"
        return Report(
            engine=card.name,
            title=card.engine.title,
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
            machine=machine.about(),
            versions=versions(),
            installed=row.name,
            basis=accuracy.basis if accuracy else "fp32",
            why=why,
            task=card.evaluation.task,
            sets=card.evaluation.sets,
            precisions=tuple(rows),
            kept=self.kept,
            weight_bits=self.weight_bits,
            layers={
                node.name: self._type(row.name, node.name) for node in weighted(self._prepared)
            },
            int8=self.coverage,
            tensorrt=target.report if target else None,
        )

    def _type(self, precision: str, node: str) -> str:
        if precision != "int8":
            return precision
        return "int8" if self.coverage[node] == "int8" else "fp32"

    def _rows(self, reference: Run, feeds: list[Feeds]) -> list[Precision]:
        card = self._card
        names = [precision for precision in _ORDER if precision in self.graphs]
        loads = {
            name: functools.partial(GraphRun, card.name, self.graphs[name], self._threads)
            for name in sorted(names, key=_ORDER.index, reverse=True)
        }
        speeds = compare(loads, feeds, self._progress, f"{card.name}: timing {', '.join(names)}")
        rows, chosen = [], False
        for name in names:
            memory = peak_mib(card.name, self.graphs[name], feeds[0], self._threads)
            state, why = self._verdict(name, speeds[name], memory)
            if state == "installed":
                state, chosen = ("measured" if chosen else "installed"), True
            rows.append(
                Precision(
                    name, state, why,
                    bytes=len(self.graphs[name]),
                    p50_ms=speeds[name].p50_ms,
                    p99_ms=speeds[name].p99_ms,
                    speedup=speeds[name].speedup,
                    peak_mib=memory,
                    snr_db=snr_db(reference, loads[name](), feeds),
                    **self._figures(name),
                )
            )
        rows += [
            Precision(name, "not made", why) for name, why in self.missing.items()
            if name not in names
        ]
        return rows

    def _verdict(self, name: str, speed: Speed, memory: float) -> tuple[str, str]:
        """`installed` for what may be, refused or measured; and why."""
        card = self._card
        too_much = (
            f"takes {memory:.0f} MiB, its card permits {card.memory.peak_mib}"
            if memory > card.memory.peak_mib else ""
        )
        if name == "fp32":
            return "installed", too_much
        if name not in self.candidates:
            return "measured", "its card does not name it for the CPU"
        accuracy = self.accuracy.get(name)
        if accuracy is None or not accuracy.passed:
            return "refused", accuracy.why if accuracy else "not judged"
        if speed.least_speedup <= card.gates.min_speedup:
            return "refused", (
                f"{accuracy.why}; but it is only {speed.least_speedup:.2f} to "
                f"{speed.speedup:.2f} times as fast as fp32 on this device, more than "
                f"{card.gates.min_speedup:g} is needed in each round"
            )
        if too_much:
            return "refused", too_much
        return "installed", accuracy.why

    def _figures(self, name: str) -> dict[str, Any]:
        if name == "fp32":
            return {"metric": asdict(self.metric) if self.metric else None}
        accuracy = self.accuracy.get(name)
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
