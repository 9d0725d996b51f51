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
from sensorium.perception.own_identity import AGAIN, check_together, identity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FORMAT = 1
"""Raised when the embedding or what is made of it changes: then one enrols again."""
MAX_BYTES = 4_000_000
MOST = 32
"""Gestures."""
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


def _numbers(frames: Array) -> list[list[float]]:
    rounded: list[list[float]] = np.round(frames, DIGITS).tolist()
    return rounded


def _checked(document: dict[str, Any]) -> OwnGestures:
    gestures = tuple(_gesture(one) for one in document["gestures"])
    check_together([one.id for one in gestures], [one.name for one in gestures], MOST)
    return OwnGestures(gestures, _array(document["free"], range(FREE + 1)))


def _gesture(document: dict[str, Any]) -> OwnGesture:
    recordings = tuple(
        _array(frames, range(FRAMES, FRAMES + 1)) for frames in document["recordings"]
    )
    return OwnGesture(*identity(document, len(recordings)), recordings)


def _array(frames: Sequence[Sequence[float]], counts: range) -> Array:
    made = np.array(frames, np.float64).reshape(len(frames), WIDTH)
    # A direction's parts; NaN is refused by the comparison.
    if len(made) not in counts or not (np.abs(made) <= 1.0 + 1e-3).all():
        raise ValueError("frames hold no embeddings")
    return made
