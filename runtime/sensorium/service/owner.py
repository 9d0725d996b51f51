"""What the owner of the PC does through the local API: status, grants, mute."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from sensorium.control import audit
from sensorium.control.replies import Refused
from sensorium.inference.governor import words
from sensorium.service import json_body
from sensorium.service.caller import caller_of, is_page
from sensorium.service.operations import TEXT, TRUTH, answer, members, operation, parameter
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sensorium.service.caller import Caller
    from sensorium.service.context import Context

_MAX_BYTES = 65_536
_MOST_STEPS = 128
_DECISION = members(
    {
        "action": {"enum": ["allow", "deny", "revoke"]},
        "app": {"type": "string", "minLength": 1, "maxLength": 64},
        "classes": {**TEXT, "description": "Separated by commas"},
    },
    executable=TEXT,
    until={**TEXT, "description": "RFC 3339; without it for good"},
)
OPENAPI_PATHS: dict[str, Any] = {
    "/v1/status": {
        "get": operation("What the daemon does", {"200": answer("As `sensorium status`")})
    },
    "/v1/grants": {
        "get": operation(
            "What was decided, and what apps asked for", {"200": answer("grants, pending, problem")}
        ),
        "post": operation(
            "Allow, deny or revoke classes of an app",
            {"200": answer("Whether that changed anything")},
            400, 413, 422,
            body={"application/json": _DECISION},
        ),
    },
    "/v1/grants/log": {
        "get": operation(
            "Who was given or refused what, and when", {"200": answer("events, oldest first")}
        )
    },
    "/v1/why/{intent}": {
        "get": operation(
            "Why an intent was read so; needs the grants gaze, motion and transcript",
            {"200": answer("Its evidence")}, 400, 404,
            parameters=(
                parameter(
                    "path", "intent", {"type": "integer", "minimum": 0}, "0: the newest of any app"
                ),
            ),
        )
    },
    "/v1/governor": {
        "get": operation(
            "How senses give way to an app's frames, and the newest steps with their evidence",
            {"200": answer(
                "governor, processes (who may go to the background), steps (the newest first), "
                "counts; senses and both ends of a step with `words`, steps with `why`"
            )}, 400,
            parameters=(
                parameter(
                    "query", "most",
                    {"type": "integer", "minimum": 0, "maximum": _MOST_STEPS, "default": 20},
                    "How many steps",
                ),
            ),
        )
    },
    "/v1/attention": {
        "get": operation(
            "The targets of apps, in their worlds, which are attended to, and the newest intent; "
            "needs the grants gaze and motion",
            {"200": answer("apps (at most 4, with 40 targets each), intent (or null)")}, 400,
        )
    },
    "/v1/mute": {
        "get": operation(
            "Whether microphone and camera are muted",
            {"200": answer("It", members({"muted": TRUTH}))},
        ),
        "put": operation(
            "Mute or unmute microphone and camera for all",
            {"200": answer("As it is now")}, 400, 413,
            body={"application/json": members({"muted": TRUTH})},
        ),
    },
}


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part."""
    apps = context.apps

    async def status(_: Request) -> Response:
        return JSONResponse(await apps.ask("status"))

    async def listed(_: Request) -> Response:
        return JSONResponse(await apps.ask("grants"))

    async def decide(request: Request) -> Response:
        wish = await json_body.read(
            request, _MAX_BYTES, ("action", "app", "classes"), ("executable", "until")
        )
        return JSONResponse(await apps.ask("grant", **wish))

    async def why(request: Request) -> Response:
        try:
            return JSONResponse(await apps.ask_for(
                _asking(request), "why", intent=request.path_params["intent"]
            ))
        except Refused as error:
            raise Problem(404, error.message, error.remedy) from error

    async def governor(request: Request) -> Response:
        most = request.query_params.get("most", "20")
        decimal = most.isascii() and most.isdecimal() and len(most) <= len(str(_MOST_STEPS))
        if not decimal or int(most) > _MOST_STEPS:
            raise Problem(400, f"most is {most:.20}", f"0 to {_MOST_STEPS}")
        return JSONResponse(_worded(await apps.ask("governor", most=int(most))))

    async def attention(request: Request) -> Response:
        return JSONResponse(await apps.ask_for(_asking(request), "attention"))

    async def log(_: Request) -> Response:
        return JSONResponse({"events": await asyncio.to_thread(audit.read, audit.path())})

    async def muted(_: Request) -> Response:
        return JSONResponse({"muted": (await apps.ask("status"))["muted"]})

    async def mute(request: Request) -> Response:
        wish = await json_body.read(request, _MAX_BYTES, ("muted",))
        return JSONResponse(await apps.ask("mute", on=wish["muted"]))

    return [
        Route("/v1/status", status, methods=["GET"]),
        Route("/v1/grants", listed, methods=["GET"]),
        Route("/v1/grants", decide, methods=["POST"]),
        Route("/v1/grants/log", log, methods=["GET"]),
        Route("/v1/why/{intent:int}", why, methods=["GET"]),
        Route("/v1/governor", governor, methods=["GET"]),
        Route("/v1/attention", attention, methods=["GET"]),
        Route("/v1/mute", muted, methods=["GET"]),
        Route("/v1/mute", mute, methods=["PUT"]),
    ]


def _worded(told: dict[str, Any]) -> dict[str, Any]:
    """What control tells of the governor, with the words in which `sensorium why` has it."""
    governor = told["governor"]
    governor["words"] = {
        "policy": words.POLICIES[governor["policy"]], "risk": words.RISKS[governor["risk"]]
    }
    for sense in governor["senses"]:
        sense["words"] = words.where(sense["step"], sense["interval_ms"])
    for step in told["steps"]:
        for end in ("from", "to"):
            step[end]["words"] = words.end_of(step, end)
        step["why"] = words.why(step)
    return told


def _asking(request: Request) -> Caller | None:
    """Who asks; None: the page, which is the owner's."""
    return None if is_page(request) else caller_of(request)
