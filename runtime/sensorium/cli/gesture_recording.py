"""Guides through the recordings of a gesture: free motion first, then one time after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn

from sensorium.cli.hand_watch import SIDES, moved
from sensorium.errors import EnrolmentError
from sensorium.perception import gesture_enrolling, movement_enrolling
from sensorium.perception.free_motion import check_free
from sensorium.perception.hand_embedding import embed
from sensorium.perception.hand_shapes import shapes
from sensorium.perception.movement_pieces import MovementPieces
from sensorium.records.hands import SHAPES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.cli.hand_watch import Frame, HandWatch
    from sensorium.cli.output import Output
    from sensorium.perception.own_movements import Recording

HELD, MOVES, ANY = "held", "moves", "any"
KINDS = (HELD, MOVES, ANY)
HOLD_S, READY_S = 1.0, 2.0
"""A recording of a gesture that is held, and the time to bring the hand there."""
TRIES = 5
"""For one recording."""
SHOWN = 0.7
"""Score from which on a shape that is known already is seen."""
_ASKED = {
    HELD: "hold it, turned a little differently each time",
    MOVES: "make the movement once while the bar runs, then keep still until it ends",
    ANY: "hold it for as long as the bar runs, or make its movement once and then keep still",
}


@dataclass
class Recorded:
    """What was recorded.

    Attributes:
        kind: `HELD` or `MOVES`; `ANY` before the first recording.
        free_shapes: Embeddings of the hands' shapes in free motion.
        free_motion: Pieces of their motion there.
        shapes: Recordings of a gesture that is held.
        movements: Recordings of one that moves.
        built_in: What a sense tells by itself, to the share of the recordings in which it did.
    """

    kind: str
    free_shapes: list[list[float]] = field(default_factory=list)
    free_motion: list[NDArray[np.float32]] = field(default_factory=list)
    shapes: list[NDArray[np.float64]] = field(default_factory=list)
    movements: list[Recording] = field(default_factory=list)
    built_in: dict[str, float] = field(default_factory=dict)


def record(args: argparse.Namespace, watch: HandWatch, output: Output) -> Recorded:
    """Guides through the free motion and each recording.

    Raises:
        EnrolmentError: The hands were not seen, or a recording failed too often.
    """
    out = output.console
    made = Recorded(args.gesture_kind)
    with progress_bar(output) as progress:
        out.print(
            f"For {args.free:g} s move your hands as you usually do, without the gesture or any "
            "other of your own.",
            markup=False,
        )
        frames = list(_seen(watch, tuple(SIDES), args.free, "free motion", progress))
        made.free_shapes = [embed(frame.points, frame.side) for frame in frames]
        made.free_motion = _pieces(frames)
        gesture_enrolling.check_free(made.free_shapes)
        for number in range(1, args.recordings + 1):
            # Known of the first recording's kind at the latest; no other recording would mend it.
            if made.kind == MOVES:
                check_free(made.free_motion)
            out.print(
                f"{number} of {args.recordings}. Show {args.name!r} with the {args.hand} hand: "
                f"{_ASKED[made.kind]}.", markup=False,
            )
            for name in _shown(made, args, watch, progress, output):
                made.built_in[name] = made.built_in.get(name, 0.0) + 1.0
    count = float(args.recordings)
    made.built_in = {name: told / count for name, told in made.built_in.items()}
    return made


def progress_bar(output: Output) -> Progress:
    """A bar of the time."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        console=output.console, transient=True,
    )


def _shown(
    made: Recorded, args: argparse.Namespace, watch: HandWatch, progress: Progress, output: Output
) -> set[str]:
    """Takes one recording; what a sense told of it by itself."""
    for left in range(TRIES - 1, -1, -1):
        for _ in _seen(watch, (args.hand,), READY_S, "get ready", progress):
            pass
        seconds = HOLD_S if made.kind == HELD else args.seconds
        events = watch.events()
        frames = list(_seen(watch, (args.hand,), seconds, "show it", progress))
        try:
            return _taken(made, frames, seconds, output) | moved(events, SIDES[args.hand])
        except EnrolmentError as error:
            if not left:
                raise
            output.console.print(
                f"  {error.message}: {error.remedy}. Once more:", style="yellow", markup=False
            )
    raise AssertionError


def _taken(
    made: Recorded, frames: Sequence[Frame], seconds: float, output: Output
) -> set[str]:
    """Keeps a recording; which shapes that are known already most of its frames show."""
    pieces = _pieces(frames)
    if made.kind == MOVES:
        made.movements.append(movement_enrolling.recording(pieces, seconds))
        return set()
    # Without a head nothing is known of motion; a shape needs none.
    taken = movement_enrolling.moved(pieces, seconds) if made.kind == ANY and pieces else None
    if taken is not None:
        output.console.print("  It moves.", markup=False)
        made.kind = MOVES
        made.movements.append(taken)
        return set()
    made.shapes.append(gesture_enrolling.recording([embed(one.points, one.side) for one in frames]))
    if made.kind == ANY:
        output.console.print("  It is held.", markup=False)
    made.kind = HELD
    names = [
        name for one in frames
        for name in {
            *(name for name, score in zip(SHAPES, shapes(one.points), strict=True)
              if score >= SHOWN),
            one.canned,
        } if name
    ]
    return {name for name in names if 2 * names.count(name) >= len(frames)}


def _pieces(frames: Sequence[Frame]) -> list[NDArray[np.float32]]:
    """The motion of both hands, those with a head beside them."""
    hands = {side: MovementPieces(side) for side in SIDES.values()}
    for frame in frames:
        hands[frame.side].push(frame.time_ns, frame.points, frame.head)
    return [piece for hand in hands.values() for piece in hand.whole()]


def _seen(
    watch: HandWatch, sides: tuple[str, ...], seconds: float, what: str, progress: Progress
) -> Iterator[Frame]:
    """Each frame of hands that are seen, with a bar of the time."""
    task = progress.add_task(what, total=seconds)
    for frame in watch.frames(sides, seconds):
        progress.update(task, completed=progress.tasks[-1].elapsed or 0.0)
        if frame is not None:
            yield frame
    progress.remove_task(task)
