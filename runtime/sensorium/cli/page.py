"""`sensorium page`: opens the page of the running daemon in the browser."""

from __future__ import annotations

import http.client
import json
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sensorium import folders
from sensorium.cli.daemon import connect
from sensorium.errors import ControlError
from sensorium.service import address

if TYPE_CHECKING:
    import argparse

    from sensorium.cli.output import Output
    from sensorium.service.address import Address

_TIMEOUT_S = 10.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    parser.add_argument(
        "--print", action="store_true", dest="only_print",
        help="print the address, which is good once and for two minutes, and open nothing",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Opens it, or tells where it is.

    Raises:
        ControlError: The daemon or the local API does not run, or loopback TCP is off.
    """
    # The file of a daemon that was killed is still there: ask whether one runs.
    connect().close()
    found = address.read(folders.runtime_dir())
    if not found.url:
        raise ControlError(
            "the page needs loopback TCP, which is off",
            "write tcp = true in [service] of the configuration, and `sensorium reload`",
        )
    opens = not (args.only_print or output.as_json)
    told = _ask(found, "/v1/page?file=true" if opens else "/v1/page")
    # Behind the #: what stands there is in no request and in no log.
    url = f"{found.url}{told['path']}#{told['code']}"
    output.document({"url": url})
    # Not the address: every user of the PC sees what a browser is started with.
    opened = opens and webbrowser.open(Path(told["file"]).as_uri())
    output.console.print(
        f"opened {found.url}{told['path']} (a browser that may not read the runtime folder: "
        "`sensorium page --print`)" if opened else url, markup=False, soft_wrap=True,
    )
    return 0


def _ask(found: Address, path: str) -> dict[str, Any]:
    """A one-time code, the page's path and, where it is asked for, a file that leads there.

    Raises:
        ControlError: The local API does not give one.
    """
    place = urlsplit(found.url)
    link = http.client.HTTPConnection(str(place.hostname), place.port, timeout=_TIMEOUT_S)
    try:
        link.request("POST", path, headers={"Authorization": f"Bearer {found.token}"})
        answer = link.getresponse()
        content: dict[str, Any] = json.loads(answer.read())
        if answer.status != http.client.CREATED:
            raise ControlError(content["detail"], content["remedy"])
        return content
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        raise ControlError(
            f"the local API at {found.url} does not answer: {error}", "`sensorium status`"
        ) from error
    finally:
        link.close()
