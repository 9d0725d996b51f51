"""Who may come in: by the Unix socket this user's processes, by TCP those who have the token.

And the page, by its session, to what it shows and changes.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, QueryParams
from starlette.requests import cookie_parser

from sensorium.service import problem
from sensorium.service.page.sessions import HEADER
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

    from sensorium.service.page.sessions import Sessions

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OPEN_PATHS = frozenset({"/v2/health/live"})
"""What tells nothing but that somebody listens."""
_OPEN_ROOM = "/page"
"""The page's files tell nothing either; its session is begun with a code."""
_OF_THE_PAGE = frozenset({
    ("GET", "/v1/status"), ("GET", "/v1/channels"), ("GET", "/v1/engines"), ("GET", "/v1/events"),
    ("GET", "/v1/grants"), ("POST", "/v1/grants"), ("GET", "/v1/mute"), ("PUT", "/v1/mute"),
    ("GET", "/v1/attention"), ("GET", "/v1/governor"),
})
"""What the page may do: all else needs the token."""
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
        sessions: Of the page.
    """

    def __init__(
        self, app: ASGIApp, token: str, origins: Collection[str], sessions: Sessions
    ) -> None:
        self._app = app
        self._token = token.encode()
        self._sessions = sessions
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] in ("http", "websocket"):
            refused = self._refusal(scope)
            if refused is not None:
                await self._refuse(refused, scope, receive, send)
                return
            if not _is_open(scope["path"]):
                scope["state"]["place"].let_in = True
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
        if not by_tcp or _is_open(scope["path"]) or self._shows_token(scope, headers):
            return None
        if self._is_page(headers):
            scope.setdefault("state", {})["page"] = True
            if (scope.get("method"), scope["path"]) in _OF_THE_PAGE:
                return None
            return Problem(403, "the page does not need this", "`sensorium api` tells the token")
        return Problem(
            401, "the token is missing or wrong",
            "`sensorium api` tells it; it is new with each start of the service; "
            "`sensorium page` opens the page",
            {"WWW-Authenticate": "Bearer"},
        )

    def _is_page(self, headers: Headers) -> bool:
        key = headers.get(HEADER, "")
        cookies = cookie_parser(headers.get("cookie", "")) if key else {}
        return bool(key) and self._sessions.stands(
            cookies.get(self._sessions.cookie_name(), ""), key
        )

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


def _is_open(path: str) -> bool:
    return path in _OPEN_PATHS or path == _OPEN_ROOM or path.startswith(_OPEN_ROOM + "/")


def _is_loopback(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in _LOOPBACK
    except ValueError:
        return False
