"""`sensorium enrol gesture NAME`: shows a gesture a few times; the running daemon then tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.progress import BarColumn, Progress, TextColumn

from sensorium.cli.gesture_page import listing, tell
from sensorium.cli.hand_watch import SIDES, HandWatch
from sensorium.errors import ConfigError, EnrolmentError
from sensorium.perception import gesture_enrolling, own_gestures
from sensorium.perception.hand_embedding import embed
from sensorium.perception.hand_shapes import shapes
from sensorium.records.hands import SHAPES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.cli.hand_watch import Frame
    from sensorium.cli.output import Output

    Array = NDArray[np.float64]

APP = "sensorium-enrol"
"""The name under which the hands are asked for."""
HOLD_S, READY_S = 1.0, 2.0
"""A recording, and the time to bring the hand there."""
CHECK_S = 20.0
"""So long the daemon may take to tell the gesture; most of it is the user's."""
TRIES = 5
"""For one recording."""
SHOWN = 0.7
"""Score from which on a shape that is known already is seen."""
BEGINS = 1


class Recorded(NamedTuple):
    """What was recorded: see `gesture_enrolling.enrol`."""

    recordings: list[Array]
    free: list[list[float]]
    built_in: dict[str, float]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `sensorium enrol gesture`."""
    fewest, most = own_gestures.RECORDINGS
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the gesture")
    parser.add_argument("--hand", choices=tuple(SIDES), default="right",
                        help="that shows the gesture (default right); either is known afterwards")
    parser.add_argument(
        "--recordings", type=int, default=5, metavar="N",
        help=f"of the gesture, {fewest} to {most} (default 5); more know it better",
    )
    parser.add_argument("--free", type=float, default=10.0, metavar="S",
                        help="seconds of free motion, 3 to 60 (default 10)")
    parser.add_argument("--no-check", action="store_true", help="without the live check at the end")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--delete", action="store_true", help="forget the gesture NAME")
    what.add_argument("--show", action="store_true", help="list your own gestures")


def run(args: argparse.Namespace, output: Output) -> int:
    """Enrols, lists or deletes."""
    path = own_gestures.place()
    if args.show:
        return listing(own_gestures.read(path), path, output)
    if args.name is None:
        raise ConfigError(
            "the gesture has no name",
            'sensorium enrol gesture "my gesture"; sensorium enrol gesture --show lists them',
        )
    if args.delete:
        own_gestures.write(path, gesture_enrolling.without(args.name, own_gestures.read(path)))
        output.document({"deleted": True, "name": args.name, "file": str(path)})
        output.console.print(f"{args.name}: forgotten", markup=False)
        return 0
    _check(args)
    with HandWatch(APP) as watch:
        found = _record(args, watch, output)
        # Read again: another gesture may have been enrolled meanwhile.
        made = gesture_enrolling.enrol(
            args.name, found.recordings, found.free, own_gestures.read(path), found.built_in
        )
        own_gestures.write(path, made.own)
        live = None if args.no_check else _live(made.gesture.id, args.name, watch, output)
    tell(made, live, path, output)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuses before anybody has to show anything."""
    fewest, most = own_gestures.RECORDINGS
    fault = own_gestures.name_fault(args.name)
    if fault:
        raise EnrolmentError(f"the name {args.name!r} {fault}", "give another name")
    if not fewest <= args.recordings <= most:
        raise EnrolmentError(
            f"{args.recordings} recordings are too few or too many, {fewest} to {most} are needed",
            "one recording does not show how a hand varies: leave --recordings away",
        )
    if not 3.0 <= args.free <= 60.0:
        raise EnrolmentError(f"--free {args.free:g} is not 3 to 60", "leave it away")


def _record(args: argparse.Namespace, watch: HandWatch, output: Output) -> Recorded:
    """Guides through the free motion and each recording."""
    out = output.console
    with _progress(output) as progress:
        out.print(
            f"For {args.free:g} s move your hands as you usually do, without the gesture or any "
            "other of your own.",
            markup=False,
        )
        free = [embed(frame.points, frame.side)
                for frame in _seen(watch, tuple(SIDES), args.free, "free motion", progress)]
        gesture_enrolling.check_free(free)
        recordings: list[Array] = []
        shown: dict[str, int] = {}
        frames = 0
        for number in range(1, args.recordings + 1):
            out.print(
                f"{number} of {args.recordings}. Show {args.name!r} with the {args.hand} hand and "
                "hold it, turned a little differently each time.", markup=False,
            )
            taken, seen = _held(args.hand, watch, progress, output)
            recordings.append(taken)
            frames += len(seen)
            for name in (name for names in seen for name in names):
                shown[name] = shown.get(name, 0) + 1
    return Recorded(recordings, free, {name: count / frames for name, count in shown.items()})


def _held(
    hand: str, watch: HandWatch, progress: Progress, output: Output
) -> tuple[Array, list[set[str]]]:
    """One recording, and what its frames show that is known already."""
    for left in range(TRIES - 1, -1, -1):
        for _ in _seen(watch, (hand,), READY_S, "get ready", progress):
            pass
        frames = list(_seen(watch, (hand,), HOLD_S, "hold", progress))
        try:
            taken = gesture_enrolling.recording([embed(one.points, one.side) for one in frames])
        except EnrolmentError as error:
            if not left:
                raise
            output.console.print(
                f"  {error.message}: {error.remedy}. Once more:", style="yellow", markup=False
            )
            continue
        return taken, [
            {name for name, score in zip(SHAPES, shapes(one.points), strict=True)
             if score >= SHOWN} | ({one.canned} if one.canned else set())
            for one in frames
        ]
    raise AssertionError


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


def _live(number: int, name: str, watch: HandWatch, output: Output) -> bool | None:
    """Whether the running daemon tells the gesture; None: its sense is off, or it was left out."""
    out = output.console
    if not watch.tells():
        out.print("the daemon tells no gestures of hands: set enabled in [senses.hand_gesture], "
                  "then sensorium reload", style="yellow", markup=False)
        return None
    out.print(f"Show {name!r} once more. (Ctrl-C leaves this check out.)", markup=False)
    with _progress(output) as progress:
        task = progress.add_task("watching", total=CHECK_S)
        try:
            for event in watch.told(CHECK_S):
                progress.update(task, completed=progress.tasks[-1].elapsed or 0.0)
                if event is None or event["event"] != BEGINS:
                    continue
                told = event["name"].decode()
                if int(event["own"]) == number:
                    out.print(f"  {told}: known, {event['chance']:.2f}", style="green",
                              markup=False)
                    return True
                out.print(f"  {told}", markup=False)
        except KeyboardInterrupt:
            return None
    return False


def _progress(output: Output) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        console=output.console, transient=True,
    )
