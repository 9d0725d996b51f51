"""Who may come in: by the Unix socket this user's processes, by TCP those who have the token."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, QueryParams

from sensorium.service import problem
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OPEN_PATHS = frozenset({"/v2/health/live"})
"""What tells nothing but that somebody listens."""
_TOKEN_QUERY = "token"


class Guard:
    """ASGI middleware: checks where a request comes from before anything of it is read.

    A page of another site may make a browser send requests here, or have its own name point here
    (DNS rebinding): such requests carry that site's Origin or Host, and are refused.

    Args:
        app: What is guarded.
        token: That callers by TCP must show, as `Authorization: Bearer TOKEN`; where no header can
            be set (a browser's WebSocket and EventSource) as the query's `token`.
        origins: Of web pages that may come in.
    """

    def __init__(self, app: ASGIApp, token: str, origins: Collection[str]) -> None:
        self._app = app
        self._token = token.encode()
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] in ("http", "websocket"):
            refused = self._refusal(scope)
            if refused is not None:
                await self._refuse(refused, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        by_tcp = scope.get("state", {}).get("peer") is None
        if by_tcp and not _is_loopback(headers.get("host", "")):
            return Problem(
                403, "the Host is not this PC's loopback", "use http://127.0.0.1 and the port"
            )
        origin = headers.get("origin")
        if origin is not None and not self._is_own(origin, headers.get("host", "")):
            return Problem(
                403, "pages of this Origin may not use it",
                "name it under origins in [service] of the configuration",
            )
        if by_tcp and scope["path"] not in _OPEN_PATHS and not self._shows_token(scope, headers):
            return Problem(
                401, "the token is missing or wrong",
                "`sensorium api` tells it; it is new with each start of the service",
                {"WWW-Authenticate": "Bearer"},
            )
        return None

    def _is_own(self, origin: str, host: str) -> bool:
        if origin.lower() in self._origins:
            return True
        return _is_loopback(host) and origin.lower() == f"http://{host.lower()}"

    def _shows_token(self, scope: Scope, headers: Headers) -> bool:
        kind, _, shown = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            shown = QueryParams(scope["query_string"]).get(_TOKEN_QUERY, "")
        return hmac.compare_digest(shown.strip().encode("utf-8", "replace"), self._token)

    async def _refuse(
        self, refused: Problem, scope: Scope, receive: Receive, send: Send
    ) -> None:
        await problem.response(refused)(scope, receive, send)


def _is_loopback(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in _LOOPBACK
    except ValueError:
        return False
