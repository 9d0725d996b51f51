"""`sensorium api`: where the local API of the running daemon is, and its token."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.cli.daemon import connect
from sensorium.service import address

if TYPE_CHECKING:
    import argparse

    from sensorium.cli.output import Output


def arguments(parser: argparse.ArgumentParser) -> None:
    """It has none of its own."""


def run(args: argparse.Namespace, output: Output) -> int:
    """Tells it.

    Raises:
        ControlError: It or the daemon does not run.
    """
    # The file of a daemon that was killed is still there: ask whether one runs.
    connect().close()
    found = address.read(folders.runtime_dir())
    output.document(asdict(found))
    if found.socket:
        output.console.print(
            f"curl --unix-socket {found.socket} http://localhost/v1/status", markup=False
        )
    if found.url:
        output.console.print(
            f"curl -H 'Authorization: Bearer {found.token}' {found.url}/v1/status", markup=False
        )
    return 0
