"""The routes of the page: its files, which tell nothing, and who may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sensorium.service import json_body
from sensorium.service.address import LOOPBACK
from sensorium.service.operations import (
    NUMBER,
    TEXT,
    answer,
    members,
    operation,
    parameter,
)
from sensorium.service.page import files
from sensorium.service.page.openings import Openings
from sensorium.service.page.sessions import CODE_S, HEADER, SESSION_S
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context

PATH = "/page/"
_SESSION = "/page/session"
_MAX_BYTES = 4096
OPENAPI_PATHS: dict[str, Any] = {
    "/v1/page": {
        "post": operation(
            "A one-time code for a browser of this PC; `sensorium page` opens it",
            {"201": answer(
                "It", members({"code": TEXT, "seconds": NUMBER, "path": TEXT}, file=TEXT)
            )},
            409,
            parameters=(parameter(
                "query", "file", {"enum": ["true"]},
                "Also a file of this user alone that leads a browser to the page, for as long as "
                "the code is good: what a program is started with, every user can read",
            ),),
        )
    },
    PATH: {"get": operation("The page", {"200": answer("HTML", TEXT, "text/html")})},
    "/page/{file}": {
        "get": operation(
            "One of its files", {"200": answer("The file", TEXT, "text/javascript")}, 404,
            parameters=(parameter("path", "file", {"type": "string", "minLength": 1}),),
        )
    },
    _SESSION: {
        "post": operation(
            "Begin a session with a code: half of it is a cookie, half is this answer",
            {"201": answer("The other half", members({"key": TEXT}))}, 400, 401, 413,
            body={"application/json": members({"code": TEXT})},
        ),
        "delete": operation(
            "End the session of this browser", {"204": {"description": "It has ended"}}
        ),
    },
}


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part."""
    answers = files.read()
    sessions = context.sessions
    openings = Openings(context.folder)
    context.closing.append(openings.close)

    async def ask(request: Request) -> Response:
        if not context.settings.tcp:
            raise Problem(
                409, "the page needs loopback TCP, which is off",
                "write tcp = true in [service] of the configuration",
            )
        told = {"code": sessions.code(), "seconds": CODE_S, "path": PATH}
        if request.query_params.get("file") == "true":
            url = f"http://{LOOPBACK}:{sessions.port}{PATH}#{told['code']}"
            told["file"] = str(openings.make(str(told["code"]), url, CODE_S))
        return JSONResponse(told, 201, headers={"Cache-Control": "no-store"})

    async def begin(request: Request) -> Response:
        wish = await json_body.read(request, _MAX_BYTES, ("code",))
        begun = sessions.begin(wish["code"]) if isinstance(wish["code"], str) else None
        if begun is None:
            raise Problem(
                401, "the code is wrong, used or too old", "open the page with `sensorium page`"
            )
        openings.remove(wish["code"])
        told = JSONResponse({"key": begun.key}, 201, headers={"Cache-Control": "no-store"})
        told.set_cookie(
            sessions.cookie_name(), begun.cookie, max_age=int(SESSION_S), path="/",
            httponly=True, samesite="strict",
        )
        return told

    async def end(request: Request) -> Response:
        cookie = request.cookies.get(sessions.cookie_name(), "")
        sessions.end(cookie, request.headers.get(HEADER, ""))
        told = Response(status_code=204)
        told.delete_cookie(sessions.cookie_name(), httponly=True, samesite="strict")
        return told

    async def index(_: Request) -> Response:
        return answers[files.INDEX]

    async def file(request: Request) -> Response:
        found = answers.get(request.path_params["file"])
        if found is None:
            raise Problem(404, "the page has no such file", "see GET /page/")
        return found

    async def moved(_: Request) -> Response:
        return RedirectResponse(PATH, 308)

    return [
        Route("/v1/page", ask, methods=["POST"]),
        Route(_SESSION, begin, methods=["POST"]),
        Route(_SESSION, end, methods=["DELETE"]),
        Route("/page", moved, methods=["GET"]),
        Route(PATH, index, methods=["GET"]),
        Route("/page/{file}", file, methods=["GET"]),
    ]
