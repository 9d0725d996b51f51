"""The routes of events and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

from sensorium.service.caller import caller_of
from sensorium.service.events.asked import (
    DEFAULT,
    DEFAULT_RATE_HZ,
    LEAST_RATE_HZ,
    MOST_RATE_HZ,
)
from sensorium.service.events.hub import Hub
from sensorium.service.events.listing import listing
from sensorium.service.events.server_sent import ServerSentEvents
from sensorium.service.events.web_socket import WebSocketEvents
from sensorium.service.operations import (
    NUMBER,
    TEXT,
    TRUTH,
    WHOLE,
    answer,
    members,
    operation,
    parameter,
    several,
)

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context

OPENAPI_PATHS: dict[str, Any] = {
    "/v1/channels": {
        "get": operation(
            "Every channel, what its records hold, and whether the caller may read it",
            {"200": answer("Channels, and records by name", members({
                "channels": several(members({
                    "name": TEXT, "class": TEXT, "kind": {"enum": ["state", "event"]},
                    "record": TEXT, "version": TEXT, "slots": WHOLE, "max_age_ms": NUMBER,
                    "writer": TEXT, "doc": TEXT, "readable": TRUTH, "reason": TEXT, "remedy": TEXT,
                })),
                "records": {"type": "object", "additionalProperties": members({
                    "doc": TEXT,
                    "fields": several(members({
                        "name": TEXT, "type": TEXT, "count": WHOLE, "doc": TEXT,
                    })),
                })},
            }))},
            400,
        )
    },
    "/v1/events": {
        "get": operation(
            "Records of channels as they come, as Server-Sent Events; the same path takes a "
            "WebSocket, with one JSON object a message",
            {"200": answer("A stream that does not end", TEXT, "text/event-stream")},
            400,
            parameters=(
                parameter("query", "channels", TEXT, "Names, separated by commas; without it "
                          f"{', '.join(DEFAULT)}"),
                parameter("query", "rate", TEXT, "Of state channels, Hz: a number for all or "
                          f"CHANNEL:HZ for one, separated by commas; {LEAST_RATE_HZ} to "
                          f"{MOST_RATE_HZ:g}, {DEFAULT_RATE_HZ:g} without it"),
                parameter("query", "fields", TEXT, "CHANNEL:FIELD or CHANNEL:STRUCT.FIELD, "
                          "separated by commas: of that channel's records these alone"),
                parameter("query", "resume", TEXT, "The `id` (WebSocket: `resume`) of the last "
                          "event that was taken: goes on behind it"),
            ),
        )
    },
}


def routes(context: Context) -> list[BaseRoute]:
    """The routes under /v1/events and /v1/channels."""
    hub = Hub(context.apps)
    context.closing.append(hub.close)

    async def channels(request: Request) -> Response:
        caller = caller_of(request)
        answer = await context.apps.ask("grants")
        return JSONResponse(listing(caller, answer["grants"]))

    return [
        Route("/v1/channels", channels, methods=["GET"]),
        Route("/v1/events", ServerSentEvents(hub), methods=["GET"]),
        WebSocketRoute("/v1/events", WebSocketEvents(hub)),
    ]
