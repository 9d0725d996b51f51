"""Which browsers may use the page: a one-time code becomes a session, which outlives a restart.

A cookie alone would not do. Browsers keep cookies by host, not by port, so a page that another
program serves on 127.0.0.1 is sent ours, and SameSite lets it send that back. So a session has a
key, too, which the page keeps where only pages of its own origin, port included, can read it, and
shows in a header that no page of another origin may set. Both are needed, and neither is in a URL.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from sensorium.control.audit import write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FILE_NAME = "page.json"
HEADER = "sensorium-page"
CODE_S = 120.0
"""How long a code is good for."""
SESSION_S = 7 * 24 * 3600.0
_MOST_CODES = 16
_MOST_SESSIONS = 16
_BYTES = 32
_log = logging.getLogger(__name__)


class Begun(NamedTuple):
    """What a browser is given: `cookie` and, for its page's own storage, `key`."""

    cookie: str
    key: str


class Sessions:
    """The sessions of one user's daemon; made and used in the loop's thread.

    Of a session only a hash is kept, in a file beside the socket: who reads it has gained nothing.

    Args:
        folder: The runtime folder.
        clock: Seconds since 1970.

    Attributes:
        port: Of loopback TCP when it listened last, so that an open page finds the service again;
            0: not known.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / FILE_NAME
        self._clock = clock
        self._codes: dict[str, float] = {}
        self.port, self._until = self._read()

    def listens(self, port: int) -> None:
        """The service listens at this port of loopback TCP."""
        if port != self.port:
            self.port = port
            self._write()

    def code(self) -> str:
        """A new code, good for one session within `CODE_S`; the oldest of too many is void."""
        now = self._clock()
        self._codes = {code: until for code, until in self._codes.items() if now < until}
        while len(self._codes) >= _MOST_CODES:
            del self._codes[next(iter(self._codes))]
        code = secrets.token_urlsafe(_BYTES)
        self._codes[code] = now + CODE_S
        return code

    def begin(self, code: str) -> Begun | None:
        """Exchanges a code, which is void then; None: it is wrong, used or too old."""
        until = 0.0
        for known in tuple(self._codes):
            if hmac.compare_digest(known.encode(), code.encode("utf-8", "replace")):
                until = self._codes.pop(known)
        now = self._clock()
        if now >= until:
            return None
        begun = Begun(secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES))
        self._until = {one: end for one, end in self._until.items() if now < end}
        while len(self._until) >= _MOST_SESSIONS:
            del self._until[next(iter(self._until))]
        self._until[_hashed(*begun)] = now + SESSION_S
        self._write()
        return begun

    def stands(self, cookie: str, key: str) -> bool:
        """Whether these belong to a session that has not ended."""
        return self._clock() < self._until.get(_hashed(cookie, key), 0.0)

    def end(self, cookie: str, key: str) -> None:
        """Ends a session."""
        if self._until.pop(_hashed(cookie, key), None) is not None:
            self._write()

    def cookie_name(self) -> str:
        """With the port in it: another user's daemon on this PC has cookies of the same host."""
        return f"sensorium-page-{self.port}"

    def _read(self) -> tuple[int, dict[str, float]]:
        try:
            kept = json.loads(self._path.read_bytes())
            port = int(kept["port"])
            until: Mapping[str, float] = kept["sessions"]
            return (
                port if 0 <= port <= 65_535 else 0,
                {str(one): float(end) for one, end in until.items()},
            )
        except FileNotFoundError:
            return 0, {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _log.warning("the page's sessions cannot be read, open it anew: %s", error)
            return 0, {}

    def _write(self) -> None:
        content = json.dumps({"port": self.port, "sessions": self._until}).encode()
        try:
            write_private(self._path, content, durable=False)
        except OSError as error:
            _log.warning("the page's sessions do not outlive this service: %s", error.strerror)


def _hashed(cookie: str, key: str) -> str:
    return hashlib.sha256(f"{cookie} {key}".encode("utf-8", "replace")).hexdigest()
