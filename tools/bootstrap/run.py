"""`tools/run`: from a bare checkout to a running `sensorium`."""

from __future__ import annotations

import argparse
import os
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrap import package_manager, terminal
from bootstrap.environment import ROOT, Environment, SetupError
from bootstrap.system_packages import OPENGL, PORTAUDIO, Need

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINES = ("silero-vad", "gesture-recognizer")
"""The engines of the default configuration and of the demo."""

_SENSOR_NEEDS = {"microphone": PORTAUDIO, "openxr": OPENGL}
_WITH_ENGINES = {"demo", "run"}


def main(arguments: Sequence[str]) -> int:
    """Makes the environment, builds the engines, then becomes `sensorium`.

    Args:
        arguments: What follows the command's name.

    Returns:
        The exit status.
    """
    own, passed = _split(arguments)
    options = _parser().parse_args(own)
    environment = Environment()
    try:
        environment.ensure(["build"], yes=options.yes)
        package_manager.provide(_needs(passed), yes=options.yes)
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


def _needs(passed: Sequence[str]) -> list[Need]:
    """What the system must have for the sensors that `sensorium run` would open."""
    if passed[0] != "run" or _asks_for_help(passed) or _option(passed, "--replay"):
        return []
    path = Path(_option(passed, "--config") or ROOT / "configs" / "default.toml")
    try:
        sensors = tomllib.loads(path.read_text("utf-8")).get("sensors", {})
        return [
            need
            for name, need in _SENSOR_NEEDS.items()
            if name in sensors and sensors[name].get("enabled", True)
        ]
    except (OSError, ValueError, AttributeError, TypeError):
        return []  # `sensorium` itself says what is wrong with it, with file and line


def _option(passed: Sequence[str], name: str) -> str:
    """The value of `--name VALUE` or `--name=VALUE`, or an empty string."""
    for at, word in enumerate(passed):
        if word == name:
            return passed[at + 1] if at + 1 < len(passed) else ""
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def _become(program: Path, passed: Sequence[str]) -> int:
    """Hands this process over, so that a signal reaches the program itself."""
    command = [str(program), *passed]
    if os.name == "posix":
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode
