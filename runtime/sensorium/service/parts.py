"""What the local API consists of: a part has `routes(context)` and says OPENAPI_PATHS."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context

PARTS: dict[str, str] = {
    # First, as routes are looked at in order and its calls are the most frequent.
    "inference": "sensorium.service.open_inference.inference",
    "openapi": "sensorium.service.openapi",
    "owner": "sensorium.service.owner",
    "vocabularies": "sensorium.service.vocabularies",
    "scene": "sensorium.service.scene",
    "repository": "sensorium.service.open_inference.repository",
    "shared_memory": "sensorium.service.open_inference.memory",
    "tasks": "sensorium.service.tasks.routes",
    "metrics": "sensorium.service.metrics",
    "events": "sensorium.service.events.routes",
    "engines": "sensorium.service.engines",
    "page": "sensorium.service.page.routes",
}


def modules() -> list[Any]:
    """The module of every part, in order."""
    return [importlib.import_module(name) for name in PARTS.values()]


def routes(context: Context) -> list[BaseRoute]:
    """The routes of every part, in order."""
    return [route for module in modules() for route in module.routes(context)]
