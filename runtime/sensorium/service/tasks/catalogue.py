"""Which tasks there are."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sensorium.errors import CardError, EngineError
from sensorium.inference import store
from sensorium.service.tasks import parameters

if TYPE_CHECKING:
    from sensorium.config import Service
    from sensorium.service.tasks.task import Task

TASKS = {
    "embed": "sensorium.service.tasks.embedding:Embed",
    "classify_text": "sensorium.service.tasks.text_classes:ClassifyText",
    "sentiment": "sensorium.service.tasks.sentiment:Sentiment",
    "fill_mask": "sensorium.service.tasks.fill_mask:FillMask",
    "translate": "sensorium.service.tasks.translate:Translate",
    "text_emotion": "sensorium.service.tasks.text_emotion:TextEmotion",
    "transcribe": "sensorium.service.tasks.transcription:Transcribe",
    "detect_objects": "sensorium.service.tasks.object_boxes:DetectObjects",
    "classify_image": "sensorium.service.tasks.image_class:ClassifyImage",
    "face": "sensorium.service.tasks.face:Face",
}
"""Name to where its class is."""


def make(settings: Service) -> dict[str, Task]:
    """All tasks, by name.

    Args:
        settings: What the configuration says.

    Raises:
        CardError: The card of an engine that one needs is missing or broken.
    """
    made = {}
    for name, where in TASKS.items():
        module, _, kind = where.partition(":")
        made[name] = getattr(importlib.import_module(module), kind)(settings)
    return made


def described(name: str, task: Task) -> dict[str, Any]:
    """What a caller is to know of a task: its input, its parameters, its engines."""
    engines, needs = [_engine(engine) for engine in task.engines], task.needs
    return {
        "name": name,
        "about": task.about,
        "content_types": list(task.takes.value),
        "parameters": parameters.schema(task.parameters),
        "output": task.output,
        "engines": engines,
        "ready": bool(needs) and all(
            engine["built"] for engine in engines if engine["name"] in needs
        ),
    }


def _engine(name: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": name, "built": False, "precision": "", "why_not": "",
        "build": f"sensorium-engines build {name}", "opt_in": "", "licence": "",
    }
    try:
        card = store.find_card(name)
        told |= {"opt_in": card.engine.opt_in, "licence": card.upstream.licence}
        told |= {"built": True, "precision": store.built(card).precision}
    except (CardError, EngineError) as error:
        told["why_not"] = error.message
    return told
