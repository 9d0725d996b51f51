"""`sensorium status`: what the running daemon does, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from sensorium.cli import app_frames, governor
from sensorium.cli.daemon import connect
from sensorium.cli.duration import duration

if TYPE_CHECKING:
    import argparse

    from sensorium.cli.output import Output

_STYLES = {"live": "green", "closed": "bright_black", "starting": "yellow", "waiting": "yellow"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments: none."""


def run(args: argparse.Namespace, output: Output) -> int:
    """Prints the status."""
    with connect() as client:
        status = client.request("status")
    output.document(status)
    console = output.console
    console.print(
        f"[bold]sensorium {status['version']}[/], process {status['pid']}, "
        f"up {duration(status['uptime_s'])}, config {status['config']}"
    )
    if status["muted"]:
        console.print(
            "[bold]muted[/]: microphone and camera stay closed; `sensorium mute off` ends it"
        )
    console.print(process_table(all_processes(status)))
    console.print(part_table(status["parts"]))
    for line in app_frames.lines(status["apps"]):
        console.print(line)
    console.print(governor.line(status["governor"]), soft_wrap=True)
    for client_status in status["clients"]:
        console.print(client_line(client_status), markup=False)
    for table, count in status["left_out"].items():
        console.print(f"{count} more of the {table} are not shown: the answer is full")
    return 0


def all_processes(status: dict[str, Any]) -> list[dict[str, Any]]:
    """The supervisor's process, then its children's."""
    supervisor = {
        "name": "supervisor", "pid": status["pid"], "state": "live", "restarts": 0,
        "uptime_s": status["uptime_s"],
    }
    return [supervisor, *status["processes"]]


def process_table(processes: list[dict[str, Any]]) -> Table:
    """A row a process; with CPU and memory where they are known."""
    measured = any("cpu_percent" in process for process in processes)
    table = Table("process", "pid", "state", "up", "restarts", box=box.SIMPLE_HEAD, pad_edge=False)
    if measured:
        table.add_column("cpu", justify="right")
        table.add_column("memory", justify="right")
    for process in processes:
        state = process["state"]
        row = [
            process["name"], str(process["pid"] or "-"), f"[{_STYLES.get(state, 'red')}]{state}[/]",
            duration(process["uptime_s"]), str(process["restarts"]),
        ]
        if measured:
            row += [f"{process['cpu_percent']:.1f} %", f"{process['pss_mb']:.0f} MB"]
        table.add_row(*row)
    return table


def part_table(parts: dict[str, dict[str, str]]) -> Table:
    """A row a sensor or sense, with what it lacks."""
    table = Table("part", "state", "detail", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, part in parts.items():
        detail = " · ".join(text for text in (part["detail"], part["remedy"]) if text)
        table.add_row(
            name, f"[{_STYLES.get(part['state'], 'red')}]{part['state']}[/]", Text(detail)
        )
    return table


def client_line(client: dict[str, Any]) -> str:
    """One client in a line: who reads what."""
    reads = ", ".join(["public", *client["classes"]])
    line = f"client {client['app'] or 'without a name'} (process {client['pid']}) reads {reads}"
    if client["recording"]:
        line += f"; RECORDS {', '.join(client['recording'])}"
    if "app_region" in client:
        own = client["app_region"]
        line += f"; {own['targets']} targets, frames of {own['interval_ms']:.1f} ms"
    return line
