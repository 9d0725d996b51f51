"""The OpenAPI document: what every part says of its routes, in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

import sensorium
from sensorium.service import parts, problem
from sensorium.service.operations import TEXT, WHOLE, answer, operation

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context

PATH = "/openapi.json"
OPENAPI_PATHS: dict[str, Any] = {
    PATH: {"get": operation("This document", {"200": answer("OpenAPI 3.1")})}
}


def routes(_context: Context) -> list[BaseRoute]:
    """The routes of this part."""
    whole = document()

    async def described(_: Request) -> Response:
        return JSONResponse(whole)

    return [Route(PATH, described, methods=["GET"])]


def document() -> dict[str, Any]:
    """The document of every part."""
    paths: dict[str, Any] = {}
    for module in parts.modules():
        paths.update(module.OPENAPI_PATHS)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sensorium",
            "version": sensorium.__version__,
            "description": "AI senses and models of this PC, for its own programs. By the Unix "
            "socket without a token; by loopback TCP with one (`sensorium api`).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(sorted(paths.items())),
        "security": [{}, {"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "parameters": {
                "App": {
                    "in": "header", "name": "Sensorium-App", "required": False,
                    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
                    "description": "The name by which the owner grants things; http without it.",
                }
            },
            "responses": {"Problem": _problem()},
        },
    }


def _problem() -> dict[str, Any]:
    return answer(
        "What is wrong, where, and the remedy (RFC 9457)",
        {
            "type": "object",
            "properties": {
                "type": TEXT, "title": TEXT, "status": WHOLE, "detail": TEXT, "remedy": TEXT,
                "error": TEXT,
            },
            "required": ["title", "status", "detail", "remedy"],
        },
        problem.MEDIA_TYPE,
    )
