"""`sensorium reload`: the running daemon reads its configuration again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.cli.daemon import connect

if TYPE_CHECKING:
    import argparse

    from sensorium.cli.output import Output


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments: none."""


def run(args: argparse.Namespace, output: Output) -> int:
    """Asks for it; a configuration that is wrong is refused and the old one stays."""
    with connect() as client:
        client.request("reload")
        config = client.request("status")["config"]
    output.document({"reloaded": config})
    output.console.print(f"{config} is in force", markup=False)
    return 0
