"""The routes of events and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

from sensorium.service.caller import caller_of
from sensorium.service.events.hub import Hub
from sensorium.service.events.listing import listing
from sensorium.service.events.server_sent import ServerSentEvents
from sensorium.service.events.web_socket import WebSocketEvents

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context


def routes(context: Context) -> list[BaseRoute]:
    """The routes under /v1/events and /v1/channels."""
    hub = Hub(context.apps)

    async def channels(request: Request) -> Response:
        caller = caller_of(request)
        answer = await context.apps.ask("grants")
        return JSONResponse(listing(caller, answer["grants"]))

    return [
        Route("/v1/channels", channels, methods=["GET"]),
        Route("/v1/events", ServerSentEvents(hub), methods=["GET"]),
        WebSocketRoute("/v1/events", WebSocketEvents(hub)),
    ]
