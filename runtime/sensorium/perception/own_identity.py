"""What every gesture of the wearer's own has, held or moved, and what its file must keep to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium.records.hands import ACTIONS, OWN_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORDINGS = 3, 12
"""Fewest and most of a gesture: fewer do not show how a hand varies."""
AGAIN = "enrol again: sensorium enrol gesture NAME; or purge them: sensorium purge --enrolments"


class Identity(NamedTuple):
    """Which gesture it is.

    Attributes:
        id: From 1; not used again while any later one is there.
        name: At most `records.hands.OWN_NAME` - 1 bytes of UTF-8.
        made: When, ISO 8601 in UTC.
        limit: From which distance on something is not this gesture.
    """

    id: int
    name: str
    made: str
    limit: float


def name_fault(name: str) -> str:
    """Why a text can name no gesture; empty where it can."""
    if not name or name != name.strip() or not name.isprintable():
        return "is empty, begins or ends with a space, or holds what cannot be printed"
    if len(name.encode()) >= OWN_NAME:
        return f"is longer than {OWN_NAME - 1} bytes"
    if name in ACTIONS:
        return "is the name of a gesture that is known already"
    return ""


def identity(document: dict[str, Any], recordings: int) -> Identity:
    """Reads it from a gesture's table.

    Args:
        document: The table.
        recordings: How many the gesture has.

    Raises:
        ValueError: Something cannot be.
        TypeError: Something is of another type.
        KeyError: Something is missing.
    """
    if not RECORDINGS[0] <= recordings <= RECORDINGS[1]:
        raise ValueError("recordings are too few or too many")
    name, made, limit = document["name"], document["made"], float(document["limit"])
    if not isinstance(name, str) or not isinstance(made, str):
        raise TypeError("name and made are texts")
    if name_fault(name):
        raise ValueError(f"the name {name!r} {name_fault(name)}")
    if not 0.0 < limit < 1e6:
        raise ValueError("limit cannot be")
    return Identity(int(document["id"]), name, made, limit)


def check_together(ids: Sequence[int], names: Sequence[str], most: int) -> None:
    """Refuses gestures that cannot stand in one file.

    Args:
        ids: Of each.
        names: Of each.
        most: How many there may be.

    Raises:
        ValueError: They cannot.
    """
    rising = list(ids) == sorted(set(ids))
    if not (0 < len(ids) <= most and rising and ids[0] >= 1 and ids[-1] < 1 << 31):
        raise ValueError("gestures have no rising ids")
    if len(set(names)) != len(names):
        raise ValueError("two gestures have one name")
