"""`sensorium stop`: ends the running daemon cleanly."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sensorium.cli.daemon import connect, connect_if_running
from sensorium.errors import ControlError

if TYPE_CHECKING:
    import argparse

    from sensorium.cli.output import Output

_WAIT_S = 10.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments: none."""


def run(args: argparse.Namespace, output: Output) -> int:
    """Asks the daemon to stop and waits until it is gone."""
    with connect() as client:
        client.request("stop")
    end = time.monotonic() + _WAIT_S
    while (client_left := connect_if_running()) is not None:
        client_left.close()
        if time.monotonic() > end:
            raise ControlError(
                f"the daemon was asked to stop and is still there after {_WAIT_S:.0f} s",
                "its log says what it waits for",
            )
        time.sleep(0.05)
    output.document({"stopped": True})
    output.console.print("stopped")
    return 0
