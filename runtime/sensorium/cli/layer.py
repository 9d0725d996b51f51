"""`sensorium layer`: the OpenXR API layer, and which apps it may look at."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.markup import escape
from rich.table import Table

from sensorium import folders
from sensorium.cli import json_option
from sensorium.clock import now_ns
from sensorium.errors import SensorError
from sensorium.sensors.openxr_layer import allowed, folder, manifest
from sensorium.sensors.openxr_layer.frames import FrameCounts
from sensorium.sensors.openxr_layer.library import KINDS, NARROW, WIDE, Kind, complaint
from sensorium.sensors.openxr_layer.mapping import LayerMapping

if TYPE_CHECKING:
    from sensorium.cli.output import Output

_PLAINLY = (
    "Every OpenXR app of yours loads it from its next start on; it looks at none that you have not "
    "allowed.",
    "It is not signed: games with anti-cheat may refuse to start with it, or hold it against you. "
    f"For such a game set {manifest.DISABLE}=1, or uninstall it.",
)
_ON_32_BITS = (
    "32-bit OpenXR apps find it, too, cannot load it and do not start while it is installed: set "
    f"{manifest.DISABLE}=1 for them, or install a library for them beside it: "
    "python -m sensorium_tools.layer_build --target "
    f"{'windows' if sys.platform == 'win32' else 'linux'}-i686 --out FOLDER, then give both: "
    "--library FILE --library FILE32."
)
_ON_WINDOWS = (
    rf"Registered below HKEY_CURRENT_USER\{manifest.REGISTRY}: apps that run as administrator do "
    "not load it, nor may apps of the Microsoft Store."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    status = actions.add_parser("status", help="what is installed, allowed and seen (default)")
    install = actions.add_parser("install", help="register it for every OpenXR app of yours")
    install.add_argument(
        "--library", type=Path, metavar="FILE", action="append",
        help="as python -m sensorium_tools.layer_build makes it; again for the 32-bit one",
    )  # fmt: skip
    uninstall = actions.add_parser("uninstall", help="register it no more, and delete it")
    allow = actions.add_parser("allow", help="let it look at an app")
    deny = actions.add_parser("deny", help="let it look at an app no more")
    for action in (allow, deny):
        action.add_argument(
            "app", help="the name that the app gives to OpenXR, its program's name or its path"
        )
    allow.add_argument(
        "--mode", choices=allowed.MODES[1:], default="timing",
        help="timing: its frames; thread: head, hands and controllers besides (default: timing)",
    )  # fmt: skip
    allow.add_argument("--gaze", action="store_true", help="the eyes, too")
    allow.add_argument("--no-hands", action="store_true", help="without hand tracking")
    allow.add_argument(
        "--app-actions", action="store_true",
        help="read the app's own actions only: where it gets no input beside ours",
    )  # fmt: skip
    allow.add_argument("--hz", type=_hz, metavar="N", help="in the place of the display's rate")
    for action in (status, install, uninstall, allow, deny):
        json_option.add(action, nested=True)


def run(args: argparse.Namespace, output: Output) -> int:
    """Runs one action."""
    if args.action == "install":
        _install(args.library, output)
    elif args.action == "uninstall":
        done = manifest.uninstall()
        output.document({"uninstalled": done})
        output.console.print("it is gone" if done else "it was not installed")
    elif args.action == "allow":
        _allow(args, output)
    elif args.action == "deny":
        _deny(args.app, output)
    else:
        _status(output)
    return 0


def _install(given: list[Path] | None, output: Output) -> None:
    room = folders.data_room("layer")
    built = [room / kind.file for kind in KINDS]
    sources = given or [built[0], *(file for file in built[1:] if file.is_file())]
    for source in sources:
        if not source.is_file():
            raise SensorError(
                f"there is no library {source}",
                "python -m sensorium_tools.layer_build --out FOLDER, "
                "then sensorium layer install --library FILE",
            )
    folder.prepare()
    copies = manifest.install(*sources)
    narrow = copies.get(NARROW)
    output.document({
        "library": str(copies[WIDE]), "manifest": str(manifest.path()),
        "library_32": str(narrow or ""),
    })  # fmt: skip
    for kind in copies:
        output.console.print(f"installed: {manifest.path(kind)}", markup=False)
    lines = [*_PLAINLY]
    lines += [] if narrow else [_ON_32_BITS]
    lines += [_ON_WINDOWS] if sys.platform == "win32" else []
    for line in lines:
        output.console.print(line, markup=False)
    output.console.print("sensorium layer allow APP", style="dim")


def _allow(args: argparse.Namespace, output: Output) -> None:
    flags = {"app-actions": args.app_actions, "no-hands": args.no_hands, "gaze": args.gaze}
    options = [name for name, wanted in flags.items() if wanted]
    options += [f"hz={args.hz}"] if args.hz else []
    one = allowed.Allowed(args.app, args.mode, tuple(options))
    allowed.allow(one)
    output.document({"app": one.who, "mode": one.mode, "options": options})
    output.console.print(
        f"{one.who} may be looked at from its next start on: {one.line().split(' ')[0]}",
        markup=False,
    )


def _deny(app: str, output: Output) -> None:
    done = allowed.deny(app)
    still = [each.who for each in allowed.read() if each.mode != "off"]
    output.document({"app": app, "denied": done, "allowed": still})
    what = "is not looked at from its next start on" if done else "was not allowed"
    output.console.print(f"{app} {what}", markup=False)
    if still:
        output.console.print(f"still allowed: {', '.join(still)}", markup=False)


def _status(output: Output) -> None:
    library, narrow = manifest.library(), manifest.library(NARROW)
    why = complaint(library) if library else ""
    why_32 = complaint(narrow, NARROW) if narrow else ""
    entries = allowed.read()
    seen, unreadable = _sessions()
    lack = folder.complaint()
    output.document({
        "installed": library is not None, "library": str(library or ""),
        "manifest": str(manifest.path()), "problem": why, "list": str(allowed.path()),
        "library_32": str(narrow or ""), "problem_32": why_32,
        "allowed": [{"app": each.who, "mode": each.mode, "options": list(each.options)}
                    for each in entries],
        "folder_problem": str(lack or ""), "sessions": seen, "unreadable": unreadable,
    })  # fmt: skip
    console = output.console
    _tell_library(output, WIDE, library, why)
    if library is not None or narrow is not None:
        _tell_library(output, NARROW, narrow, why_32)
    if library is None and narrow is not None:
        console.print("[red]64-bit OpenXR apps do not start:[/] they find the 32-bit library alone")
    table = Table("app", "allowed", box=box.SIMPLE_HEAD)
    for each in entries:
        table.add_row(escape(each.who), ",".join((each.mode, *each.options)))
    console.print(table if entries else "no app is allowed: sensorium layer allow APP")
    for said in ([str(lack)] if library is not None and lack is not None else []) + unreadable:
        console.print(said, style="yellow", markup=False)
    for game in seen:
        console.print(
            f"{game['app']} ({game['mode']}, process {game['pid']}): {game['frames']} frames, "
            f"{game['missed']} missed of the last {game['counted']}, {game['inputs']} inputs",
            markup=False,
        )


def _tell_library(output: Output, kind: Kind, library: Path | None, why: str) -> None:
    console = output.console
    if library is not None and not why:
        console.print(f"installed for {kind.bits}-bit apps: {library}", markup=False)
    elif library is not None:
        console.print(
            f"[red]{kind.bits}-bit OpenXR apps may not start:[/] {escape(str(library))}: "
            f"{escape(why)}"
        )
        console.print("  sensorium layer uninstall", style="dim")
    elif kind is WIDE:
        console.print("not installed: sensorium layer install")
    else:
        console.print(f"  32-bit apps start with {manifest.DISABLE}=1 alone", style="dim")


def _sessions() -> tuple[list[dict[str, Any]], list[str]]:
    """What running sessions tell, and why the files of others cannot be read."""
    seen, unreadable = [], []
    for place in folder.sessions():
        try:
            session = _seen(place)
        except SensorError as error:
            unreadable.append(str(error))
            continue
        if session is not None:
            seen.append(session)
    return seen, unreadable


def _seen(place: Path) -> dict[str, Any] | None:
    """One running session; None: it has ended."""
    mapping = LayerMapping(place)
    try:
        if mapping.is_over():
            return None
        counts = FrameCounts()
        frames, number = mapping.frames_after(0, now_ns())
        counts.add(frames)
        newest = mapping.newest_input(now_ns())
        return {
            "app": mapping.about.app, "pid": mapping.about.pid, "mode": mapping.about.mode,
            "runtime": mapping.about.runtime, "frames": number, "counted": counts.frames,
            "missed": counts.missed, "period_ns": counts.period_ns,
            "inputs": int(newest["number"][0]) if newest is not None else 0,
        }  # fmt: skip
    finally:
        mapping.close()


def _hz(text: str) -> int:
    value = int(text)
    if not allowed.HZ_MIN <= value <= allowed.HZ_MAX:
        raise argparse.ArgumentTypeError(f"{allowed.HZ_MIN} to {allowed.HZ_MAX}")
    return value
