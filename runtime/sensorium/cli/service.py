"""`sensorium service`: starts the daemon with the session, the headset's runtime, or on demand."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from typing import TYPE_CHECKING

from sensorium import config as configuration
from sensorium import folders
from sensorium.bridges.bridge import BRIDGES
from sensorium.cli import json_option
from sensorium.cli.autostart import processes, steamvr
from sensorium.cli.autostart.wish import IDLE_S, Wish, take
from sensorium.perception.sense import SENSES
from sensorium.sensors.sensor import SENSORS
from sensorium.supervisor import check_names
from sensorium.supervisor.instance import is_running

if sys.platform == "win32":
    from sensorium.cli.autostart import scheduler as system
else:
    from sensorium.cli.autostart import systemd as system

if TYPE_CHECKING:
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
        "(monado.service), instead of the session; Linux",
    )
    how.add_argument(
        "--with-steamvr", action="store_true",
        help="with SteamVR, until SteamVR ends, instead of the session",
    )
    how.add_argument(
        "--on-demand", action="store_true",
        help=f"when an app asks for it, until nobody was connected for {IDLE_S} s; Linux",
    )
    beside_steamvr = actions.add_parser(
        "steamvr", help="start what is installed, and stop it when SteamVR ends; SteamVR's call"
    )
    # What Windows' SteamVR cannot set.
    beside_steamvr.add_argument(
        "--environment", action="append", default=[], help=argparse.SUPPRESS
    )
    for action in (
        install, beside_steamvr,
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
        ControlError: The system, or SteamVR, refuses.
        ConfigError: The configuration is wrong.
    """
    if args.action == "install":
        return _install(args, output)
    if args.action == "logs":
        return system.logs(args.lines, follow=args.follow)
    if args.action == "uninstall":
        return _uninstall(output)
    if args.action == "steamvr":
        take(args.environment)
        return _beside_steamvr(output)
    return _status(output)


def _install(args: argparse.Namespace, output: Output) -> int:
    path = configuration.find(args.config)
    # A daemon that cannot start is told now, not at the next log-in.
    check_names(configuration.load(path, sensors=SENSORS, senses=SENSES, bridges=BRIDGES))
    wish = Wish(
        str(path.resolve()) if args.config else "", args.beside, on_demand=args.on_demand,
        with_steamvr=args.with_steamvr,
    )
    # SteamVR first: where it refuses, all is as it was.
    if wish.with_steamvr:
        steamvr.check()
    elif steamvr.is_registered():
        steamvr.unregister()
    # Nobody is asked: that would start one on demand.
    ours = any(told.get("MainPID", "0") != "0" for told in system.status().values())
    running = not ours and is_running(folders.runtime_dir())
    start = not running and not wish.with_steamvr
    files = system.install(wish, start=start)
    if wish.with_steamvr:
        files += steamvr.register()
    output.document({"installed": [str(file) for file in files], "started": start})
    for file in files:
        output.console.print(f"wrote {file}", markup=False)
    if wish.with_steamvr:
        output.console.print("SteamVR starts it from now on")
    elif running:
        output.console.print(
            "a daemon runs already, not as a service: `sensorium stop`, then "
            f"{system.START_BY_HAND}",
            markup=False,
        )
    return 0


def _uninstall(output: Output) -> int:
    removed = steamvr.unregister() if steamvr.is_registered() else []
    files = [str(path) for path in system.uninstall() + removed]
    output.document({"removed": files})
    for file in files or ["it was not installed"]:
        output.console.print(f"removed {file}" if files else file, markup=False)
    return 0


def _beside_steamvr(output: Output) -> int:
    """Runs the service for as long as SteamVR runs."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    # After a SteamVR that was started again, the one before stops the daemon first.
    with contextlib.closing(steamvr.turn()):
        server = steamvr.server()
        if is_running(folders.runtime_dir()):
            output.document({"started": False})
            output.console.print("a daemon runs already")
            return 0
        try:
            # It may come up even after this has given it up.
            system.start()
            processes.wait(server)
        finally:
            system.stop()
    output.document({"started": True})
    return 0


def _status(output: Output) -> int:
    found = system.status()
    with_steamvr = steamvr.is_registered()
    output.document({"units": found, "with_steamvr": with_steamvr})
    if not found:
        output.console.print("not installed: `sensorium service install`")
        return 1
    for name, told in found.items():
        output.console.print(
            f"{name}: {told['ActiveState']} ({told['SubState']}), {told['UnitFileState']}, "
            f"process {told.get('MainPID', '-')}, restarted {told.get('NRestarts', '0')} times",
            markup=False,
        )
    if with_steamvr:
        output.console.print("SteamVR starts it")
    return 0
