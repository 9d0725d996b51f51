"""What is kept of the wearer's own gestures that move: one small file of his own beside the others.

Beside `own_gestures`, which keeps those that are held. It holds no picture; of each recording, and
of what his hands did otherwise, it holds 30 times a second the path of one knuckle from the head in
palm lengths, how the hand is turned and how far its fingers are stretched (`movement_embedding`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium import folders
from sensorium.perception import private_file
from sensorium.perception.hand_motion import RATE_HZ
from sensorium.perception.movement_embedding import WIDTH
from sensorium.perception.movement_span import SHORTEST, Span
from sensorium.perception.own_identity import AGAIN, check_together, identity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float32]

FORMAT = 2
"""Raised when the embedding or what is made of it changes: then one enrols again."""
MAX_BYTES = 16_000_000
MOST = 16
"""Gestures: each of their recordings is compared with the hand at each step."""
LONGEST = 8 * RATE_HZ
"""Steps of a recording."""
FREE = 60 * RATE_HZ
"""Steps of other things that are kept, at most."""
DIGITS = 2
"""After the point: a hundredth of what is usual between two times."""
_FAR = 200.0
"""No number that is kept is further from 0; of a hand that was seen rightly none is near it."""


@dataclass(frozen=True)
class Recording:
    """One time of a gesture.

    Attributes:
        steps: [steps, WIDTH], with what was before and after.
        span: Where the gesture lies in it.
    """

    steps: Array
    span: Span


@dataclass(frozen=True)
class OwnMovement:
    """One gesture.

    Attributes:
        id: From 1; of no other own gesture, held or moved.
        name: At most `records.hands.OWN_NAME` - 1 bytes of UTF-8.
        made: When, ISO 8601 in UTC.
        limit: Cost from which on a motion is not this gesture; see `movement_learning`.
        recordings: 3 to 12.
    """

    id: int
    name: str
    made: str
    limit: float
    recordings: tuple[Recording, ...]


@dataclass(frozen=True)
class OwnMovements:
    """All of them.

    Attributes:
        gestures: By rising id.
        free: [steps, WIDTH] each, without a gap: what hands did otherwise.
    """

    gestures: tuple[OwnMovement, ...]
    free: tuple[Array, ...]

    def named(self, name: str) -> OwnMovement | None:
        """The gesture of a name."""
        return next((one for one in self.gestures if one.name == name), None)


def place() -> Path:
    """Where they lie."""
    return folders.data_dir() / "enrolments" / "movements.json"


def none() -> OwnMovements:
    """No gesture."""
    return OwnMovements((), ())


def write(path: Path, own: OwnMovements) -> None:
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
                "recordings": [
                    {"steps": _numbers(shown.steps), "span": list(shown.span)}
                    for shown in one.recordings
                ],
            }
            for one in own.gestures
        ],
        "free": [_numbers(steps) for steps in own.free],
    })


def read(path: Path) -> OwnMovements:
    """Reads them; none where there is no file.

    Raises:
        EnrolmentError: The file is broken, or of another format.
    """
    found = private_file.read(
        path, _checked, version=FORMAT, max_bytes=MAX_BYTES, again=AGAIN
    )
    return found or none()


def rounded(steps: Array) -> Array:
    """Steps as they are kept; a frame in which joints fell together gives numbers without end."""
    near = np.clip(np.asarray(steps, np.float64), -_FAR, _FAR)
    return np.round(near, DIGITS).astype(np.float32)


def _numbers(steps: Array) -> list[list[float]]:
    made: list[list[float]] = np.round(steps.astype(np.float64), DIGITS).tolist()
    return made


def _checked(document: dict[str, Any]) -> OwnMovements:
    gestures = tuple(_gesture(one) for one in document["gestures"])
    check_together([one.id for one in gestures], [one.name for one in gestures], MOST)
    free = tuple(_array(steps, FREE) for steps in document["free"])
    if sum(map(len, free)) > FREE:
        raise ValueError("free motion is too long")
    return OwnMovements(gestures, free)


def _gesture(document: dict[str, Any]) -> OwnMovement:
    recordings = tuple(_recording(one) for one in document["recordings"])
    return OwnMovement(*identity(document, len(recordings)), recordings)


def _recording(document: dict[str, Any]) -> Recording:
    steps = _array(document["steps"], LONGEST)
    first, after = (int(value) for value in document["span"])
    if not 0 <= first <= after - SHORTEST // 2 or after > len(steps):
        raise ValueError("a span lies not in its recording")
    return Recording(steps, Span(first, after))


def _array(steps: Sequence[Sequence[float]], most: int) -> Array:
    made = np.array(steps, np.float32).reshape(len(steps), WIDTH)
    # NaN is refused by the comparison.
    if not 0 < len(made) <= most or not (np.abs(made) <= _FAR).all():
        raise ValueError("steps hold no embeddings")
    return made
