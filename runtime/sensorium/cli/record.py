"""`sensorium record`: channels into an MCAP file."""

from __future__ import annotations

import argparse
import signal
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from sensorium import config as configuration
from sensorium.channels.catalogue import REGIONS
from sensorium.cli.daemon import connect
from sensorium.cli.duration import duration
from sensorium.cli.taking import Taking
from sensorium.errors import ControlError
from sensorium.recording import Recorder, Stop, new_path

if TYPE_CHECKING:
    from sensorium.cli.output import Output
    from sensorium.control.client import Client

APP = "sensorium-record"
"""The name under which recording asks for private classes."""

_TELL_S = 0.5
"""How often the daemon is told how much was written."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    parser.add_argument(
        "--classes", type=_classes, default=("public",), metavar="CLASS,...",
        help=f"of: {', '.join(REGIONS)}; default public; a private one needs a grant: "
        f"sensorium grants allow {APP} CLASS",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help="a new file; default: named by the time, among your recordings",
    )
    parser.add_argument("--minutes", type=_positive, metavar="M", help="ends after so long")
    parser.add_argument(
        "--megabytes", type=_positive, metavar="N", help="ends before the file is larger"
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Records until Ctrl-C, a limit or the daemon's end; 1 when the disk is full."""
    limits = configuration.load(configuration.find()).recording
    path = args.out or new_path(datetime.now().astimezone())
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with connect(APP) as client:
        taking = Taking(client, args.classes)
        try:
            with Recorder(
                path,
                args.classes,
                max_minutes=args.minutes or limits.max_minutes,
                max_bytes=int((args.megabytes or limits.max_megabytes) * 1_000_000),
            ) as recorder:
                started = time.monotonic()
                why = _record(client, taking, recorder, output)
                seconds = time.monotonic() - started
                recorder.lost = taking.lost
        finally:
            taking.close()
    output.document(
        {
            "file": str(path),
            "classes": list(recorder.classes),
            "seconds": round(seconds, 2),
            "records": recorder.messages,
            "bytes": path.stat().st_size,
            "lost": taking.lost,
            "ended": why,
        }
    )
    output.console.print(
        f"{path}: {recorder.messages} records, {path.stat().st_size / 1e6:.2f} MB, "
        f"{duration(seconds)}; {why}", markup=False,
    )
    if taking.lost:
        output.console.print(f"lost: {taking.lost}", style="yellow", markup=False)
    if recorder.stopped is Stop.DISK:
        output.console.print("what was written up to there can be played", style="yellow")
        return 1
    return 0


def _record(client: Client, taking: Taking, recorder: Recorder, output: Output) -> str:
    """Takes records until something ends it; returns what did."""
    classes = ",".join(recorder.classes)
    started = time.monotonic()
    told = 0.0
    line = Text()
    try:
        with Live(line, console=output.console, auto_refresh=False, transient=True) as live:
            while not recorder.stopped and not taking.ended:
                recorder.write_all(taking.round(_TELL_S))
                now = time.monotonic()
                if now - told >= _TELL_S:
                    told = now
                    client.request("recording", on=True, classes=classes, bytes=recorder.bytes)
                    live.update(_progress(recorder, now - started), refresh=_moves(output))
    except KeyboardInterrupt:
        return "stopped by you"
    except ControlError:
        # Without the grant it is refused, maybe before the region was looked at.
        recorder.write_all(taking.round(0.0))
        return taking.ended or "the daemon is gone"
    finally:
        with suppress(ControlError, KeyboardInterrupt):
            client.request("recording", on=False, classes=classes, bytes=recorder.bytes)
    return recorder.stopped.value if recorder.stopped else taking.ended


def _progress(recorder: Recorder, seconds: float) -> Text:
    return Text.assemble(
        ("● recording ", "bold red"),
        f"{', '.join(recorder.classes)}  {int(seconds) // 60:02}:{int(seconds) % 60:02}  "
        f"{recorder.messages} records  {recorder.bytes / 1e6:.2f} MB  -> {recorder.path}",
        ("  Ctrl-C ends it", "dim"),
    )


def _moves(output: Output) -> bool:
    return output.console.is_terminal


def _classes(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in REGIONS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"there is no class {', '.join(unknown) or text!r}; allowed: {', '.join(REGIONS)}"
        )
    return names


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError("a number above 0")
    return number
