"""`sensorium service`: starts the daemon with the session, the headset's runtime, or on demand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sensorium import config as configuration
from sensorium.bridges.bridge import BRIDGES
from sensorium.cli import json_option
from sensorium.cli.autostart import systemd, units
from sensorium.cli.daemon import connect_if_running
from sensorium.errors import ControlError
from sensorium.perception.sense import SENSES
from sensorium.sensors.sensor import SENSORS
from sensorium.supervisor import check_names

if TYPE_CHECKING:
    import argparse

    from sensorium.cli.output import Output


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    install = actions.add_parser("install", help="start it by itself from now on, and now")
    install.add_argument("--config", default="", metavar="FILE", help="as `sensorium run`")
    how = install.add_mutually_exclusive_group()
    how.add_argument(
        "--with", dest="beside", default="", metavar="UNIT",
        help="with a unit of the user's systemd, as that of the headset's runtime "
        "(monado.service), instead of the session",
    )
    how.add_argument(
        "--on-demand", action="store_true",
        help=f"when an app asks for it, until nobody was connected for {units.IDLE_S} s",
    )
    for action in (
        install,
        actions.add_parser("uninstall", help="stop it, and start it by itself no more"),
        actions.add_parser("status", help="whether it runs, and how often it was restarted"),
    ):
        json_option.add(action, nested=True)
    logs = actions.add_parser("logs", help="what it logged")
    logs.add_argument(
        "--lines", type=int, default=100, metavar="N", help="the newest N; default 100"
    )
    logs.add_argument("--follow", action="store_true", help="go on until Ctrl-C")


def run(args: argparse.Namespace, output: Output) -> int:
    """Does what it was asked.

    Raises:
        ControlError: The system refuses.
        ConfigError: The configuration is wrong.
    """
    if sys.platform != "linux":
        raise ControlError(
            "sensorium service is for Linux with systemd as yet",
            "on Windows let the Task Scheduler run `sensorium run` at log-on",
        )
    if args.action == "install":
        return _install(args, output)
    if args.action == "logs":
        return systemd.logs(args.lines, follow=args.follow)
    if args.action == "uninstall":
        files = [str(path) for path in systemd.uninstall()]
        output.document({"removed": files})
        for file in files or ["it was not installed"]:
            output.console.print(f"removed {file}" if files else file, markup=False)
        return 0
    return _status(output)


def _install(args: argparse.Namespace, output: Output) -> int:
    path = configuration.find(args.config)
    # A daemon that cannot start is told now, not at the next log-in.
    check_names(configuration.load(path, sensors=SENSORS, senses=SENSES, bridges=BRIDGES))
    wish = units.Wish(
        str(path.resolve()) if args.config else "", args.beside, on_demand=args.on_demand
    )
    installed = units.SERVICE in systemd.status()
    running = None if installed else connect_if_running()
    if running is not None:
        running.close()
    files = [str(file) for file in systemd.install(wish, start=running is None)]
    output.document({"installed": files, "started": running is None})
    for file in files:
        output.console.print(f"wrote {file}", markup=False)
    if running is not None:
        output.console.print(
            "a daemon runs already, not as a service: `sensorium stop`, then "
            "`systemctl --user start sensorium`"
        )
    return 0


def _status(output: Output) -> int:
    found = systemd.status()
    output.document({"units": found})
    if not found:
        output.console.print("not installed: `sensorium service install`")
        return 1
    for name, told in found.items():
        output.console.print(
            f"{name}: {told['ActiveState']} ({told['SubState']}), {told['UnitFileState']}, "
            f"process {told.get('MainPID', '-')}, restarted {told.get('NRestarts', '0')} times",
            markup=False,
        )
    return 0
