"""The wearer's own gestures as a running sense knows them: learned again when a file changes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception import own_gestures, own_movements
from sensorium.perception.discriminant import fit
from sensorium.perception.followed_file import FollowedFile
from sensorium.perception.gesture_learning import Learnt

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sensorium.perception.own_gestures import OwnGestures
    from sensorium.perception.own_movements import OwnMovements

_log = logging.getLogger(__name__)


class KnownGestures:
    """Follows the file of own gestures that are held.

    Args:
        path: The file; it need not be there.

    Attributes:
        ids: Of each gesture.
        names: UTF-8, of each gesture.
        learnt: What tells them; None while there are none, or what is there cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._file: FollowedFile[OwnGestures] = FollowedFile(
            path, own_gestures.read, "own gestures"
        )
        self.ids: tuple[int, ...] = ()
        self.names: tuple[bytes, ...] = ()
        self.learnt: Learnt | None = None

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
            self._learn()

    def look(self) -> None:
        """See `FollowedFile.look`."""
        if self._file.look():
            self._learn()

    def _learn(self) -> None:
        gestures = self._file.kept.gestures if self._file.kept else ()
        self.ids = tuple(one.id for one in gestures)
        self.names = tuple(one.name.encode() for one in gestures)
        self.learnt = None
        if gestures:
            self.learnt = Learnt(
                fit([np.concatenate(one.recordings) for one in gestures]),
                np.array([one.limit for one in gestures]),
            )
            _log.info("own gestures: %s", ", ".join(one.name for one in gestures))


class KnownMovements:
    """Follows the file of own gestures that move.

    Args:
        path: The file; it need not be there.

    Attributes:
        ids: Of each gesture.
        names: UTF-8, of each gesture.
        limits: Of each gesture.
        patterns: [steps, width] each: the recordings' spans.
        whose: [patterns]: the gesture of each.
    """

    def __init__(self, path: Path) -> None:
        self._file: FollowedFile[OwnMovements] = FollowedFile(
            path, own_movements.read, "own moving gestures"
        )
        self.ids: tuple[int, ...] = ()
        self.names: tuple[bytes, ...] = ()
        self.limits = np.empty(0)
        self.patterns: list[NDArray[np.float32]] = []
        self.whose = np.empty(0, np.int64)

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
            self._learn()

    def look(self) -> None:
        """See `FollowedFile.look`."""
        if self._file.look():
            self._learn()

    def _learn(self) -> None:
        gestures = self._file.kept.gestures if self._file.kept else ()
        self.ids = tuple(one.id for one in gestures)
        self.names = tuple(one.name.encode() for one in gestures)
        self.limits = np.array([one.limit for one in gestures])
        every = [(at, one) for at, gesture in enumerate(gestures) for one in gesture.recordings]
        self.patterns = [one.steps[one.span.first : one.span.after] for _, one in every]
        self.whose = np.array([at for at, _ in every], np.int64)
        if gestures:
            _log.info("own moving gestures: %s", ", ".join(one.name for one in gestures))
