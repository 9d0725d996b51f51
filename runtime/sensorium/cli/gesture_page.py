"""What `sensorium enrol gesture` says of the wearer's own gestures, in a table or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.cli.output import Output
    from sensorium.perception.gesture_enrolling import Enrolled
    from sensorium.perception.gesture_learning import Judged
    from sensorium.perception.own_gestures import OwnGestures


def listing(own: OwnGestures, path: Path, output: Output) -> int:
    """Lists the gestures that lie in a file."""
    output.document({
        "file": str(path),
        "gestures": [
            {"id": one.id, "name": one.name, "made": one.made, "recordings": len(one.recordings)}
            for one in own.gestures
        ],
    })
    for one in own.gestures:
        output.console.print(
            f"{one.id:>3}  {one.name}  {len(one.recordings)} recordings, {one.made}", markup=False
        )
    if not own.gestures:
        output.console.print("no gesture of your own is enrolled", markup=False)
    return 0


def tell(made: Enrolled, live: bool | None, path: Path, output: Output) -> None:
    """Says what was enrolled, how well each gesture is told, and what may go wrong."""
    output.document({
        "enrolled": True, "id": made.gesture.id, "name": made.gesture.name, "file": str(path),
        "recordings": len(made.gesture.recordings), "live": live,
        "gestures": {name: _figures(judged) for name, judged in made.judged.items()},
        "warnings": made.warnings,
    })
    table = Table("gesture", "accuracy", "recall", "precision", "F1", "in free motion")
    for name, one in made.judged.items():
        table.add_row(name, *(f"{value:.3f}" for value in _figures(one).values()))
    out = output.console
    out.print("By recordings that were left out in turn:", markup=False)
    out.print(table)
    for warning in made.warnings:
        out.print(f"warning: {warning}", style="yellow", markup=False)
    if live is False:
        out.print("it was not told in the live check: enrol it again with more recordings",
                  style="yellow", markup=False)
    out.print(
        f"enrolled: {made.gesture.name}; it lies in {path} and nowhere else; sensorium enrol "
        f"gesture {made.gesture.name!r} --delete forgets it", markup=False,
    )


def _figures(judged: Judged) -> dict[str, float]:
    return {
        "accuracy": round(judged.accuracy, 4), "recall": round(judged.recall, 4),
        "precision": round(judged.precision, 4), "f1": round(judged.f1, 4),
        "free": round(judged.free, 4),
    }
