"""`sensorium grants`: which app may read which private channels."""

from __future__ import annotations

import argparse
import contextlib
import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from sensorium import folders
from sensorium.cli import json_option
from sensorium.cli.daemon import connect_if_running
from sensorium.control.grants import Grants
from sensorium.control.grants_file import CLASSES

if TYPE_CHECKING:
    from sensorium.cli.output import Output
    from sensorium.control.client import Client

_DONE = {
    "allow": "{app} may read {classes} now",
    "deny": "{app} may not read {classes}",
    "revoke": "nothing is decided any more about {app} and {classes}",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listing = actions.add_parser(
        "list", help="what was decided, and what waits for a decision (default)"
    )
    json_option.add(listing, nested=True)
    for name, what in (
        ("allow", "let an app read private channels"),
        ("deny", "refuse them to an app"),
        ("revoke", "forget what was decided"),
    ):
        action = actions.add_parser(name, help=what)
        json_option.add(action, nested=True)
        action.add_argument("app", help="the name that the app gives")
        action.add_argument(
            "classes", nargs="*" if name == "revoke" else "+", metavar="CLASS",
            help=f"of: {', '.join(CLASSES)}",
        )
        if name != "revoke":
            action.add_argument("--executable", help="only a process of this program")
            action.add_argument("--hours", type=_hours, help="ends by itself after so many hours")


def run(args: argparse.Namespace, output: Output) -> int:
    """Lists or changes the grants: those of the running daemon, else those in the file."""
    client = connect_if_running()
    with client or contextlib.nullcontext():
        if args.action in (None, "list"):
            show(_listed(client), output, running=client is not None)
        else:
            _decide(args, client, output)
    return 0


def _listed(client: Client | None) -> dict[str, Any]:
    if client is not None:
        return client.grants()
    return {
        "grants": [grant.listed() for grant in _in_file().listed], "pending": [], "problem": "",
    }


def show(listed: dict[str, Any], output: Output, *, running: bool) -> None:
    """Lists what was decided, and what apps asked for.

    Args:
        listed: As control's `grants` gives it.
        output: Where.
        running: Whether a daemon told it.
    """
    output.document(
        {
            "grants": listed["grants"],
            "pending": listed["pending"],
            "problem": listed["problem"],
            "file": str(_path()),
            "daemon_running": running,
        }
    )
    console = output.console
    if listed["problem"]:
        console.print(Text.assemble(("not in force:", "red"), f" {listed['problem']}"))
    if not listed["grants"] and not listed["pending"]:
        console.print("no app has asked for a private channel, and none was granted one")
        return
    table = Table("app", "classes", "decision", "since", "until", box=box.SIMPLE_HEAD)
    for grant in listed["grants"]:
        table.add_row(
            Text(grant["app"] + (f" ({grant['executable']})" if grant["executable"] else "")),
            ", ".join(grant["classes"]),
            "[green]allowed[/]" if grant["allowed"] else "[red]denied[/]",
            grant["since"][:16].replace("T", " "), grant["until"][:16].replace("T", " "),
        )
    for wish in listed["pending"]:
        table.add_row(
            Text(f"{wish['app']} ({wish['executable']})"), wish["class"], "[yellow]asks[/]",
            wish["at"][:16].replace("T", " "), "",
        )
    console.print(table)
    for wish in listed["pending"]:
        # To be copied into a shell: what the app is called must do nothing there.
        command = f"  sensorium grants allow {shlex.quote(wish['app'])} {wish['class']}"
        console.print(command, style="dim", markup=False)


def _decide(args: argparse.Namespace, client: Client | None, output: Output) -> None:
    classes = args.classes or list(CLASSES)
    hours = getattr(args, "hours", None)
    until = datetime.now(UTC) + timedelta(hours=hours) if hours else None
    executable = getattr(args, "executable", None)
    if client is not None:
        fields = {"executable": executable, "until": until.isoformat() if until else None}
        client.request(
            "grant", action=args.action, app=args.app, classes=",".join(classes),
            **{name: value for name, value in fields.items() if value is not None},
        )
    else:
        grants = _in_file()
        if args.action == "allow":
            grants.allow(args.app, classes, executable, until)
        elif args.action == "deny":
            grants.deny(args.app, classes, executable or "", until)
        else:
            grants.revoke(args.app, classes)
    output.document({"action": args.action, "app": args.app, "classes": classes})
    said = _DONE[args.action].format(app=args.app, classes=", ".join(classes))
    output.console.print(said, markup=False)


def _in_file() -> Grants:
    return Grants(_path())


def _path() -> Any:
    return folders.config_dir() / "grants.toml"


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 < hours <= 24 * 366:
        raise argparse.ArgumentTypeError("more than 0 and at most a year (8784)")
    return hours
