"""Memory for tensors: the daemon makes it, the system shared memory extension names parts of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from sensorium.service import body, json_body
from sensorium.service.caller import caller_of
from sensorium.service.open_inference import fields, shapes, shared_regions, transfer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context
    from sensorium.service.open_inference.shared_regions import Region

OPENAPI_PATHS: dict[str, Any] = shapes.MEMORY
_MAX_BYTES = 4096
_ALL = "/v2/systemsharedmemory"
_ONE = f"{_ALL}/region/{{name}}"


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part."""
    regions = context.tensors

    async def make(request: Request) -> Response:
        wish = await json_body.read(request, _MAX_BYTES, ("byte_size",))
        size = fields.whole(wish["byte_size"], "byte_size", 1, shared_regions.MAX_BYTES)
        piece = await regions.make(caller_of(request), size)
        return transfer.Json({"key": piece.key, "byte_size": piece.size}, 201)

    async def remove(request: Request) -> Response:
        regions.remove(request.path_params["key"])
        return Response(status_code=204)

    async def register(request: Request) -> Response:
        wish = await json_body.read(request, _MAX_BYTES, ("key", "byte_size"), ("offset",))
        regions.register(
            caller_of(request),
            fields.text(request.path_params["name"], "the region's name"),
            fields.text(wish["key"], "key"),
            fields.whole(wish.get("offset", 0), "offset"),
            fields.whole(wish["byte_size"], "byte_size", 1),
        )
        return transfer.Json({})

    async def unregister(request: Request) -> Response:
        await body.read(request, _MAX_BYTES)
        regions.unregister(caller_of(request), request.path_params.get("name"))
        return transfer.Json({})

    async def status(request: Request) -> Response:
        caller, name = caller_of(request), request.path_params.get("name")
        found = regions.of(caller) if name is None else [regions.find(caller, name)]
        return transfer.Json([_described(region) for region in found])

    return [
        Route("/v1/shared-memory", make, methods=["POST"]),
        Route("/v1/shared-memory/{key}", remove, methods=["DELETE"]),
        Route(f"{_ALL}/status", status, methods=["GET"]),
        Route(f"{_ALL}/unregister", unregister, methods=["POST"]),
        Route(f"{_ONE}/status", status, methods=["GET"]),
        Route(f"{_ONE}/register", register, methods=["POST"]),
        Route(f"{_ONE}/unregister", unregister, methods=["POST"]),
    ]


def _described(region: Region) -> dict[str, Any]:
    return {
        "name": region.name, "key": region.memory.key, "offset": region.offset,
        "byte_size": region.size,
    }
