"""Makes the smaller precisions of an engine, and finds the layers that must stay in fp32."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import onnx

from sensorium.errors import EngineError
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.quantise.dynamic import DynamicQuantiser
from sensorium_tools.quantise.lint import lint
from sensorium_tools.quantise.sensitivity import rank
from sensorium_tools.quantise.static import StaticQuantiser

if TYPE_CHECKING:
    from onnx import ModelProto

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate import Run
    from sensorium_tools.progress import Progress
    from sensorium_tools.quantise.recorder import Feeds
    from sensorium_tools.quantise.static import Quantiser
    from sensorium_tools.verify.gates import Accuracy
    from sensorium_tools.verify.trial import Trial


@dataclass(frozen=True)
class Candidate:
    """An INT8 graph.

    Attributes:
        data: Serialised.
        accuracy: What the gates say of its results.
        kept: Nodes that stay in fp32, with the signal to noise that INT8 leaves of each alone.
    """

    data: bytes
    accuracy: Accuracy
    kept: dict[str, float] = field(default_factory=dict)


def quantiser(card: Card, prepared: ModelProto, feeds: list[Feeds]) -> Quantiser:
    """The quantiser of a card's scheme."""
    if card.quantisation.scheme == "dynamic":
        return DynamicQuantiser(card.name, prepared, card.quantisation)
    return StaticQuantiser(card.name, prepared, card.quantisation, feeds)


def int8(
    card: Card,
    made: Quantiser,
    reference: Run,
    feeds: list[Feeds],
    trial: Trial,
    threads: int,
    progress: Progress,
) -> Candidate:
    """The INT8 graph for the CPU that is best for its card.

    First with every layer of the recipe in INT8. Where the gates refuse that, the layers that
    are hurt most go back to fp32, one, two, four and so on, up to the card's `search`.

    Raises:
        EngineError: When the graph cannot be quantised, or breaks the linter's rules.
    """
    if not made.nodes:
        raise EngineError(
            f"{card.name}: none of its nodes is a {' or '.join(card.quantisation.operators)}",
            "see quantisation.operators in its card",
        )
    best = _candidate(card, made, {}, trial, threads)
    if best.accuracy.passed or not card.quantisation.search or not feeds:
        return best
    harm = rank(card.name, made, reference, feeds, progress)
    count = 1
    while not best.accuracy.passed and count <= min(card.quantisation.search, len(harm) - 1):
        kept = dict(harm[:count])
        tried = _candidate(card, made, kept, trial, threads)
        if tried.accuracy.passed or tried.accuracy.agreement.value > best.accuracy.agreement.value:
            best = tried
        count *= 2
    return best


def _candidate(
    card: Card, made: Quantiser, kept: dict[str, float], trial: Trial, threads: int
) -> Candidate:
    data = made.quantise("cpu", kept)
    findings = lint(onnx.load_from_string(data), "cpu")
    if findings:
        first = findings[0]
        raise EngineError(f"{card.name}: {first.node}: {first.rule}: {first.says}")
    name = f"int8 with {len(kept)} layers in fp32" if kept else "int8"
    return Candidate(data, trial.judge(name, GraphRun(card.name, data, threads)), kept)
