"""`tools/run`: from a bare checkout to a running `sensorium`."""

from __future__ import annotations

import argparse
import os
import subprocess
from typing import TYPE_CHECKING

from bootstrap import package_manager, terminal
from bootstrap.environment import Environment, SetupError
from bootstrap.system_packages import OPENGL, PORTAUDIO, Need

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ENGINES = ("silero-vad", "gesture-recognizer")
"""The engines of the default configuration and of the demo."""

_SENSOR_NEEDS = {"microphone": PORTAUDIO, "openxr": OPENGL}
_WITH_ENGINES = {"demo", "run"}

_PRINT_ENABLED_SENSORS = """
import argparse
from sensorium.cli import run
parser = argparse.ArgumentParser()
run.arguments(parser)
config = run.load(parser.parse_known_args()[0])
print(*[name for name, section in config.sensors.items() if section.enabled])
"""


def main(arguments: Sequence[str]) -> int:
    """Makes the environment, builds the engines, then becomes `sensorium`.

    Args:
        arguments: What follows the command's name.

    Returns:
        The exit status.
    """
    own, passed = _split(arguments)
    parser = _parser()
    options, foreign = parser.parse_known_args(own)
    if foreign:
        parser.error(f"put -- before what is for sensorium: tools/run -- {' '.join(foreign)}")
    environment = Environment()
    try:
        environment.ensure(["build"], yes=options.yes)
        package_manager.provide(_needs(environment, passed), yes=options.yes)
        if passed[0] in _WITH_ENGINES and not _asks_for_help(passed):
            status = build_engines(environment)
            if status and passed[0] == "demo":
                return status
    except SetupError as error:
        terminal.say(str(error))
        return 1
    return _become(environment.program("sensorium"), passed)


def build_engines(environment: Environment) -> int:
    """Fetches and builds what is not in the user's cache yet.

    Returns:
        The exit status of `sensorium-engines`, which says itself on standard error what it does
        and what went wrong.
    """
    program = environment.program("sensorium-engines")
    command = [str(program), "build", *ENGINES, "--json"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own options, and after `--` those of `sensorium`: by default `demo`."""
    own = list(arguments)
    if "--" not in own:
        return own, ["demo"]
    at = own.index("--")
    return own[:at], own[at + 1 :] or ["demo"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/run",
        usage="tools/run [--yes] [-- ARGS]",
        description="Makes .venv, fetches and builds the engines, and starts `sensorium ARGS`; "
        "without ARGS the demo, which needs no headset, microphone or GPU.",
        epilog="For example: tools/run -- doctor; tools/run -- run --config configs/mic_only.toml",
    )
    parser.add_argument(
        "--yes", action="store_true", help="install missing system packages without asking"
    )
    return parser


def _asks_for_help(passed: Sequence[str]) -> bool:
    return not {"-h", "--help"}.isdisjoint(passed)


def _needs(environment: Environment, passed: Sequence[str]) -> list[Need]:
    """What the system must have for the sensors that `sensorium run` would open."""
    if passed[0] != "run" or _asks_for_help(passed):
        return []
    status, printed = terminal.run_quietly(
        [environment.program("python"), "-c", _PRINT_ENABLED_SENSORS, *passed[1:]]
    )
    # What is wrong with the arguments or the file, `sensorium` itself says.
    enabled = printed.split() if status == 0 else []
    return [need for name, need in _SENSOR_NEEDS.items() if name in enabled]


def _become(program: Path, passed: Sequence[str]) -> int:
    """Hands this process over, so that a signal reaches the program itself."""
    command = [str(program), *passed]
    if os.name == "posix":
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode
