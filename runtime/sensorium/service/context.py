"""What the parts of the local API share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensorium.config import Service
    from sensorium.inference.engine import Engine
    from sensorium.service.apps import Apps


@dataclass(frozen=True)
class Context:
    """One for a service process; a starlette app has it as `app.state.context`.

    Attributes:
        settings: What the configuration says.
        folder: The runtime folder.
        apps: What the daemon gives in the callers' names.
        load: Loads an engine by the name of its card; see `inference.store.load`.
    """

    settings: Service
    folder: Path
    apps: Apps
    load: Callable[[str], Engine]
