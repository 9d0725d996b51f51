"""What every benchmark prints: a table and one JSON document, with the machine and its limits."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
# A benchmark is a script: what it measures is this checkout's, installed or not.
sys.path[:0] = [str(ROOT / room) for room in ("runtime", "tools", "tests")]

from fixtures import engines  # noqa: E402 - found by the path above

engines.JUDGED = True


def percentiles(values: list[float] | list[int]) -> dict[str, float]:
    """p50, p99, p99.9 and the largest of some measurements, and how many there were."""
    ordered = sorted(values)
    last = len(ordered) - 1

    def at(share: float) -> float:
        return float(ordered[min(last, int(share * len(ordered)))])

    return {
        "p50": at(0.5), "p99": at(0.99), "p99.9": at(0.999), "max": float(ordered[-1]),
        "count": float(len(ordered)),
    }


@dataclass
class Figures:
    """The rows of one benchmark.

    Attributes:
        title: What was measured.
        columns: Names of the columns, units in them.
        rows: The measurements.
        goals: What it must reach: name, measured, limit, and whether less or more is better.
        more: Further keys of the document.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    goals: list[dict[str, Any]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def row(self, *cells: Any) -> None:
        """Adds a row."""
        self.rows.append(cells)

    def goal(self, name: str, measured: float, limit: float, *, at_most: bool = True) -> None:
        """Adds a limit and says whether it was reached."""
        self.goals.append({
            "goal": name, "measured": round(measured, 4), "limit": limit,
            "reached": measured <= limit if at_most else measured >= limit,
        })

    def show(self) -> None:
        """Prints the table, or with --json the document; never fails because of a figure."""
        parser = argparse.ArgumentParser(description=self.title)
        parser.add_argument("--json", type=Path, help="write the document to this file, too")
        options, _ = parser.parse_known_args()
        document = {
            "title": self.title,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": " ".join(["python", *sys.argv]),
            "machine": machine(),
            "load_average_1_min": round(os.getloadavg()[0], 2),
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "goals": self.goals,
            **self.more,
        }
        if options.json:
            options.json.write_text(json.dumps(document, indent=1) + "\n")
        console = Console(width=120)
        table = Table(*self.columns, title=f"{self.title} ({machine()})")
        for row in self.rows:
            table.add_row(*(_shown(cell) for cell in row))
        console.print(table)
        for goal in self.goals:
            mark = "reached" if goal["reached"] else "NOT reached"
            console.print(f"{goal['goal']}: {_shown(goal['measured'])} "
                          f"(limit {_shown(goal['limit'])}) {mark}")


def machine() -> str:
    """The processor, its cores and the system."""
    model = platform.processor() or platform.machine()
    if sys.platform == "linux":
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def _shown(value: Any) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
