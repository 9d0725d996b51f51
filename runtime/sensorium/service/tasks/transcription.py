"""The task `transcribe`: a sound to what is said in it, with the times of its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensorium.perception.recogniser import Recogniser
from sensorium.perception.segment_text import MODELS, hear
from sensorium.perception.segmentation import Segmentation
from sensorium.perception.silero import ENGINE as VOICE_ACTIVITY
from sensorium.perception.whisper_decoding import AUTO
from sensorium.perception.whisper_words import joined
from sensorium.sensors.audio_blocks import RATE
from sensorium.service.problem import Problem
from sensorium.service.tasks import json_schema as schema
from sensorium.service.tasks.task import Takes, Timed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.config import Service
    from sensorium.inference.engine import Engine
    from sensorium.perception.recogniser import Recognised
    from sensorium.perception.segmentation import Segment
    from sensorium.perception.whisper_words import Word
    from sensorium.sensors.sound_file import Sound
    from sensorium.service.tasks.work import Work

_AT_ONCE = 16 * RATE
"""Samples in which voice is looked for in one call: a tenth of a second of work."""


@dataclass(frozen=True)
class TranscribeParameters(Timed):
    """See `Transcribe`."""

    model: str = field(
        default="tiny.en",
        metadata={
            "doc": "Which Whisper: tiny.en, for English; base, for many languages.",
            "choices": tuple(MODELS),
        },
    )
    language: str = field(
        default=AUTO,
        metadata={"doc": "What is spoken, ISO 639-1; auto: what the model hears in each segment."},
    )
    words: bool = field(default=True, metadata={"doc": "Whether words come with their times."})
    timeout_s: float = field(
        default=3600.0, kw_only=True,
        metadata={
            "doc": "Seconds after which the request is given up.", "min": 0.01, "max": 86_400.0,
        },
    )


class Transcribe:
    """The task; see `task.Task`."""

    about = (
        "What is said in a sound file, in segments between pauses, with the times of its words. "
        "Where nobody speaks the text is empty and `speech` is false."
    )
    takes = Takes.SOUND
    parameters = TranscribeParameters
    engines = (VOICE_ACTIVITY, *MODELS["tiny.en"], *MODELS["base"])
    needs = (VOICE_ACTIVITY, *MODELS["tiny.en"])
    output = schema.record({
        "text": schema.text(),
        "speech": schema.truth("Whether anything was said."),
        "duration_s": schema.number("Of the sound."),
        "missing_s": schema.number("Of sound that the file's head promises and that is not there."),
        "segments": schema.array(schema.record({
            "text": schema.text(),
            "start_s": schema.number("From the beginning of the file."),
            "end_s": schema.number(),
            "confidence": schema.number("0..1: geometric mean of the tokens' probabilities."),
            "no_speech": schema.number("Probability that nobody speaks, 0..1."),
            "language": schema.text("ISO 639-1."),
            "words": schema.array(schema.record({
                "text": schema.text(), "start_s": schema.number(), "end_s": schema.number(),
                "confidence": schema.number("0..1."),
            })),
        }, optional=("words",))),
    })

    def __init__(self, _settings: Service) -> None:
        self._recogniser: tuple[tuple[Engine, Engine, str], Recogniser] | None = None

    async def perform(
        self, inputs: Sound, parameters: TranscribeParameters, work: Work
    ) -> list[dict[str, Any]]:
        """See `Task.perform`."""
        if parameters.language != AUTO:
            # Before minutes of sound are looked through for a language that it does not know.
            await work.call(
                MODELS[parameters.model], self._recogniser_of, parameters.language
            )
        segments = await self._segments(inputs.samples, work)
        told: list[dict[str, Any]] = []
        words: list[Word] = []
        reached: int | None = None
        for segment in segments:
            if not segment.continues:
                reached = None
            heard = await self._hear(inputs.samples, segment, reached, parameters, work)
            if heard.words:
                reached = heard.words[-1].last
                words += heard.words
                told.append(_told(heard, parameters.words))
        return [{
            "text": joined(words), "speech": bool(words),
            "duration_s": round(inputs.duration_s, 3), "missing_s": round(inputs.missing_s, 3),
            "segments": told,
        }]

    async def _segments(self, sound: NDArray[np.float32], work: Work) -> list[Segment]:
        segmentation = Segmentation()
        found: list[Segment] = []
        for first in range(0, len(sound), _AT_ONCE):
            part = sound[first : first + _AT_ONCE]
            found += await work.call((VOICE_ACTIVITY,), segmentation.take, part)
        return found + await work.call((VOICE_ACTIVITY,), segmentation.finish)

    async def _hear(
        self, sound: NDArray[np.float32], segment: Segment, reached: int | None,
        parameters: TranscribeParameters, work: Work,
    ) -> Recognised:
        """What is said in one segment; its words' samples are those of the whole sound."""

        def written(encoder: Engine, decoder: Engine) -> Recognised:
            recogniser = self._recogniser_of(encoder, decoder, parameters.language)
            return hear(recogniser, sound, segment, reached)

        return await work.call(MODELS[parameters.model], written)

    def _recogniser_of(self, encoder: Engine, decoder: Engine, language: str) -> Recogniser:
        """Kept from segment to segment: it takes the vocabulary apart."""
        key = (encoder, decoder, language)
        kept = self._recogniser
        if kept is not None and kept[0][:2] == key[:2] and kept[0][2] == language:
            return kept[1]
        try:
            made = Recogniser(encoder, decoder, language)
        except ValueError as error:
            raise Problem(
                422, "parameters.language: the model does not know it",
                "en or auto for tiny.en; for other languages model=base and their ISO 639-1 code",
            ) from error
        self._recogniser = key, made
        return made


def _told(heard: Recognised, with_words: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "text": heard.text,
        "start_s": _seconds(heard.words[0].first), "end_s": _seconds(heard.words[-1].last),
        "confidence": round(heard.confidence, 4), "no_speech": round(heard.no_speech, 4),
        "language": heard.language,
    }
    if with_words:
        told["words"] = [
            {
                "text": word.text, "start_s": _seconds(word.first), "end_s": _seconds(word.last),
                "confidence": round(word.confidence, 4),
            }
            for word in heard.words
        ]
    return told


def _seconds(sample: int) -> float:
    return round(sample / RATE, 3)
