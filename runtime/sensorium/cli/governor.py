"""What the governor does, and why it did it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from sensorium.cli.duration import duration
from sensorium.inference.governor import words

if TYPE_CHECKING:
    from collections.abc import Iterable

_STYLES = {"close": "yellow", "late": "bold red"}


def line(governor: dict[str, Any]) -> Text:
    """What it does now.

    Args:
        governor: As `status` gives it.
    """
    said = Text("governor ", "bold", no_wrap=True)
    if not governor["enabled"]:
        return said.append("off", "dim")
    if governor["problem"]:
        return said.append(f"failed: {governor['problem']}; senses take what they need", "bold red")
    if governor["app"]:
        said.append(f"{governor['app']} (policy {governor['policy']}): ", "")
        risk: str = governor["risk"]
        said.append(words.RISKS.get(risk, risk), _STYLES.get(risk, ""))
    else:
        said.append("no app tells frames", "")
    if not governor["level"]:
        said.append("; every sense is at full", "")
    else:
        said.append(f"; level {governor['level']}", "yellow")
        said.append(", in the background" if governor["background"] else "", "yellow")
        slowed = [
            f"{sense['sense']} {words.where(sense['step'], sense['interval_ms'])}"
            + (" (beyond its longest)" if sense["beyond"] else "")
            for sense in governor["senses"] if sense["step"] != "full"
        ]  # fmt: skip
        said.append(f": {', '.join(slowed)}" if slowed else "", "yellow")
    if governor["changes"]:
        said.append(
            f"; {governor['changes']} changes, {duration(governor['held_s'])} not at full", "dim"
        )
    return said


def steps_table(steps: Iterable[dict[str, Any]]) -> Table:
    """A row a step, the newest first, with its evidence."""
    table = Table("ago", "app", "sense", "from", "to", "why", box=box.SIMPLE_HEAD, pad_edge=False)
    for step in steps:
        engine = f" ({step['engine']})" if step["engine"] else ""
        cells = (
            step["app"] or "-", f"{step['sense']}{engine}" if step["sense"] else "all engines",
            words.end_of(step, "from"), words.end_of(step, "to"), words.why(step),
        )  # fmt: skip
        # What an app is called is no markup.
        table.add_row(duration(step["ago_s"]), *map(Text, cells))
    return table
