"""Answers `attention`: what apps have published, what of it is meant, and the newest intent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sensorium import records
from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.control.replies import Refused
from sensorium.supervisor.explaining import explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from sensorium.supervisor.clients import AppRegion

MOST_TARGETS = 40
"""Of one app, in the order in which it lists them."""
MOST_APPS = 4
_WAYS = ("looked_at", "pointed_at_left", "pointed_at_right", "grabbed_left", "grabbed_right")


def attention(apps: Sequence[AppRegion], since_ns: int = 0) -> dict[str, Any]:
    """The scenes of the apps that have one, and the newest intent of any app, as JSON values.

    A scene is in its app's world, with the transform to the stage.

    An app can write its own region: what it shows there is what is shown here.

    Args:
        apps: Those that are connected.
        since_ns: From when on who asks may know of what was said.
    """
    shown = [
        _scene(app, app.intake.scene[0]) for app in apps if app.intake.scene is not None
    ]
    return {"apps": shown[:MOST_APPS], "intent": _newest_intent(apps, since_ns)}


def _newest_intent(apps: Sequence[AppRegion], since_ns: int) -> dict[str, Any] | None:
    """Without its evidence, which has words that were said."""
    try:
        told = explain(apps, 0, since_ns)
    except Refused:
        return None
    return {name: value for name, value in told.items() if name != "evidence"}


def _scene(app: AppRegion, scene: np.void) -> dict[str, Any]:
    count = int(scene["count"])
    return {
        "app": app.name,
        "world_position": _numbers(scene["world_position"]),
        "world_orientation": _numbers(scene["world_orientation"]),
        "world_scale": _numbers([scene["world_scale"]])[0],
        "count": count,
        "targets": [
            {
                "id": str(int(one["id"])),
                "name": bytes(one["name"]).decode("utf-8", "replace"),
                "position": _numbers(one["position"]),
                "half_extents": _numbers(one["half_extents"]),
                "orientation": _numbers(one["orientation"]),
                "radius": _numbers([one["radius"]])[0],
            }
            for one in scene["targets"][: min(count, MOST_TARGETS)]
        ],
        "attended": _attended(app),
    }


def _attended(app: AppRegion) -> dict[str, str]:
    """Way to the id of the target that is meant; ids are texts, since JSON's numbers are short."""
    reader = Reader(app.region, "target", records.TARGET)
    if reader.read(now_ns()) not in (Status.NEW, Status.SAME):
        return {}
    row = reader.sample.view(records.TARGET)[0]
    ranked = (*row["looked_at"], *row["pointed_at"], *row["grabbed"])
    return {
        way: str(int(one["ids"][0]))
        for way, one, since in zip(_WAYS, ranked, row["since_ns"], strict=True)
        if since and one["count"]
    }


def _numbers(values: Iterable[Any]) -> list[float | None]:
    """JSON has no NaN."""
    return [round(float(one), 4) if math.isfinite(float(one)) else None for one in values]
