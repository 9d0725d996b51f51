"""`tools/run`: from a bare checkout to a running `sensorium`."""

from __future__ import annotations

import argparse
import os
import subprocess
from typing import TYPE_CHECKING

from bootstrap import package_manager, terminal
from bootstrap.environment import Environment, SetupError
from bootstrap.system_packages import OPENGL, PORTAUDIO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ENGINES = ("silero-vad", "gesture-recognizer")
"""The engines of the default configuration and of the demo."""

_SENSOR_NEEDS = {"microphone": PORTAUDIO, "openxr": OPENGL}
_WITH_ENGINES = {"demo", "run"}

_PRINT_PARTS = """
import argparse
from sensorium.cli import run
from sensorium.process import registry
parser = argparse.ArgumentParser()
run.arguments(parser)
config = run.load(parser.parse_known_args()[0])
print(*[name for name, section in config.sensors.items() if section.enabled])
print(*dict.fromkeys(
    name for sense in registry.senses(config) for name in (*sense.engines(), *sense.may_use())
))
"""
"""Two lines: the sensors that a configuration opens, and the engines of its senses."""


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
        environment.ensure(["build", "echo"], yes=options.yes)
        sensors, engines = _parts(environment, passed)
        needs = [need for name, need in _SENSOR_NEEDS.items() if name in sensors]
        package_manager.provide(needs, yes=options.yes)
        if passed[0] in _WITH_ENGINES and not _asks_for_help(passed):
            status = build_engines(environment, engines)
            if status and passed[0] == "demo":
                return status
    except SetupError as error:
        terminal.say(str(error))
        return 1
    return _become(environment.program("sensorium"), passed)


def build_engines(environment: Environment, engines: Sequence[str] = ENGINES) -> int:
    """Fetches and builds what is not in the user's cache yet.

    Args:
        environment: That `sensorium-engines` runs in.
        engines: Names of cards.

    Returns:
        The exit status of `sensorium-engines`, which says itself on standard error what it does
        and what went wrong.
    """
    program = environment.program("sensorium-engines")
    command = [str(program), "build", *engines, "--json"]
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


def _parts(environment: Environment, passed: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The sensors that `sensorium run` would open, and the engines that it would load."""
    if passed[0] != "run" or _asks_for_help(passed):
        return (), ENGINES
    status, printed = terminal.run_quietly(
        [environment.program("python"), "-c", _PRINT_PARTS, *passed[1:]]
    )
    lines = printed.splitlines()
    if status or len(lines) < 2:
        # What is wrong with the arguments or the file, `sensorium` itself says.
        return (), ENGINES
    return lines[-2].split(), lines[-1].split() or ENGINES


def _become(program: Path, passed: Sequence[str]) -> int:
    """Hands this process over, so that a signal reaches the program itself."""
    command = [str(program), *passed]
    if os.name == "posix":
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode
