"""What the parts of the local API share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from sensorium.config import Service
    from sensorium.service.apps import Apps
    from sensorium.service.models.budget import Budget
    from sensorium.service.models.pool import Pool
    from sensorium.service.open_inference.shared_regions import SharedRegions
    from sensorium.service.page.sessions import Sessions


@dataclass(frozen=True)
class Context:
    """One for a service process; a starlette app has it as `app.state.context`.

    Attributes:
        settings: What the configuration says.
        folder: The runtime folder.
        apps: What the daemon gives in the callers' names.
        engines: The engines that callers share.
        tensors: The memory that was made for callers' tensors.
        held: What requests with tensors hold.
        sessions: Which browsers may use the page.
        closing: What is awaited when the service ends, before the connections are closed: parts
            end there what would never end by itself.
    """

    settings: Service
    folder: Path
    apps: Apps
    engines: Pool
    tensors: SharedRegions
    held: Budget
    sessions: Sessions
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
