"""The command line `sensorium`: one file a command, each imported only when it is called.

A command's module has `arguments(parser)` and `run(args, output) -> int`. With `--json` a command
prints one JSON document on stdout and everything else on stderr.

Exit codes: 0 done, 1 it could not be done, 2 wrong usage or configuration, 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from sensorium import __version__
from sensorium.cli import json_option
from sensorium.errors import ConfigError, SensoriumError

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("sensorium.cli.run", "run the daemon in the foreground"),
    "demo": ("sensorium.cli.demo", "see hands and voice move, without headset or microphone"),
    "top": ("sensorium.cli.top", "watch the running daemon"),
    "status": ("sensorium.cli.status", "what the running daemon does, once"),
    "why": ("sensorium.cli.why", "why a command was understood as it was, or senses gave way"),
    "channels": ("sensorium.cli.channels", "list, watch or dump channels"),
    "doctor": ("sensorium.cli.doctor", "what is there, what is not, and whether data arrives"),
    "service": ("sensorium.cli.service", "start the daemon with the session, or on demand"),
    "layer": ("sensorium.cli.layer", "see the frames and input of OpenXR apps from inside"),
    "api": ("sensorium.cli.api", "where the local API is, and its token"),
    "page": ("sensorium.cli.page", "what the daemon sees and hears, in the browser"),
    "record": ("sensorium.cli.record", "record channels into an MCAP file"),
    "grants": ("sensorium.cli.grants", "which app may read which private channels"),
    "enrol": ("sensorium.cli.enrol", "let the wearer's voice be known, or forget it"),
    "mute": ("sensorium.cli.mute", "close microphone and camera, or let them open again"),
    "purge": ("sensorium.cli.purge", "delete recordings, enrolments, calibration sets"),
    "reload": ("sensorium.cli.reload", "let the running daemon read its configuration again"),
    "stop": ("sensorium.cli.stop", "stop the running daemon"),
}
"""Name to (module, what it does), in the order of the help."""

INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: The arguments without the program's name; None: those of the process.

    Returns:
        The exit code.
    """
    # Before numpy is imported, here and in every process that the daemon starts: its arrays are
    # far too small for BLAS threads, which cost each process a third of numpy's import.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = sys.argv[1:] if argv is None else argv
    try:
        args = _parser(given).parse_args(given)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    from sensorium.cli.output import Output  # rich: not for --version and --help

    output = Output(as_json=args.json)
    try:
        return int(import_module(COMMANDS[args.command][0]).run(args, output))
    except SensoriumError as error:
        output.error(error)
        return 2 if isinstance(error, ConfigError) else 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`sensorium channels list | head`).
        output.detach()
        return 1


def _parser(given: list[str]) -> argparse.ArgumentParser:
    """The parser; only the command that is called is imported and given its arguments."""
    parser = argparse.ArgumentParser(
        prog="sensorium",
        description="AI senses for every VR app on this PC, read from shared memory.",
        epilog="`sensorium demo` shows it at work. `sensorium doctor` says what is missing.",
    )
    parser.add_argument("--version", action="version", version=f"sensorium {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    called = next((word for word in given if not word.startswith("-")), "")
    for name, (module, what) in COMMANDS.items():
        command = commands.add_parser(
            name, help=what, description=f"{what[0].upper()}{what[1:]}."
        )
        json_option.add(command)
        if name == called:
            import_module(module).arguments(command)
    return parser
