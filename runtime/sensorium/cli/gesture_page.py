"""What `sensorium enrol gesture` says of the wearer's own gestures, in a table or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from sensorium.cli.gesture_recording import HELD, MOVES
from sensorium.perception import own_files, own_gestures, own_movements
from sensorium.perception.own_movements import OwnMovement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sensorium.cli.output import Output
    from sensorium.errors import EnrolmentError
    from sensorium.perception.gesture_enrolling import Enrolled
    from sensorium.perception.gesture_learning import Judged
    from sensorium.perception.movement_enrolling import Enrolled as EnrolledMovement
    from sensorium.perception.movement_judging import Judged as JudgedMovement
    from sensorium.perception.own_gestures import OwnGesture


def listing(output: Output) -> int:
    """Lists the gestures that are enrolled."""
    known = own_files.read()
    every: list[OwnGesture | OwnMovement] = [*known.held.gestures, *known.moving.gestures]
    every.sort(key=lambda one: one.id)
    output.document({
        "file": str(own_gestures.place()), "movements_file": str(own_movements.place()),
        "gestures": [
            {"id": one.id, "name": one.name, "kind": _kind(one), "made": one.made,
             "recordings": len(one.recordings)}
            for one in every
        ],
        "damaged": [str(error) for error in known.damaged],
    })
    for one in every:
        output.console.print(
            f"{one.id:>3}  {one.name}  {_kind(one)}, {len(one.recordings)} recordings, {one.made}",
            markup=False,
        )
    tell_damaged(known.damaged, output)
    if not every and not known.damaged:
        output.console.print("no gesture of your own is enrolled", markup=False)
    return 0


def tell_damaged(damaged: Iterable[EnrolmentError], output: Output) -> None:
    """Says which file cannot be used, and why."""
    for error in damaged:
        output.console.print(f"warning: {error}", style="yellow", markup=False)


def tell(made: Enrolled | EnrolledMovement, live: bool | None, path: Path, output: Output) -> None:
    """Says what was enrolled, how well each gesture is told, and what may go wrong."""
    kind = _kind(made.gesture)
    output.document({
        "enrolled": True, "id": made.gesture.id, "name": made.gesture.name, "kind": kind,
        "file": str(path), "recordings": len(made.gesture.recordings), "live": live,
        "gestures": {name: _figures(judged, kind) for name, judged in made.judged.items()},
        "warnings": made.warnings,
    })
    free = "in free motion" if kind == HELD else "a minute of free motion"
    table = Table("gesture", "accuracy", "recall", "precision", "F1", free)
    for name, one in made.judged.items():
        table.add_row(name, *(f"{value:.3f}" for value in _figures(one, kind).values()))
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


def _kind(one: OwnGesture | OwnMovement) -> str:
    return MOVES if isinstance(one, OwnMovement) else HELD


def _figures(judged: Judged | JudgedMovement, kind: str) -> dict[str, float]:
    """The last of them: of what is held a share of the frames, of what moves times a minute."""
    return {
        "accuracy": round(judged.accuracy, 4), "recall": round(judged.recall, 4),
        "precision": round(judged.precision, 4), "f1": round(judged.f1, 4),
        "free_share" if kind == HELD else "free_a_minute": round(judged.free, 4),
    }
