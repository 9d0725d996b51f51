"""What runs: processes, sensors, senses, and every engine, the callers' shared ones, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from sensorium.service.models.residency import UNAVAILABLE
from sensorium.service.operations import NUMBER, TEXT, WHOLE, answer, members, operation, several

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context
    from sensorium.service.models.states import State

_MAYBE = {"type": ["number", "null"]}
_ENGINE = members({
    "engine": TEXT, "process": TEXT, "sense": {**TEXT, "description": "Empty: the local API's"},
    "precision": TEXT, "device": TEXT,
    "note": {**TEXT, "description": "Why it runs there, where it was meant to run elsewhere"},
    "runs": WHOLE, "p50_us": _MAYBE,
    "p99_us": {**_MAYBE, "description": "Of the newest 512 runs (the local API's: 1,024)"},
    "memory_bytes": {
        "type": ["integer", "null"],
        "description": "By how much its process grew when it was loaded; of a process's first "
        "engine the backend counts, too; null: not known here",
    },
})
OPENAPI_PATHS: dict[str, Any] = {
    "/v1/engines": {
        "get": operation(
            "The engines that are loaded: where, how precise, how fast; each 2 s anew",
            {"200": answer("Engines, processes with their memory, sensors and senses", members({
                "engines": several(_ENGINE),
                "processes": several(members({
                    "name": TEXT, "state": TEXT, "memory_bytes": _MAYBE, "uptime_s": NUMBER,
                })),
                "parts": several(members({
                    "name": TEXT, "process": TEXT, "state": TEXT, "detail": TEXT, "remedy": TEXT,
                })),
            }))},
        )
    },
}


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part."""

    async def listed(_: Request) -> Response:
        status = await context.apps.ask("status")
        states = await context.engines.states()
        shared = [_shared(one) for one in states if one.state != UNAVAILABLE]
        return JSONResponse({
            "engines": [*status["engines"], *shared],
            "processes": [
                {name: one[name] for name in ("name", "state", "memory_bytes", "uptime_s")}
                for one in status["processes"]
            ],
            "parts": [{"name": name, **part} for name, part in status["parts"].items()],
        })

    return [Route("/v1/engines", listed, methods=["GET"])]


def _shared(state: State) -> dict[str, Any]:
    return {
        "process": "service", "sense": "", "engine": state.name,
        "precision": state.precision.lower(), "device": state.device.lower(), "note": state.note,
        "runs": state.runs,
        "p50_us": round(state.p50_us, 1) if state.runs else None,
        "p99_us": round(state.p99_us, 1) if state.runs else None,
        "memory_bytes": state.memory_bytes,
    }
