"""What a task is: it feeds samples to an engine, says what comes out, and scores it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.samples import Sample

Run = Callable[[Mapping[str, "NDArray[Any]"]], "dict[str, NDArray[Any]]"]
"""One call of an engine: input name to array, output name to array (of the engine: copy what must
outlive the next call)."""


@dataclass(frozen=True)
class Metric:
    """A task's own figure.

    Attributes:
        name: The field's word for it, as "accuracy" or "word error rate".
        value: In its unit; a share is 0 to 1.
        low: Lower end of its 95 % interval; not a number where a task leaves it to the gates, which
            draw origins of samples.
        high: Upper end.
        n: Samples (words, for a word error rate).
        more_is_better: Whether a larger value is a better one.
        parts: Finer figures by name, as recall of each class.
    """

    name: str
    value: float
    low: float
    high: float
    n: int
    more_is_better: bool = True
    parts: Mapping[str, float] | None = None


class Task(Protocol):
    """How one kind of engine is run and judged.

    `perform` is what the builder calls for everything: with the fp32 engine it gives the
    reference, with a recorder around it the inputs to calibrate on (so an engine with a state, or
    one that writes word after word, calibrates on what it really sees), with the INT8 engine the
    verdict.
    """

    def __init__(self, card: Card) -> None:
        """Prepares what all samples need, such as labels, a tokeniser or other engines.

        Raises:
            EngineError: When something that it needs is missing; with the remedy.
        """

    def perform(self, run: Run, sample: Sample) -> Any:
        """Runs an engine on one sample, with all pre- and post-processing.

        Returns:
            What the sense would say: a class, boxes, words, an embedding. Never a view of the
            engine's own arrays.
        """
        ...

    def agree(self, one: Any, other: Any) -> float | None:
        """How far two outcomes for one sample say the same, 0 to 1; None: it says nothing."""
        ...

    def score(self, outcomes: Sequence[Any], samples: Sequence[Sample]) -> Metric | None:
        """The task's figure over samples with known truth; None where none has one."""
        ...
