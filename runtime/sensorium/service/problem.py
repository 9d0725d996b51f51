"""What goes wrong in the local API, as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from sensorium.control.replies import BAD_REQUEST, Refused
from sensorium.errors import (
    ConfigError,
    ControlError,
    DeniedError,
    EngineError,
    EngineMissing,
    OutputError,
    SensoriumError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[SensoriumError], HTTPStatus], ...] = (
    (DeniedError, HTTPStatus.FORBIDDEN),
    (ControlError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ConfigError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (EngineMissing, HTTPStatus.NOT_FOUND),
    (OutputError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (EngineError, HTTPStatus.BAD_REQUEST),
)
"""The first that fits."""


class Problem(SensoriumError):
    """A request that is answered with a status and the reason.

    Args:
        status: Of HTTP, 400 to 599.
        message: What is wrong and where.
        remedy: What the caller can do about it.
        headers: More headers of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.status = HTTPStatus(status)
        self.headers = dict(headers or {})


def of(error: Exception) -> Problem:
    """The problem that any error is answered with; one that nobody expected tells nothing."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return Problem(error.status_code, error.detail, "see /openapi.json", error.headers)
    if isinstance(error, Refused) and error.code == BAD_REQUEST:
        return Problem(400, error.message, error.remedy)
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return Problem(status, error.message, error.remedy)
    return Problem(500, "an unexpected fault", "the daemon's log has it")


def document(problem: Problem) -> dict[str, Any]:
    """The members of a problem; `error` is what clients of the Open Inference Protocol read."""
    return {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": int(problem.status),
        "detail": problem.message,
        "remedy": problem.remedy,
        "error": str(problem),
    }


def response(problem: Problem) -> Response:
    """The answer to a request that failed."""
    return JSONResponse(
        document(problem), int(problem.status), problem.headers, media_type=MEDIA_TYPE
    )


async def answer(request: Request, error: Exception) -> Response:
    """Starlette's handler of every exception."""
    problem = of(error)
    if problem.status is HTTPStatus.INTERNAL_SERVER_ERROR:
        # The route, not the path: a path may hold what somebody typed.
        route = getattr(request.scope.get("route"), "path", "")
        _log.error("%s %s failed", request.method, route, exc_info=error)
    return response(problem)
