"""Both files of the wearer's own gestures, those that are held and those that move, together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensorium.errors import EnrolmentError
from sensorium.perception import (
    gesture_enrolling,
    movement_enrolling,
    own_gestures,
    own_movements,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.perception.own_gestures import OwnGestures
    from sensorium.perception.own_movements import OwnMovements


class OwnFiles(NamedTuple):
    """What both hold.

    Attributes:
        held: Gestures that are held; none where their file cannot be used.
        moving: As `held`.
        damaged: Why a file cannot be used.
    """

    held: OwnGestures
    moving: OwnMovements
    damaged: tuple[EnrolmentError, ...]


def read() -> OwnFiles:
    """Reads both; one that cannot be used does not keep the other from being used."""
    held, moving, damaged = own_gestures.none(), own_movements.none(), []
    try:
        held = own_gestures.read(own_gestures.place())
    except EnrolmentError as error:
        damaged.append(error)
    try:
        moving = own_movements.read(own_movements.place())
    except EnrolmentError as error:
        damaged.append(error)
    return OwnFiles(held, moving, tuple(damaged))


def whole() -> OwnFiles:
    """Reads both.

    Raises:
        EnrolmentError: One of them cannot be used.
    """
    found = read()
    for error in found.damaged:
        raise error
    return found


def forget(name: str, own: OwnFiles) -> list[Path]:
    """Forgets a gesture, in whichever file it is.

    Args:
        name: Of the gesture.
        own: What the files hold.

    Returns:
        The files that held it.

    Raises:
        EnrolmentError: None did, or a file cannot be written.
    """
    held = gesture_enrolling.without(name, own.held) if own.held.named(name) else None
    moving = movement_enrolling.without(name, own.moving) if own.moving.named(name) else None
    if held is None and moving is None:
        names = [one.name for one in own.held.gestures]
        names += [one.name for one in own.moving.gestures]
        raise EnrolmentError(
            "; ".join([f"there is no gesture {name!r} of your own", *map(str, own.damaged)]),
            f"there are: {', '.join(names) or 'none'}",
        )
    changed = []
    if held is not None:
        own_gestures.write(own_gestures.place(), held)
        changed.append(own_gestures.place())
    if moving is not None:
        own_movements.write(own_movements.place(), moving)
        changed.append(own_movements.place())
    return changed
