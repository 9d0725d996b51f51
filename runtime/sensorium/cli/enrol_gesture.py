"""`sensorium enrol gesture NAME`: shows a gesture a few times; the running daemon then tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.cli.gesture_page import listing, tell
from sensorium.cli.gesture_recording import ANY, KINDS, MOVES, progress_bar, record
from sensorium.cli.hand_watch import SIDES, HandWatch
from sensorium.errors import ConfigError, EnrolmentError
from sensorium.perception import (
    gesture_enrolling,
    movement_enrolling,
    own_gestures,
    own_identity,
    own_movements,
)
from sensorium.perception.hand_report import BEGINS, MOVED

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from sensorium.cli.gesture_recording import Recorded
    from sensorium.cli.output import Output

APP = "sensorium-enrol"
"""The name under which the hands are asked for."""
CHECK_S = 20.0
"""So long the daemon may take to tell the gesture; most of it is the user's."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `sensorium enrol gesture`."""
    fewest, most = own_identity.RECORDINGS
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the gesture")
    parser.add_argument("--hand", choices=tuple(SIDES), default="right",
                        help="that shows the gesture (default right); either is known afterwards")
    parser.add_argument(
        "--kind", dest="gesture_kind", choices=KINDS, default=ANY,
        help="whether the gesture is held or moves (default any: the first recording says)",
    )
    parser.add_argument(
        "--recordings", type=int, default=5, metavar="N",
        help=f"of the gesture, {fewest} to {most} (default 5); more know it better",
    )
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S",
                        help="of a recording of a gesture that moves, 1 to 8 (default 3)")
    parser.add_argument("--free", type=float, default=20.0, metavar="S",
                        help="seconds of free motion, 3 to 60 (default 20)")
    parser.add_argument("--no-check", action="store_true", help="without the live check at the end")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--delete", action="store_true", help="forget the gesture NAME")
    what.add_argument("--show", action="store_true", help="list your own gestures")


def run(args: argparse.Namespace, output: Output) -> int:
    """Enrols, lists or deletes."""
    if args.show:
        return listing(output)
    if args.name is None:
        raise ConfigError(
            "the gesture has no name",
            'sensorium enrol gesture "my gesture"; sensorium enrol gesture --show lists them',
        )
    if args.delete:
        return _delete(args.name, output)
    _check(args)
    with HandWatch(APP) as watch:
        found = record(args, watch, output)
        made, path = (_moves if found.kind == MOVES else _held)(args.name, found)
        live = None if args.no_check else _live(made.gesture.id, args.name, watch, output)
    tell(made, live, path, output)
    return 0


def _held(name: str, found: Recorded) -> tuple[gesture_enrolling.Enrolled, Path]:
    """Enrols a gesture that is held, beside those that are there now."""
    path, others = own_gestures.place(), own_movements.read(own_movements.place())
    made = gesture_enrolling.enrol(
        name, found.shapes, found.free_shapes, own_gestures.read(path), found.built_in,
        above=max((one.id for one in others.gestures), default=0),
    )
    own_gestures.write(path, made.own)
    if others.named(name):
        own_movements.write(own_movements.place(), movement_enrolling.without(name, others))
    return made, path


def _moves(name: str, found: Recorded) -> tuple[movement_enrolling.Enrolled, Path]:
    """Enrols a gesture that moves, beside those that are there now."""
    path, others = own_movements.place(), own_gestures.read(own_gestures.place())
    made = movement_enrolling.enrol(
        name, found.movements, found.free_motion, own_movements.read(path), found.built_in,
        above=max((one.id for one in others.gestures), default=0),
    )
    own_movements.write(path, made.own)
    if others.named(name):
        own_gestures.write(own_gestures.place(), gesture_enrolling.without(name, others))
    return made, path


def _delete(name: str, output: Output) -> int:
    path = own_movements.place()
    moving = own_movements.read(path)
    if moving.named(name):
        own_movements.write(path, movement_enrolling.without(name, moving))
    else:
        path = own_gestures.place()
        held = own_gestures.read(path)
        if not held.named(name):
            there = ", ".join(
                [one.name for one in held.gestures] + [one.name for one in moving.gestures]
            ) or "none"
            raise EnrolmentError(
                f"there is no gesture {name!r} of your own", f"there are: {there}"
            )
        own_gestures.write(path, gesture_enrolling.without(name, held))
    output.document({"deleted": True, "name": name, "file": str(path)})
    output.console.print(f"{name}: forgotten", markup=False)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuses before anybody has to show anything."""
    fewest, most = own_identity.RECORDINGS
    fault = own_identity.name_fault(args.name)
    if fault:
        raise EnrolmentError(f"the name {args.name!r} {fault}", "give another name")
    if not fewest <= args.recordings <= most:
        raise EnrolmentError(
            f"{args.recordings} recordings are too few or too many, {fewest} to {most} are needed",
            "one recording does not show how a hand varies: leave --recordings away",
        )
    if not 3.0 <= args.free <= 60.0:
        raise EnrolmentError(f"--free {args.free:g} is not 3 to 60", "leave it away")
    if not 1.0 <= args.seconds <= 8.0:
        raise EnrolmentError(f"--seconds {args.seconds:g} is not 1 to 8", "leave it away")


def _live(number: int, name: str, watch: HandWatch, output: Output) -> bool | None:
    """Whether the running daemon tells the gesture; None: its sense is off, or it was left out."""
    out = output.console
    if not watch.tells():
        out.print("the daemon tells no gestures of hands: set enabled in [senses.hand_gesture], "
                  "then sensorium reload", style="yellow", markup=False)
        return None
    out.print(f"Show {name!r} once more. (Ctrl-C leaves this check out.)", markup=False)
    with progress_bar(output) as progress:
        task = progress.add_task("watching", total=CHECK_S)
        try:
            for event in watch.told(CHECK_S):
                progress.update(task, completed=progress.tasks[-1].elapsed or 0.0)
                if event is None or event["event"] not in (BEGINS, MOVED):
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
