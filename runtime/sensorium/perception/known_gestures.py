"""The wearer's own gestures as a running sense knows them: learned again when a file changes."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from sensorium.perception import own_gestures, own_movements
from sensorium.perception.discriminant import fit
from sensorium.perception.followed_file import FollowedFile
from sensorium.perception.gesture_learning import Learnt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from sensorium.perception.own_gestures import OwnGesture
    from sensorium.perception.own_movements import OwnMovement

_log = logging.getLogger(__name__)


Gesture = TypeVar("Gesture", "OwnGesture", "OwnMovement")
Told = TypeVar("Told", covariant=True)


class Kept(Protocol[Told]):
    """What a file holds."""

    @property
    def gestures(self) -> tuple[Told, ...]:
        """All of them."""
        ...


class _Known(ABC, Generic[Gesture]):
    """Follows a file of own gestures.

    Args:
        path: The file; it need not be there.
        read: Reads it.
        what: Is in it, for the log.

    Attributes:
        ids: Of each gesture.
        names: UTF-8, of each gesture.
    """

    def __init__(self, path: Path, read: Callable[[Path], Kept[Gesture]], what: str) -> None:
        self._file: FollowedFile[Kept[Gesture]] = FollowedFile(path, read, what)
        self._what = what
        self.ids: tuple[int, ...] = ()
        self.names: tuple[bytes, ...] = ()

    @property
    def version(self) -> int:
        """Raised with each change."""
        return self._file.version

    @property
    def problem(self) -> str:
        """See `FollowedFile.problem`."""
        return self._file.problem

    def glance(self, time_ns: int) -> None:
        """See `FollowedFile.glance`."""
        if self._file.glance(time_ns):
            self._take()

    def look(self) -> None:
        """See `FollowedFile.look`."""
        if self._file.look():
            self._take()

    def _take(self) -> None:
        gestures = self._file.kept.gestures if self._file.kept else ()
        self.ids = tuple(one.id for one in gestures)
        self.names = tuple(one.name.encode() for one in gestures)
        self._learn(gestures)
        if gestures:
            _log.info("%s: %s", self._what, ", ".join(one.name for one in gestures))

    @abstractmethod
    def _learn(self, gestures: tuple[Gesture, ...]) -> None:
        """Makes what tells them."""


class KnownGestures(_Known["OwnGesture"]):
    """Follows the file of own gestures that are held.

    Args:
        path: The file; it need not be there.

    Attributes:
        learnt: What tells them; None while there are none, or what is there cannot be used.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, own_gestures.read, "own gestures")
        self.learnt: Learnt | None = None

    def _learn(self, gestures: tuple[OwnGesture, ...]) -> None:
        self.learnt = Learnt(
            fit([np.concatenate(one.recordings) for one in gestures]),
            np.array([one.limit for one in gestures]),
        ) if gestures else None


class KnownMovements(_Known["OwnMovement"]):
    """Follows the file of own gestures that move.

    Args:
        path: The file; it need not be there.

    Attributes:
        limits: Of each gesture.
        patterns: [steps, width] each: the recordings' spans.
        whose: [patterns]: the gesture of each.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, own_movements.read, "own moving gestures")
        self.limits = np.empty(0)
        self.patterns: list[NDArray[np.float32]] = []
        self.whose = np.empty(0, np.int64)

    def _learn(self, gestures: tuple[OwnMovement, ...]) -> None:
        self.limits = np.array([one.limit for one in gestures])
        every = [(at, one) for at, gesture in enumerate(gestures) for one in gesture.recordings]
        self.patterns = [one.steps[one.span.first : one.span.after] for _, one in every]
        self.whose = np.array([at for at, _ in every], np.int64)
