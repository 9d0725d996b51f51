"""What the owner of the PC does through the local API: status, grants, mute."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from sensorium.service import body
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context

_MAX_BYTES = 65_536


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part."""
    apps = context.apps

    async def status(_: Request) -> Response:
        return JSONResponse(await apps.ask("status"))

    async def listed(_: Request) -> Response:
        return JSONResponse(await apps.ask("grants"))

    async def decide(request: Request) -> Response:
        wish = await _fields(request, {"action", "app", "classes"}, {"executable", "until"})
        return JSONResponse(await apps.ask("grant", **wish))

    async def muted(_: Request) -> Response:
        return JSONResponse({"muted": (await apps.ask("status"))["muted"]})

    async def mute(request: Request) -> Response:
        wish = await _fields(request, {"muted"}, frozenset())
        return JSONResponse(await apps.ask("mute", on=wish["muted"]))

    return [
        Route("/v1/status", status, methods=["GET"]),
        Route("/v1/grants", listed, methods=["GET"]),
        Route("/v1/grants", decide, methods=["POST"]),
        Route("/v1/mute", muted, methods=["GET"]),
        Route("/v1/mute", mute, methods=["PUT"]),
    ]


async def _fields(
    request: Request, needed: set[str], allowed: set[str] | frozenset[str]
) -> dict[str, Any]:
    """The members of a small JSON object.

    Raises:
        Problem: It is none, or has other members.
    """
    try:
        wish = json.loads(await body.read(request, _MAX_BYTES))
    except (ValueError, RecursionError) as error:
        raise Problem(400, "the body is not JSON", "send an object") from error
    if not isinstance(wish, dict) or not needed <= wish.keys() <= needed | allowed:
        raise Problem(
            400, f"the body must be an object with {', '.join(sorted(needed))}",
            f"it may have {', '.join(sorted(allowed))}, too" if allowed else "",
        )
    return wish
