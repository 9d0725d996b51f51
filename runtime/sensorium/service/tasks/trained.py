"""Classes of texts by an engine that was trained for them: one of the user's own cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference.text_metadata import SEVERAL
from sensorium.perception.softmax import softmax
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks import occlusion
from sensorium.service.tasks.probabilities import logistic, surest
from sensorium.service.tasks.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sensorium.service.tasks.embedding import Embedding
    from sensorium.service.tasks.work import Work

LABELS = schema.array(schema.record({"label": schema.text(), "score": schema.number("0..1.")}))
TRUNCATED = schema.truth("Whether the text has more than the model reads.")


class Trained:
    """The classifiers of the user's cards, for all requests at a time."""

    def __init__(self, embedding: Embedding) -> None:
        self._readers = Readers(embedding)

    async def answers(
        self, name: str, texts: tuple[str, ...], work: Work, *, top_k: int = 0,
        threshold: float = 0.0, explain: bool = False,
        more: Callable[[dict[str, float]], dict[str, Any]] | None = None,
    ) -> list[dict[str, Any]]:
        """The labels of each text with their scores, the surest first.

        Args:
            name: Of the engine.
            texts: To be classified; the same one is classified once.
            work: The request.
            top_k: Most labels of a text; 0: all.
            threshold: Smallest score of a label.
            explain: Whether to say what each word did to the surest label.
            more: What else to say, of the scores by label.

        Raises:
            Problem: See `Work.run`.
            EngineMissing: The engine was not built.
            EngineError: It is no classifier, or failed.
        """
        if explain:
            occlusion.check(texts)
        labels = (await work.engine(name)).labels
        made: dict[str, dict[str, Any]] = {}
        for text in texts:
            if text in made:
                continue
            scores, truncated = await self._scores(name, labels, text, work)
            answer: dict[str, Any] = {
                "labels": [
                    {"label": labels[at], "score": round(float(scores[at]), 6)}
                    for at in surest(scores, top_k, threshold)
                ],
                "truncated": truncated,
            }
            if more is not None:
                answer |= more(dict(zip(labels, scores.tolist(), strict=True)))
            if explain:
                answer["explanation"] = await self._explained(name, labels, text, scores, work)
            made[text] = answer
        return [made[text] for text in texts]

    async def _explained(
        self, name: str, labels: tuple[str, ...], text: str, scores: NDArray[np.float64], work: Work
    ) -> dict[str, Any]:
        best = int(np.argmax(scores))

        async def of_best(text: str) -> dict[str, float]:
            scores, _ = await self._scores(name, labels, text, work)
            return {"score": float(scores[best])}

        whole = {"score": float(scores[best])}
        return {"label": labels[best], "words": await occlusion.occlude(text, whole, of_best, work)}

    async def _scores(
        self, name: str, labels: tuple[str, ...], text: str, work: Work
    ) -> tuple[NDArray[np.float64], bool]:
        fed = await self._readers.read(name, text, work)
        results = await work.run(name, fed.feeds)
        logits = np.asarray(next(iter(results.values())), np.float64).reshape(-1)
        if not labels or logits.size != len(labels):
            raise EngineError(
                f"{name}: gives {logits.size} numbers, and has {len(labels)} labels",
                "write engine.labels into its card, in the order of its output",
            )
        several = SEVERAL in (await work.engine(name)).metadata
        return (logistic if several else softmax)(logits, 1.0), fed.truncated
