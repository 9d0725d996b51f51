"""The model repository extension: which engines there are; load and unload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from sensorium.service import body
from sensorium.service.open_inference import fields, metadata, shapes, transfer
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context

OPENAPI_PATHS: dict[str, Any] = shapes.REPOSITORY
KEEP_WARM = "keep_warm"
_MAX_BYTES = 65_536
_MODEL = "/v2/repository/models/{name}"
_TRUTHS = {"true": True, "false": False}


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part."""
    pool = context.engines

    async def index(request: Request) -> Response:
        wish = await _wish(request)
        states = await pool.states()
        if fields.flag(wish, "ready", "the body"):
            states = [state for state in states if not state.reason]
        return transfer.Json(metadata.index(states))

    async def load(request: Request) -> Response:
        parameters = fields.members((await _wish(request)).get("parameters", {}), "parameters")
        if parameters:
            raise Problem(
                400, "an engine is not configured by who loads it", "its card says how it is built"
            )
        warm = request.query_params.get(KEEP_WARM)
        if warm is not None and warm not in _TRUTHS:
            raise Problem(400, f"the query's {KEEP_WARM} must be true or false")
        await pool.load(request.path_params["name"], warm=_TRUTHS.get(warm or ""))
        return transfer.Json({})

    async def unload(request: Request) -> Response:
        await _wish(request)
        await pool.unload(request.path_params["name"])
        return transfer.Json({})

    return [
        Route("/v2/repository/index", index, methods=["POST"]),
        Route(f"{_MODEL}/load", load, methods=["POST"]),
        Route(f"{_MODEL}/unload", unload, methods=["POST"]),
    ]


async def _wish(request: Request) -> dict[str, Any]:
    """The members of a small body, which may be empty.

    Raises:
        Problem: It is no JSON object, or too large.
    """
    content = await body.read(request, _MAX_BYTES)
    return fields.members(fields.parse(content), "the body") if content else {}
