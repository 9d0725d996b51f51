"""`sensorium-engines`: brings models into the cache and makes engines of them."""

from __future__ import annotations

import argparse
import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from sensorium.errors import CardError, SensoriumError
from sensorium.inference import store
from sensorium_tools import commands, training
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensorium.inference.card import Card

OK, FAILED, INTERRUPTED = 0, 1, 130

_PER_ENGINE = (
    ("fetch", commands.fetch, "bring the pinned weights into the cache, sha256 checked"),
    ("build", commands.build, "fetch, convert, quantise, judge and install engines"),
    ("verify", commands.verify, "judge engines again and show every precision side by side"),
    ("bench", commands.bench, "time installed engines on this device"),
    ("list", commands.listed, "show every card and whether its engine is built"),
    ("explain", commands.explain, "say where an engine is from and why it runs as it does"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: The arguments without the program's name; None: the process's own.

    Returns:
        0; 1 when something failed; 130 after Ctrl-C. Wrong arguments end the process with 2.
    """
    arguments = _parser().parse_args(argv)
    progress = Progress()
    try:
        rows = list(_rows(arguments, progress))
    except KeyboardInterrupt:
        progress.say("stopped; nothing half-done is left")
        return INTERRUPTED
    return _finish(rows, progress, arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sensorium-engines", description="Brings models and makes engines of them."
    )
    commands_ = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, action, says in _PER_ENGINE:
        command = commands_.add_parser(name, help=says, description=f"{says.capitalize()}.")
        command.add_argument(
            "names", nargs="*", metavar="NAME",
            help="engines; none: all that are not opt-in" if name != "list" else "engines",
        )
        if name != "list":
            command.add_argument("--all", action="store_true", help="the opt-in engines, too")
        if name == "build":
            how = command.add_mutually_exclusive_group()
            how.add_argument("--force", action="store_true", help="build what is built")
            how.add_argument(
                "--quick", action="store_true",
                help="fp32 at once, without a verdict on INT8, which a later build gives",
            )
        if name == "verify":
            command.add_argument(
                "--write-readme", action="store_true",
                help="write the figures into the README.md beside the card, in a checkout",
            )
        _add_json(command)
        command.set_defaults(action=action)
    says = "make a calibration set of your own recording; it stays on this PC"
    command = commands_.add_parser("calibrate", help=says, description=f"{says.capitalize()}.")
    command.add_argument(
        "--from", dest="recording", required=True, type=Path, metavar="RECORDING",
        help="a recording of `sensorium record`",
    )
    command.add_argument("--name", default="own", help="of the set; default: own")
    _add_json(command)
    says = "train a wake word or text classifier of your own, the visemes, a hand's movements"
    command = commands_.add_parser("train", help=says, description=f"{says.capitalize()}.")
    for kind in training.add_kinds(command):
        _add_json(kind)
    says = "run a built engine on a picture, a sound or texts, and show what it says"
    command = commands_.add_parser("try", help=says, description=f"{says.capitalize()}.")
    command.add_argument(
        "what", nargs="+", metavar="[NAME] INPUT",
        help="an engine, and a picture, a sound file or texts in quotes; without an engine the "
        "objects in the picture are shown",
    )
    command.add_argument(
        "--threshold", type=float, metavar="SCORE", help="smallest score that is shown, 0 to 1"
    )
    command.add_argument(
        "--output", type=Path, metavar="FILE",
        help="the PNG file that the result is drawn into; default: beside the picture, with the "
        "engine's name",
    )
    _add_json(command)
    says = "remove what the cache has not used for longest"
    command = commands_.add_parser("gc", help=says, description=f"{says.capitalize()}.")
    command.add_argument(
        "--max-mb", type=int, default=4096, metavar="MB",
        help="how much may stay, downloads included; default: 4096",
    )
    _add_json(command)
    return parser


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--json", action="store_true", help="one JSON document on stdout, all else on stderr"
    )


def _rows(arguments: argparse.Namespace, progress: Progress) -> Iterator[dict[str, Any]]:
    if arguments.command == "calibrate":
        name, recording = arguments.name, arguments.recording
        yield _attempt(name, lambda: commands.calibrate(recording, name, progress))
    elif arguments.command == "train":
        yield _attempt(training.name(arguments), lambda: training.train(arguments, progress))
    elif arguments.command == "try":
        # The local API's tasks, which no other command needs: half a second.
        from sensorium_tools.tryout import trying

        name, given = trying.target(arguments.what)
        yield _attempt(name, lambda: trying.tried(
            name, given, progress, threshold=arguments.threshold, output=arguments.output
        ))
    elif arguments.command == "gc":
        yield _attempt("cache", lambda: commands.sweep(arguments.max_mb))
    else:
        for name in arguments.names or store.names():
            card = _card(name)
            if isinstance(card, dict):
                yield card
            elif arguments.names or arguments.command == "list" or _is_meant(card, arguments):
                yield _attempt(
                    name, functools.partial(arguments.action, card, progress, arguments)
                )


def _is_meant(card: Card, arguments: argparse.Namespace) -> bool:
    return arguments.all or not card.engine.opt_in


def _card(name: str) -> Card | dict[str, Any]:
    try:
        return store.find_card(name)
    except CardError as error:
        return {"name": name, "state": "failed", **_problem(error)}


def _attempt(name: str, action: Any) -> dict[str, Any]:
    try:
        return {"name": name, **action()}
    except SensoriumError as error:
        return {"name": name, "state": "failed", **_problem(error)}
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        problem = SensoriumError(f"{where}{error.strerror or error}", "free or allow the folder")
        return {"name": name, "state": "failed", **_problem(problem)}


def _problem(error: SensoriumError) -> dict[str, Any]:
    return {"error": error.message, "remedy": error.remedy}


def _finish(
    rows: list[dict[str, Any]], progress: Progress, arguments: argparse.Namespace
) -> int:
    failed = [row for row in rows if row["state"] == "failed"]
    for row in failed:
        remedy = f"\n  {row['remedy']}" if row["remedy"] else ""
        progress.say(f"error: {row['error']}{remedy}")
    if arguments.json:
        key = {"calibrate": "sets", "gc": "cache"}.get(arguments.command, "engines")
        sys.stdout.write(json.dumps({key: rows}, indent=2) + "\n")
    else:
        _show(arguments.command, [row for row in rows if row["state"] != "failed"])
    return FAILED if failed else OK


def _show(command: str, rows: list[dict[str, Any]]) -> None:
    console = Console(highlight=False)
    if command in commands.PAGES:
        for row in rows:
            console.print(commands.PAGES[command](row), markup=False, soft_wrap=True)
        return
    columns = [key for key in commands.COLUMNS[command] if any(key in row for row in rows)]
    if not columns:
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(column, row.get(column, "")) for column in columns))
    console.print(table, markup=False)


def _cell(column: str, value: Any) -> str:
    if column in ("bytes", "freed", "left"):
        return f"{value / 1e6:.2f} MB"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
