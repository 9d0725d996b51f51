"""`sensorium run`: the daemon in the foreground."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium import config as configuration
from sensorium import supervisor
from sensorium.bridges.bridge import BRIDGES
from sensorium.cli.daemon import connect
from sensorium.errors import ConfigError, RecordingError, SensoriumError
from sensorium.perception.sense import SENSES
from sensorium.sensors.sensor import SENSORS

if TYPE_CHECKING:
    from sensorium.cli.output import Output
    from sensorium.config import Config


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    parser.add_argument(
        "--config", default="", metavar="FILE",
        help="a file, or the name of a shipped one (default, voice, mic_only, service, "
        "replay); without it your own sensorium.toml, else the shipped default",
    )
    parser.add_argument(
        "--replay", type=Path, metavar="FILE",
        help="play a recording in the place of headset and microphone",
    )
    parser.add_argument(
        "--speed", type=_speed, metavar="SPEED",
        help="of the replay: real, stepped (as fast as it goes, the same results each time), "
        "or a factor such as 4",
    )
    parser.add_argument(
        "--set", dest="overrides", action="append", type=_override, default=[],
        metavar="SECTION.KEY=VALUE", help="takes the place of a value in the file; may be repeated",
    )
    parser.add_argument(
        "--until-eof", action="store_true",
        help="stop when standard input closes: for a program that starts the daemon as its child",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Checks the configuration, then runs the daemon until it is stopped."""
    config = load(args)
    if args.until_eof:
        threading.Thread(target=_stop_at_eof, daemon=True).start()
    return supervisor.run(config, ready=lambda: _announce(output))


def load(args: argparse.Namespace) -> Config:
    """The configuration that the arguments stand for.

    Raises:
        ConfigError: Names the file, line and key, or the argument.
        RecordingError: The recording is not there.
    """
    path = configuration.find(args.config)
    overrides: dict[str, Any] = dict(args.overrides)
    if args.replay is not None:
        if not args.replay.is_file():
            raise RecordingError(f"{args.replay}: there is no such recording")
        overrides["sensors.replay.file"] = str(args.replay.resolve())
        overrides["sensors.replay.enabled"] = True
        for sensor in configuration.load(path, overrides=overrides).sensors:
            if sensor != "replay":
                overrides[f"sensors.{sensor}.enabled"] = False
    if args.speed is not None:
        config = configuration.load(path, overrides=overrides)
        if "replay" not in config.sensors or not config.sensors["replay"].enabled:
            raise ConfigError("--speed is for a replay only", "add --replay FILE")
        if args.speed == "stepped":
            overrides["sensors.replay.stepped"] = True
        else:
            overrides["sensors.replay.speed"] = args.speed
    return configuration.load(
        path, sensors=SENSORS, senses=SENSES, bridges=BRIDGES, overrides=overrides
    )


def _announce(output: Output) -> None:
    """Says what is live; in a thread, since the daemon itself must answer the question."""
    threading.Thread(target=_say_ready, args=(output,), daemon=True).start()


def _say_ready(output: Output) -> None:
    try:
        with connect() as client:
            status = client.request("status")
    except SensoriumError:
        # It is being stopped already; there is nothing to announce.
        return
    output.document({"ready": True, **status})
    live = ", ".join(
        f"{process['name']} ({process['pid']})" for process in status["processes"]
    )
    output.console.print(f"[bold green]ready[/]: {live}; config {status['config']}")
    for name, part in status["parts"].items():
        output.console.print(f"  {name}: {part['state']} {part['detail']}", markup=False)
        if part["remedy"]:
            output.console.print(f"    {part['remedy']}", style="yellow", markup=False)
    output.console.print("`sensorium top` watches it, Ctrl-C stops it", style="dim")


def _stop_at_eof() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    signal.raise_signal(signal.SIGTERM)


def _speed(text: str) -> str | float:
    if text == "stepped":
        return text
    if text == "real":
        return 1.0
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor <= 1000:
        raise argparse.ArgumentTypeError("real, stepped, or a factor above 0 and up to 1000")
    return factor


def _override(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or len([part for part in key.split(".") if part]) < 2:
        raise argparse.ArgumentTypeError(f"{text}: write section.key=value")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value
