"""What an engine is worth: one module a task, which runs it on samples and scores what it says."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from sensorium.inference.card_tables import TASKS
from sensorium_tools.evaluate.task import Metric, Run, Task

if TYPE_CHECKING:
    from sensorium.inference.card import Card

__all__ = ["Metric", "Run", "Task", "partners", "task", "task_module"]

_CLASSES: dict[str, str] = {
    "agreement": "sensorium_tools.evaluate.agreement:Agreement",
    "blendshapes": "sensorium_tools.evaluate.face:Blendshapes",
    "face-emotion": "sensorium_tools.evaluate.face:FaceEmotion",
    "face-landmarks": "sensorium_tools.evaluate.face:FaceLandmarks",
    "gesture": "sensorium_tools.evaluate.gesture:Gesture",
    "image-class": "sensorium_tools.evaluate.image_class:ImageClass",
    "movement": "sensorium_tools.evaluate.movement:Movement",
    "objects": "sensorium_tools.evaluate.objects:Objects",
    "sentence": "sensorium_tools.evaluate.sentence:Sentence",
    "speaker": "sensorium_tools.evaluate.speaker:Speaker",
    "speech-features": "sensorium_tools.evaluate.speech_features:SpeechFeatures",
    "text-class": "sensorium_tools.evaluate.text_class:TextClass",
    "text-emotion": "sensorium_tools.evaluate.text_emotion:TextEmotion",
    "transcription": "sensorium_tools.evaluate.transcription:Transcription",
    "viseme": "sensorium_tools.evaluate.viseme:Viseme",
    "voice-activity": "sensorium_tools.evaluate.voice_activity:VoiceActivity",
}
assert tuple(_CLASSES) == TASKS


def partners(card: Card) -> tuple[str, ...]:
    """Names of other cards whose engines a card's task runs."""
    named = getattr(task(card.evaluation.task), "partners", None)
    return named(card) if named else ()


def task(name: str) -> type[Task]:
    """The class of a task in `TASKS`."""
    made: type[Task] = getattr(
        importlib.import_module(task_module(name)), _CLASSES[name].partition(":")[2]
    )
    return made


def task_module(name: str) -> str:
    """The full name of the module that holds a task."""
    return _CLASSES[name].partition(":")[0]
