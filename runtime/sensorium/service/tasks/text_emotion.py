"""The task `text_emotion`: which of six emotions a short English text tells of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.inference.text_metadata import WORDS
from sensorium.perception.word_list import WordList
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks import occlusion
from sensorium.service.tasks.emotions import check_emotions
from sensorium.service.tasks.probabilities import surest
from sensorium.service.tasks.task import Takes, Timed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.config import Service
    from sensorium.service.tasks.work import Work

ENGINE = "text-emotion"


@dataclass(frozen=True)
class TextEmotionParameters(Timed):
    """See `TextEmotion`."""

    top_k: int = field(
        default=0, metadata={"doc": "Most labels of a text; 0: all.", "min": 0, "max": 100}
    )
    threshold: float = field(
        default=0.0, metadata={"doc": "Smallest score of a label.", "min": 0.0, "max": 1.0}
    )
    explain: bool = field(
        default=False,
        metadata={
            "doc": "Whether to say what each word did to the surest label: its score less that of "
            "the text without the word."
        },
    )


class TextEmotion:
    """The task; see `task.Task`."""

    about = (
        "Which of joy, fear, anger, sadness, love and surprise a short English text tells of: its "
        "first 50 words. A text that tells of none is given one all the same."
    )
    takes = Takes.TEXTS
    parameters = TextEmotionParameters
    engines = needs = (ENGINE,)
    output = schema.record({
        "labels": schema.array(schema.record({"label": schema.text(), "score": schema.number()})),
        "explanation": occlusion.SCHEMA,
    }, optional=("explanation",))

    def __init__(self, settings: Service) -> None:
        self._settings = settings
        card = store.find_card(ENGINE)
        self._input, self._output = card.inputs[0].name, card.outputs[0].name
        self._length = card.sizes(card.inputs[0])[1]
        self._words: tuple[int, WordList] | None = None

    async def perform(
        self, inputs: tuple[str, ...], parameters: TextEmotionParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        check_emotions(self._settings)
        if parameters.explain:
            occlusion.check(inputs)
        engine = await work.engine(ENGINE)
        if WORDS not in engine.metadata:
            raise EngineError(f"{ENGINE}: carries no {WORDS}", f"sensorium-engines build {ENGINE}")
        if self._words is None or self._words[0] != engine.file_hash:
            self._words = engine.file_hash, WordList(engine.metadata[WORDS], ENGINE)
        return [
            await self._one(text, self._words[1], engine.labels, parameters, work)
            for text in inputs
        ]

    async def _one(
        self, text: str, words: WordList, labels: tuple[str, ...],
        parameters: TextEmotionParameters, work: Work,
    ) -> dict[str, Any]:
        async def scores(text: str) -> NDArray[np.float32]:
            results = await work.run(ENGINE, {self._input: words(text, self._length)})
            found: NDArray[np.float32] = results[self._output][0]
            return found

        found = await scores(text)
        answer: dict[str, Any] = {
            "labels": [
                {"label": labels[at], "score": round(float(found[at]), 6)}
                for at in surest(found, parameters.top_k, parameters.threshold)
            ]
        }
        if parameters.explain:
            best = int(np.argmax(found))

            async def of_best(text: str) -> dict[str, float]:
                return {"score": float((await scores(text))[best])}

            whole = {"score": float(found[best])}
            answer["explanation"] = {
                "label": labels[best], "words": await occlusion.occlude(text, whole, of_best, work)
            }
        return answer
