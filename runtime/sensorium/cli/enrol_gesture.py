"""`sensorium enrol gesture NAME`: shows a gesture a few times; the running daemon then tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.cli.gesture_page import listing, tell, tell_damaged
from sensorium.cli.gesture_recording import ANY, HELD, KINDS, MOVES, progress_bar, record
from sensorium.cli.hand_watch import SIDES, HandWatch
from sensorium.errors import ConfigError, EnrolmentError
from sensorium.perception import (
    gesture_enrolling,
    movement_enrolling,
    own_files,
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
    known = own_files.whole()
    made = gesture_enrolling.enrol(
        name, found.shapes, found.free_shapes, known.held, found.built_in,
        above=max((one.id for one in known.moving.gestures), default=0),
    )
    # Nothing is written before all that is to be is known.
    replaced = known.moving.named(name)
    others = movement_enrolling.without(name, known.moving) if replaced else known.moving
    own_gestures.write(own_gestures.place(), made.own)
    if replaced:
        own_movements.write(own_movements.place(), others)
    return made, own_gestures.place()


def _moves(name: str, found: Recorded) -> tuple[movement_enrolling.Enrolled, Path]:
    """Enrols a gesture that moves, beside those that are there now."""
    known = own_files.whole()
    made = movement_enrolling.enrol(
        name, found.movements, found.free_motion, known.moving, found.built_in,
        above=max((one.id for one in known.held.gestures), default=0),
    )
    replaced = known.held.named(name)
    others = gesture_enrolling.without(name, known.held) if replaced else known.held
    own_movements.write(own_movements.place(), made.own)
    if replaced:
        own_gestures.write(own_gestures.place(), others)
    return made, own_movements.place()


def _delete(name: str, output: Output) -> int:
    known = own_files.read()
    changed = own_files.forget(name, known)
    output.document({
        "deleted": True, "name": name, "files": [str(path) for path in changed],
        "damaged": [str(error) for error in known.damaged],
    })
    output.console.print(f"{name}: forgotten", markup=False)
    tell_damaged(known.damaged, output)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuses before anybody has to show anything."""
    gesture_enrolling.check_asked(args.name, args.recordings)
    if not 3.0 <= args.free <= 60.0:
        raise EnrolmentError(f"--free {args.free:g} is not 3 to 60", "leave it away")
    if not 1.0 <= args.seconds <= 8.0:
        raise EnrolmentError(f"--seconds {args.seconds:g} is not 1 to 8", "leave it away")
    # Either kind depends on the other's file, too: names and ids are unlike.
    known = own_files.whole()
    if args.gesture_kind != MOVES:
        gesture_enrolling.check_room(args.name, known.held)
    if args.gesture_kind != HELD:
        movement_enrolling.check_room(args.name, known.moving)


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
