"""The ASGI application of the local API."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from sensorium.errors import SensoriumError
from sensorium.service import parts, problem
from sensorium.service.guard import Guard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sensorium.service.context import Context


def application(context: Context, token: str) -> Starlette:
    """The whole API.

    Args:
        context: What its parts share; closed with the application.
        token: That callers by TCP must show.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        context.engines.open()
        context.tensors.open()
        try:
            yield
        finally:
            context.apps.close_all()
            context.tensors.close()
            await context.engines.close()

    app = Starlette(
        routes=parts.routes(context),
        middleware=[
            Middleware(
                Guard, token=token, origins=context.settings.origins, sessions=context.sessions
            )
        ],
        exception_handlers={
            SensoriumError: problem.answer,
            HTTPException: problem.answer,
            ClientDisconnect: _nobody,
            Exception: problem.answer,
        },
        lifespan=lifespan,
    )
    app.state.context = context
    return app


async def _nobody(_request: Request, _gone: Exception) -> Response:
    """Who went away in the midst of a request hears no answer."""
    return Response(status_code=400)
