"""The page's files, and the headers with which they go to a browser."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

INDEX = "index.html"
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""On Windows the module mimetypes asks the registry, which may call a script plain text."""
HEADERS = {
    # Scripts and styles of its own alone, and connections to where it came from.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def read() -> Mapping[str, Response]:
    """Every file's answer, by its name."""
    room = resources.files("sensorium.service.page") / "static"
    return {
        file.name: Response(
            file.read_bytes(), headers=HEADERS,
            media_type=_KINDS["." + file.name.rpartition(".")[2]],
        )
        for file in room.iterdir()
        if not file.name.startswith(".")
    }
