"""`sensorium stop`: ends the running daemon cleanly."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.cli.daemon import connect
from sensorium.errors import ControlError
from sensorium.supervisor.instance import is_running

if TYPE_CHECKING:
    import argparse

    from sensorium.cli.output import Output

_WAIT_S = 10.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments: none."""


def run(args: argparse.Namespace, output: Output) -> int:
    """Asks the daemon to stop and waits until it is gone."""
    end_daemon()
    output.document({"stopped": True})
    output.console.print("stopped")
    return 0


def end_daemon() -> None:
    """Asks the daemon to stop and waits until it is gone.

    Raises:
        ControlError: No daemon is running, or it does not end.
    """
    with connect() as client:
        client.request("stop")
    end = time.monotonic() + _WAIT_S
    # Whoever connects to a daemon that the system starts on demand would start it again.
    while is_running(folders.runtime_dir()):
        if time.monotonic() > end:
            raise ControlError(
                f"the daemon was asked to stop and is still there after {_WAIT_S:.0f} s",
                "its log says what it waits for",
            )
        time.sleep(0.05)
