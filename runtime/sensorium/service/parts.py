"""What the local API consists of: one function `routes(context)` a part."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context

PARTS: dict[str, str] = {
    "owner": "sensorium.service.owner:routes",
}


def routes(context: Context) -> list[BaseRoute]:
    """The routes of every part, in order."""
    found: list[BaseRoute] = []
    for reference in PARTS.values():
        module, _, name = reference.partition(":")
        found.extend(getattr(importlib.import_module(module), name)(context))
    return found
