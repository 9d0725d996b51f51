"""An app's scene by HTTP: its targets and its world's transform, into its own region."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sensorium import records
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.perception.targets.scene import SceneState, good_targets, head_state
from sensorium.records.apps import TARGETS
from sensorium.service import json_body
from sensorium.service.caller import caller_of
from sensorium.service.operations import (
    ANY_OBJECT,
    NUMBER,
    WHOLE,
    answer,
    members,
    operation,
    several,
)
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from sensorium.service.apps import Apps, Opened
    from sensorium.service.caller import Caller
    from sensorium.service.context import Context

LEASE_S = 10.0
"""So long the daemon knows a scene that was not sent again: its app may be gone."""
_MAX_BYTES = 1 << 20
_MOVABLE = 1
_NAME_BYTES = 31
_LARGEST = float(np.finfo(np.float32).max)
OPENAPI_PATHS: dict[str, Any] = {
    "/v1/scene": {
        "put": operation(
            "Publish the app's targets and its world's transform",
            {
                "200": answer(
                    "It stands for lease_s seconds; send it again before",
                    members({"n": WHOLE, "targets": WHOLE, "lease_s": NUMBER}),
                )
            },
            400, 413,
            body={
                "application/json": members(
                    {"targets": several(ANY_OBJECT, maxItems=TARGETS)}, world=ANY_OBJECT
                )
            },
        ),
        "delete": operation("Withdraw it", {"204": {"description": "It is gone"}}),
    }
}
_TARGET = {"id", "position", "radius", "half_extents", "orientation", "movable", "name"}


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part."""
    scenes = _Scenes(context.apps)

    async def put(request: Request) -> Response:
        content = await json_body.read(request, _MAX_BYTES, ("targets",), ("world",))
        scene = record(content)
        n = await scenes.publish(caller_of(request), scene)
        return JSONResponse({"n": n, "targets": int(scene["count"][0]), "lease_s": LEASE_S})

    async def delete(request: Request) -> Response:
        scenes.withdraw(caller_of(request))
        return Response(status_code=204)

    return [
        Route("/v1/scene", put, methods=["PUT"]),
        Route("/v1/scene", delete, methods=["DELETE"]),
    ]


class _Scenes:
    """The scenes that were sent, each for as long as its lease stands."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps
        self._held: dict[tuple[str, str], tuple[Opened, Writer]] = {}
        self._ends: dict[tuple[str, str], asyncio.TimerHandle] = {}

    async def publish(self, caller: Caller, scene: NDArray[np.void]) -> int:
        """Writes a scene; returns its number.

        Raises:
            ControlError: The daemon is gone.
        """
        key = (caller.app, caller.executable)
        held = self._held.get(key)
        if held is None or held[0].ended():
            self.withdraw(caller)
            opened = await self._apps.open(caller, "app")
            held = self._held[key] = (opened, Writer(opened.region, "scene", opened.waiters))
        if key in self._ends:
            self._ends[key].cancel()
        self._ends[key] = asyncio.get_running_loop().call_later(LEASE_S, self.withdraw, caller)
        return held[1].publish(scene, now_ns())

    def withdraw(self, caller: Caller) -> None:
        """Says that the app has no scene any more; a second call does nothing."""
        key = (caller.app, caller.executable)
        if key in self._ends:
            self._ends.pop(key).cancel()
        if key in self._held:
            opened, writer = self._held.pop(key)
            if not opened.ended():
                writer.publish(records.SCENE.zeros(), now_ns(), valid=False)
            self._apps.close(opened)


def record(content: dict[str, Any]) -> NDArray[np.void]:
    """A scene as its record, shape (1,).

    Args:
        content: `targets`, each with `id`, `position`, `radius` or `half_extents` (and
            `orientation`), and perhaps `movable` and `name`; and perhaps `world`: `position`,
            `orientation`, `scale`, `space_generation`. Units are those of the record.

    Raises:
        Problem: 400; names the member, and the target by its place in the list.
    """
    scene = records.SCENE.zeros()
    world = content.get("world", {})
    if not isinstance(world, dict):
        raise Problem(400, "world is no object")
    row = scene[0]
    row["world_position"] = _vector(world, "position", 3, "world", (0, 0, 0))
    row["world_orientation"] = _vector(world, "orientation", 4, "world", (0, 0, 0, 1))
    row["world_scale"] = _number(world.get("scale", 1.0), "world.scale")
    row["space_generation"] = _whole(
        world.get("space_generation", 0), "world.space_generation", 2**32
    )
    targets = content["targets"]
    if not isinstance(targets, list) or len(targets) > TARGETS:
        raise Problem(400, f"targets is no list of at most {TARGETS}")
    row["count"] = len(targets)
    for place, target in enumerate(targets):
        _fill(row["targets"][place], target, f"targets[{place}]")
    if head_state(scene) is not SceneState.USED:
        raise Problem(
            400, "world is no transform", "orientation is a unit quaternion xyzw, scale above 0"
        )
    good = good_targets(row["targets"][: len(targets)])
    if not good.all():
        raise Problem(
            400, f"targets[{int(np.argmin(good))}] breaks a rule",
            "an id of its own that is not 0, within 1,000 km, a size above 0, a box's orientation "
            "a unit quaternion",
        )
    return scene


def _fill(row: Any, target: Any, place: str) -> None:
    if not isinstance(target, dict) or not target.keys() <= _TARGET:
        raise Problem(400, f"{place} is no target", f"members: {', '.join(sorted(_TARGET))}")
    row["id"] = _whole(target.get("id"), f"{place}.id", 2**64)
    row["position"] = _vector(target, "position", 3, place)
    row["half_extents"] = _vector(target, "half_extents", 3, place, (0, 0, 0))
    row["orientation"] = _vector(target, "orientation", 4, place, (0, 0, 0, 1))
    row["radius"] = _number(target.get("radius", 0.0), f"{place}.radius")
    movable, name = target.get("movable", False), target.get("name", "")
    if not isinstance(movable, bool):
        raise Problem(400, f"{place}.movable is neither true nor false")
    row["flags"] = _MOVABLE if movable else 0
    encoded = name.encode("utf-8", "replace") if isinstance(name, str) else None
    if encoded is None or len(encoded) > _NAME_BYTES:
        raise Problem(400, f"{place}.name is no text of at most {_NAME_BYTES} bytes of UTF-8")
    row["name"] = encoded


def _vector(
    table: dict[str, Any], name: str, length: int, place: str, default: Any = None
) -> list[float]:
    value = table.get(name, default)
    if not isinstance(value, list | tuple) or len(value) != length:
        raise Problem(400, f"{place}.{name} is no list of {length} numbers")
    return [_number(one, f"{place}.{name}") for one in value]


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Problem(400, f"{place} is no number")
    # The comparison is exact for whole numbers that no float holds, too.
    if not abs(value) <= _LARGEST:
        raise Problem(400, f"{place} is too large a number")
    return float(value)


def _whole(value: Any, place: str, end: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < end:
        raise Problem(400, f"{place} is no whole number of 0 to {end - 1}")
    return value
