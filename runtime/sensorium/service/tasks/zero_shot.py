"""Labels that come with the texts, by how alike their meanings are: `classify_text` untrained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.softmax import softmax
from sensorium.service.tasks import occlusion
from sensorium.service.tasks.probabilities import logistic, surest
from sensorium.service.tasks.task import Timed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.service.tasks.embedding import Embedding
    from sensorium.service.tasks.work import Work

PLACE = "{}"
MOST_LABELS, LONGEST_LABEL = 100, 200


@dataclass(frozen=True)
class ZeroShotParameters(Timed):
    """See `ZeroShot`."""

    labels: tuple[str, ...] = field(
        metadata={"doc": "What the texts may be about: words or phrases, 1 to 100 of them."}
    )
    template: str = field(
        default=PLACE,
        metadata={
            "doc": 'What each label is put into before it is compared, at its "{}", as "This is '
            'about {}."'
        },
    )
    temperature: float = field(
        default=0.05,
        metadata={
            "doc": "Scores are the softmax of similarity / temperature; with multi_label the "
            "logistic of (similarity - even) / temperature.",
            "min": 0.001, "max": 10.0,
        },
    )
    multi_label: bool = field(
        default=False,
        metadata={"doc": "Whether each label is judged by itself, so that several may fit."},
    )
    even: float = field(
        default=0.22,
        metadata={
            "doc": "With multi_label: the similarity at which a label is as likely right as wrong.",
            "min": -1.0, "max": 1.0,
        },
    )
    top_k: int = field(
        default=0, metadata={"doc": "Most labels of a text; 0: all.", "min": 0, "max": 100}
    )
    threshold: float = field(
        default=0.0, metadata={"doc": "Smallest score of a label.", "min": 0.0, "max": 1.0}
    )
    explain: bool = field(
        default=False,
        metadata={
            "doc": "Whether to say what each word did to the surest label: its figures less those "
            "of the text without the word."
        },
    )

    def __post_init__(self) -> None:
        if not 1 <= len(self.labels) <= MOST_LABELS:
            raise ValueError(f"labels: 1 to {MOST_LABELS} are allowed, not {len(self.labels)}")
        for at, label in enumerate(self.labels):
            if not label.strip() or len(label) > LONGEST_LABEL:
                raise ValueError(f"labels[{at}]: is empty or has over {LONGEST_LABEL} characters")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("labels: one is there twice")
        if self.template.count(PLACE) != 1 or len(self.template) > LONGEST_LABEL:
            raise ValueError(
                f'template: needs one "{PLACE}", and at most {LONGEST_LABEL} characters'
            )


class ZeroShot:
    """The half of `text_classes.ClassifyText` whose labels come with the texts.

    Args:
        embedding: Of texts and labels.
    """

    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding

    async def perform(
        self, inputs: tuple[str, ...], parameters: ZeroShotParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        if parameters.explain:
            occlusion.check(inputs)
        rows = np.stack([
            await self._embedding.of_text(parameters.template.replace(PLACE, label), work)
            for label in parameters.labels
        ])
        made: dict[str, dict[str, Any]] = {}
        for text in inputs:
            if text not in made:
                made[text] = await self._one(text, rows, parameters, work)
        return [made[text] for text in inputs]

    async def _one(
        self, text: str, rows: NDArray[np.float32], parameters: ZeroShotParameters, work: Work
    ) -> dict[str, Any]:
        async def figures(text: str) -> dict[str, NDArray[np.floating]]:
            tokens = await self._embedding.tokens(text, work)
            similarity = rows @ await self._embedding.direction(tokens, work)
            return {"similarity": similarity, "score": scores(similarity, parameters)}

        found = await figures(text)
        answer: dict[str, Any] = {
            "labels": [
                {
                    "label": parameters.labels[at],
                    **{name: round(float(each[at]), 6) for name, each in found.items()},
                }
                for at in surest(found["score"], parameters.top_k, parameters.threshold)
            ]
        }
        if parameters.explain:
            best = int(np.argmax(found["score"]))

            def of_best(found: dict[str, NDArray[np.floating]]) -> dict[str, float]:
                return {name: float(each[best]) for name, each in found.items()}

            async def without(text: str) -> dict[str, float]:
                return of_best(await figures(text))

            answer["explanation"] = {
                "label": parameters.labels[best],
                "words": await occlusion.occlude(text, of_best(found), without, work),
            }
        return answer


def scores(
    similarity: NDArray[np.floating], parameters: ZeroShotParameters
) -> NDArray[np.float64]:
    """The scores of the labels, [n], of their similarities."""
    if parameters.multi_label:
        return logistic(similarity - parameters.even, parameters.temperature)
    return softmax(similarity.astype(np.float64), parameters.temperature)
