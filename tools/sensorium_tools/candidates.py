"""Makes the INT8 graph of an engine, and finds the layers that must stay in fp32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import onnx

from sensorium.errors import EngineError
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.quantise.dynamic import DynamicQuantiser
from sensorium_tools.quantise.kept import KeptQuantiser
from sensorium_tools.quantise.lint import lint
from sensorium_tools.quantise.sensitivity import rank
from sensorium_tools.quantise.static import StaticQuantiser
from sensorium_tools.verify.error import snr_db
from sensorium_tools.verify.gates import ENOUGH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import ModelProto

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate import Run
    from sensorium_tools.progress import Progress
    from sensorium_tools.quantise.recorder import Feeds
    from sensorium_tools.quantise.static import Quantiser
    from sensorium_tools.verify.gates import Accuracy
    from sensorium_tools.verify.trial import Trial

_GAP_DB = 6.0
"""Less signal to noise than the same graph's plain arithmetic by so much is saturation, and not
another order of rounding."""
_FEEDS = 16


@dataclass(frozen=True)
class Candidate:
    """An INT8 graph.

    Attributes:
        data: Serialised.
        accuracy: What the gates say of its results.
        kept: Nodes that stay in fp32, with the signal to noise that INT8 leaves of each alone.
        weight_bits: 8, or 7 where eight saturate on this CPU.
    """

    data: bytes
    accuracy: Accuracy
    kept: Mapping[str, float]
    weight_bits: int


def quantiser(
    card: Card, prepared: ModelProto, feeds: list[Feeds], recipe: Mapping[str, Any]
) -> KeptQuantiser:
    """The quantiser of a card's scheme; what it made before is taken from the cache.

    Args:
        card: Of the engine.
        prepared: Its graph.
        feeds: Inputs of real use.
        recipe: What decides the INT8 graph, beside that graph, the target and the layers kept.

    Raises:
        EngineError: When the graph has nothing to quantise.
    """
    made: Quantiser
    if card.quantisation.scheme == "dynamic":
        made = DynamicQuantiser(card.name, prepared, card.quantisation)
    else:
        made = StaticQuantiser(card.name, prepared, card.quantisation, feeds)
    if not made.nodes:
        raise EngineError(
            f"{card.name}: none of its nodes is a {' or '.join(card.quantisation.operators)} that "
            f"goes to {card.quantisation.scheme} INT8",
            "see quantisation.operators in its card",
        )
    return KeptQuantiser(made, {**recipe, "graph": card.graph_identity})


class Search:
    """Makes INT8 graphs of one card and judges them.

    Args:
        card: Of the engine.
        made: Quantises its graph.
        reference: The fp32 graph.
        feeds: Inputs of real use.
        trial: Judges.
        threads: Threads inside one run.
        progress: Told of each step.
    """

    def __init__(
        self,
        card: Card,
        made: KeptQuantiser,
        reference: Run,
        feeds: list[Feeds],
        trial: Trial,
        threads: int,
        progress: Progress,
    ) -> None:
        self._card = card
        self._made = made
        self._reference = reference
        self._feeds = feeds
        self._trial = trial
        self._threads = threads
        self._progress = progress

    def best(self) -> Candidate:
        """The INT8 graph for the CPU that is best for its card.

        First with every layer of the recipe in INT8 and weights of eight bits; where those saturate
        on this CPU, of seven. Where the gates refuse that, the layers that are hurt most go back to
        fp32, one, two, four and so on, up to the card's `search`.

        Raises:
            EngineError: When the graph cannot be quantised, breaks the linter's rules or saturates.
        """
        found = self._candidate({})
        few = found.accuracy.basis == "not established" and found.accuracy.agreement.n < ENOUGH
        if found.accuracy.passed or few or not self._card.quantisation.search:
            return found
        harm = rank(self._card.name, self._made.fresh, self._reference, self._feeds, self._progress)
        count = 1
        while not found.accuracy.passed and count <= min(
            self._card.quantisation.search, len(harm) - 1
        ):
            tried = self._candidate(dict(harm[:count]))
            if _is_better(tried.accuracy, found.accuracy):
                found = tried
            count *= 2
        return found

    def _candidate(self, kept: Mapping[str, float]) -> Candidate:
        bits, data, run = self._weights(kept)
        label = f"int8 with {len(kept)} layers in fp32" if kept else "int8"
        return Candidate(data, self._trial.judge(label, run), kept, bits)

    def _weights(self, kept: Mapping[str, float]) -> tuple[int, bytes, Run]:
        """The graph with weights of eight bits; where those saturate on this CPU, of seven."""
        name = self._card.name
        if self._card.quantisation.scheme == "dynamic":
            # Its operators are in INT8 as written, too: there is no plain arithmetic to compare
            # with. But seven bits are nearer to fp32 than eight only where eight saturate.
            eight, seven = (self._made_with(bits, kept) for bits in (8, 7))
            if self._snr_db(seven[1]) > self._snr_db(eight[1]):
                return 7, *seven
            return 8, *eight
        for bits in (8, 7):
            data, run = self._made_with(bits, kept)
            gap = self._snr_db(GraphRun(name, data, self._threads, as_written=True))
            gap -= self._snr_db(run)
            if gap <= _GAP_DB:
                return bits, data, run
        raise EngineError(
            f"{name}: in INT8 it is {gap:.1f} dB further from fp32 than its plain arithmetic is: "
            "it saturates on this CPU"
        )

    def _made_with(self, bits: int, kept: Mapping[str, float]) -> tuple[bytes, Run]:
        name = self._card.name
        data = self._made.quantise("cpu", kept, bits)
        findings = lint(onnx.load_from_string(data), "cpu")
        if findings:
            first = findings[0]
            raise EngineError(f"{name}: {first.node}: {first.rule}: {first.says}")
        return data, GraphRun(name, data, self._threads)

    def _snr_db(self, run: Run) -> float:
        return snr_db(self._reference, run, self._feeds[:_FEEDS])


def _is_better(one: Accuracy, other: Accuracy) -> bool:
    return one.passed or one.agreement.value > other.agreement.value
