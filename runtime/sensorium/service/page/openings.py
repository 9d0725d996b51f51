"""Files that lead a browser to the page: what a program is started with, every user can read.

The browser is given the file's name; the code that opens the page stands in the file, which this
user alone may read, and which is gone when the code is used or too old.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from sensorium.control.audit import write_private
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

_GLOB = "page-*.html"
_NAME_BYTES = 8
_MOST = 16
"""As many as there are codes; the oldest of more is removed."""
_LEADS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}"><title>Sensorium</title></head>
<body><p><a href="{url}">Sensorium's page</a></p></body></html>
"""


class Openings:
    """Made and used in the loop's thread; what a service that was killed left is removed.

    Args:
        folder: The runtime folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Path] = {}
        for left in folder.glob(_GLOB):
            left.unlink(missing_ok=True)

    def make(self, code: str, url: str, seconds: float) -> Path:
        """Makes the file that leads to an address.

        Args:
            code: That the address has.
            url: The address, of characters that HTML has no other use for.
            seconds: After which the file goes, used or not.

        Raises:
            Problem: 503; it cannot be written.
        """
        path = self._folder / _GLOB.replace("*", secrets.token_hex(_NAME_BYTES))
        try:
            write_private(path, _LEADS.format(url=url).encode(), durable=False)
        except OSError as error:
            raise Problem(
                503, f"{path} cannot be written: {error.strerror}",
                "`sensorium page --print` tells the address without a file",
            ) from error
        while len(self._files) >= _MOST:
            self.remove(next(iter(self._files)))
        self._files[code] = path
        asyncio.get_running_loop().call_later(seconds, self.remove, code)
        return path

    def remove(self, code: str) -> None:
        """Removes the file of a code, if it has one."""
        path = self._files.pop(code, None)
        if path is not None:
            path.unlink(missing_ok=True)

    async def close(self) -> None:
        """Removes all."""
        for code in tuple(self._files):
            self.remove(code)
