"""What the governor does, and why it did it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from sensorium.cli.duration import duration

if TYPE_CHECKING:
    from collections.abc import Iterable

_RISKS = {
    "room": "frames have room", "close": "frames are close to late", "late": "frames are late"
}  # fmt: skip
_STYLES = {"close": "yellow", "late": "bold red"}
_STEPS = {
    "full": "at full", "smaller": "on a smaller engine", "other_device": "on another device",
    "paused": "paused",
}  # fmt: skip


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
        said.append(_RISKS.get(risk, risk), _STYLES.get(risk, ""))
    else:
        said.append("no app tells frames", "")
    if not governor["level"]:
        said.append("; every sense is at full", "")
    else:
        said.append(f"; level {governor['level']}", "yellow")
        said.append(", in the background" if governor["background"] else "", "yellow")
        slowed = [
            f"{sense['sense']} {_where(sense['step'], sense['interval_ms'])}"
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
        before, after = step["from"], step["to"]
        if step["sense"]:
            who = f"{step['sense']} ({step['engine']})" if step["engine"] else step["sense"]
            places = [_where(each["step"], each["interval_ms"]) for each in (before, after)]
        else:
            who = "all engines"
            places = [
                "as usual" if each["step"] == "full" else "in the background"
                for each in (before, after)
            ]
        table.add_row(
            duration(step["ago_s"]), Text(step["app"] or "-"), who, *places, Text(_why(step))
        )
    return table


def _where(step: str, interval_ms: int) -> str:
    if step == "reduced":
        return f"every {interval_ms} ms"
    return _STEPS.get(step, step)


def _why(step: dict[str, Any]) -> str:
    """The evidence, in a few words."""
    frame = f"frame {step['frame']} took {step['frame_ms']:.1f} ms"
    if step["period_ms"]:
        frame += f" of {step['period_ms']:.1f}"
    late = f"{frame}, {step['late_ms']:.1f} ms too late" if step["late_ms"] else frame
    waited = "not known" if step["pressure"] is None else f"{step['pressure']:.0%} of the time"
    says: dict[str, str] = {
        "late": late,
        "missed": f"the display showed a frame again before frame {step['frame']}",
        "close": f"{frame}, p95 {step['busy_ms']:.1f} ms",
        "pressure": f"others need the processors: {waited}",
        "memory": f"others wait for memory: {waited}",
        "gpu": f"others keep the GPU busy: {waited}",
        "relief": f"frames have room, p95 {step['busy_ms']:.1f} ms" if step["app"]
        else "others need less again",
        "policy": "the owner's policy for the app, or the configuration",
        "gone": "the app ended, or tells no frames any more",
    }
    said = says.get(step["cause"], str(step["cause"]))
    if step["cost_ms_s"] and step["sense"]:
        said += f"; its engines took {step['cost_ms_s']:.0f} ms each second"
    return said
