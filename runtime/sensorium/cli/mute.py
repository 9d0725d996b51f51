"""`sensorium mute`: closes microphone and camera for all, or lets them open again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.cli.daemon import connect

if TYPE_CHECKING:
    import argparse

    from sensorium.cli.output import Output


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    parser.add_argument("state", nargs="?", choices=("on", "off"), default="on")


def run(args: argparse.Namespace, output: Output) -> int:
    """Mutes or unmutes."""
    on = args.state == "on"
    with connect() as client:
        client.request("mute", on=on)
    output.document({"muted": on})
    if on:
        output.console.print(
            "[bold]muted[/]: microphone and camera are closed until `sensorium mute off`"
        )
    else:
        output.console.print(
            "not muted: microphone and camera open when a sense or an app needs them"
        )
    return 0
