"""What is kept of the wearer's own gestures: one small file of his own, which he can delete.

It holds no picture and no place of a joint: embeddings of his hand in some frames of each
recording, and of what his hands did otherwise, from which all else is computed. Biometric data all
the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium import folders
from sensorium.perception import private_file
from sensorium.perception.hand_embedding import WIDTH
from sensorium.records.hands import ACTIONS, OWN_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FORMAT = 1
"""Raised when the embedding or what is made of it changes: then one enrols again."""
AGAIN = "enrol again: sensorium enrol gesture NAME; or purge them: sensorium purge --enrolments"
MAX_BYTES = 4_000_000
MOST = 32
"""Gestures."""
RECORDINGS = 3, 12
"""Fewest and most of a gesture: fewer do not show how a hand varies."""
FRAMES = 6
"""Of each recording that are kept."""
FREE = 240
"""Frames of other things that are kept, at most."""
DIGITS = 3
"""After the point: a thousandth is 0.06 degrees."""


@dataclass(frozen=True)
class OwnGesture:
    """One gesture.

    Attributes:
        id: From 1; not used again while any later one is there.
        name: At most `OWN_NAME` - 1 bytes of UTF-8.
        made: When, ISO 8601 in UTC.
        limit: Distance at which a hand is not this gesture any more; see `gesture_learning`.
        recordings: [`FRAMES`, `WIDTH`] each.
    """

    id: int
    name: str
    made: str
    limit: float
    recordings: tuple[Array, ...]


@dataclass(frozen=True)
class OwnGestures:
    """All of them.

    Attributes:
        gestures: By rising id.
        free: [n, `WIDTH`]: what hands did otherwise.
    """

    gestures: tuple[OwnGesture, ...]
    free: Array

    def named(self, name: str) -> OwnGesture | None:
        """The gesture of a name."""
        return next((one for one in self.gestures if one.name == name), None)


def place() -> Path:
    """Where they lie."""
    return folders.data_dir() / "enrolments" / "gestures.json"


def none() -> OwnGestures:
    """No gesture."""
    return OwnGestures((), np.empty((0, WIDTH)))


def write(path: Path, own: OwnGestures) -> None:
    """Keeps them, in the place of what was there; without any gesture nothing is kept.

    Raises:
        EnrolmentError: When it cannot be written.
    """
    if not own.gestures:
        private_file.delete(path)
        return
    private_file.write(path, {
        "format": FORMAT,
        "gestures": [
            {
                "id": one.id, "name": one.name, "made": one.made, "limit": round(one.limit, 4),
                "recordings": [_numbers(frames) for frames in one.recordings],
            }
            for one in own.gestures
        ],
        "free": _numbers(own.free),
    })


def read(path: Path) -> OwnGestures:
    """Reads them; none where there is no file.

    Raises:
        EnrolmentError: The file is broken, or of another format.
    """
    found = private_file.read(
        path, _checked, version=FORMAT, max_bytes=MAX_BYTES, again=AGAIN
    )
    return found or none()


def name_fault(name: str) -> str:
    """Why a text can name no gesture; empty where it can."""
    if not name or name != name.strip() or not name.isprintable():
        return "is empty, begins or ends with a space, or holds what cannot be printed"
    if len(name.encode()) >= OWN_NAME:
        return f"is longer than {OWN_NAME - 1} bytes"
    if name in ACTIONS:
        return "is the name of a gesture that is known already"
    return ""


def _numbers(frames: Array) -> list[list[float]]:
    rounded: list[list[float]] = np.round(frames, DIGITS).tolist()
    return rounded


def _checked(document: dict[str, Any]) -> OwnGestures:
    gestures = tuple(_gesture(one) for one in document["gestures"])
    ids = [one.id for one in gestures]
    if not 0 < len(ids) <= MOST or ids != sorted(set(ids)) or ids[0] < 1 or ids[-1] >= 1 << 31:
        raise ValueError("gestures have no rising ids")
    if len({one.name for one in gestures}) != len(gestures):
        raise ValueError("two gestures have one name")
    return OwnGestures(gestures, _array(document["free"], range(FREE + 1)))


def _gesture(document: dict[str, Any]) -> OwnGesture:
    recordings = tuple(
        _array(frames, range(FRAMES, FRAMES + 1)) for frames in document["recordings"]
    )
    if not RECORDINGS[0] <= len(recordings) <= RECORDINGS[1]:
        raise ValueError("recordings are too few or too many")
    name, made, limit = document["name"], document["made"], float(document["limit"])
    if not isinstance(name, str) or not isinstance(made, str):
        raise TypeError("name and made are texts")
    if name_fault(name):
        raise ValueError(f"the name {name!r} {name_fault(name)}")
    if not 0.0 < limit < 1e6:
        raise ValueError("limit cannot be")
    return OwnGesture(int(document["id"]), name, made, limit, recordings)


def _array(frames: Sequence[Sequence[float]], counts: range) -> Array:
    made = np.array(frames, np.float64).reshape(len(frames), WIDTH)
    # A direction's parts; NaN is refused by the comparison.
    if len(made) not in counts or not (np.abs(made) <= 1.0 + 1e-3).all():
        raise ValueError("frames hold no embeddings")
    return made
