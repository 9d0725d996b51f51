"""`sensorium top`: the running daemon, live."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.text import Text

from sensorium.cli import app_frames, governor
from sensorium.cli.daemon import APP, connect
from sensorium.cli.doctor.live import granted_classes
from sensorium.cli.duration import duration
from sensorium.cli.eyes import Eyes
from sensorium.cli.scene import Scene, sleep_until
from sensorium.cli.status import all_processes, client_line, process_table
from sensorium.cli.usage import Meter
from sensorium.errors import ControlError
from sensorium.sensors.sensor import HEADSETS

if TYPE_CHECKING:
    import argparse

    from sensorium.cli.output import Output
    from sensorium.control.client import Client

_STATUS_S = 1.0
_FRAME_S = 0.25
"""A game may run beside it: as few frames as a person can follow."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    parser.add_argument(
        "--once", action="store_true", help="look for a second, print it, end (as with --json)"
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Shows the daemon until Ctrl-C; once where the output is no terminal."""
    view = _View()
    with view.client, Eyes(APP, classes=granted_classes(view.client.grants())) as eyes:
        if args.once or output.as_json or not output.console.is_terminal:
            view.refresh()
            time.sleep(_STATUS_S)
            view.refresh()
            output.document(
                {
                    "status": view.status,
                    **eyes.story.document(),
                    "channels": {name: sight.summary() for name, sight in eyes.sights.items()},
                }
            )
            output.console.print(Scene(eyes, regions=True).draw(output.console, *view.above(),
                                                                below=Text("")))
            return 0
        _show(view, eyes, output)
    return 0


def _show(view: _View, eyes: Eyes, output: Output) -> None:
    console = output.console
    scene = Scene(eyes, regions=True)
    with Live(console=console, auto_refresh=False, screen=True) as live:
        refreshed = 0.0
        while True:
            now = time.monotonic()
            if now - refreshed >= _STATUS_S:
                refreshed = now
                view.refresh()
            live.update(
                scene.draw(console, *view.above(), below=Text("Ctrl-C ends it", "dim")),
                refresh=True,
            )
            sleep_until(now + _FRAME_S)


class _View:
    """The daemon's status with what its processes cost; survives a restart of the daemon."""

    def __init__(self) -> None:
        self.client: Client = connect()
        self.status: dict[str, Any] = {}
        self._meter = Meter()
        self._gone = False

    def refresh(self) -> None:
        """Asks again."""
        try:
            self.status = self.client.request("status")
            self._gone = False
        except ControlError:
            self._gone = True
            self._connect_again()
            return
        processes = all_processes(self.status)
        now = time.monotonic()
        for process in processes:
            cpu, memory = self._meter.measure(process["pid"], now)
            process["cpu_percent"], process["pss_mb"] = cpu, memory
        self.status["processes"] = processes

    def above(self) -> list[Any]:
        """What is shown above the channels."""
        if self._gone or not self.status:
            return [Text("the daemon is gone; waiting for it: sensorium run", "bold red")]
        status = self.status
        head = Text.assemble(
            (f"sensorium {status['version']} ", "bold"),
            f"up {duration(status['uptime_s'])}  {status['config']}",
            no_wrap=True,
        )
        if status["muted"]:
            head.append("  MUTED", "bold red")
        if any(client["recording"] for client in status["clients"]):
            head.append(f"  RECORDING {status['recording_bytes'] / 1e6:.1f} MB", "bold red")
        lines = [Text(client_line(client), "dim", no_wrap=True) for client in status["clients"]
                 if client["app"] != APP]
        return [head, process_table(status["processes"]), *_poses(status["parts"]),
                *app_frames.lines(status["apps"], history=True),
                governor.line(status["governor"]), *lines]

    def _connect_again(self) -> None:
        try:
            fresh = connect()
        except ControlError:
            return
        self.client.close()
        self.client = fresh


def _poses(parts: dict[str, dict[str, str]]) -> list[Text]:
    """A line for each sensor that gives poses, where there are two of them."""
    found = [(name, parts[name]) for name in HEADSETS if name in parts]
    return [Text(f"{name} {part['state']}: {part['detail']}", "dim", no_wrap=True)
            for name, part in found if len(found) > 1]
