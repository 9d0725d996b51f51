"""The wearer's own gestures as a running sense knows them: learned again when the file changes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EnrolmentError
from sensorium.perception import own_gestures, private_file
from sensorium.perception.discriminant import fit
from sensorium.perception.gesture_learning import Learnt

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)
_NEVER = object()
LOOK_NS = 250_000_000
"""How often the file is looked at while hands are seen."""


class KnownGestures:
    """Follows the file of own gestures.

    Args:
        path: The file; it need not be there.

    Attributes:
        ids: Of each gesture.
        names: UTF-8, of each gesture.
        learnt: What tells them; None while there are none, or what is there cannot be used.
        version: Raised with each change.
        problem: Why none can be told although the file is there, with the remedy; else empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: object = _NEVER
        self._looked_ns: int | None = None
        self.ids: tuple[int, ...] = ()
        self.names: tuple[bytes, ...] = ()
        self.learnt: Learnt | None = None
        self.version = 0
        self.problem = ""

    def glance(self, time_ns: int) -> None:
        """As `look`, but not again within `LOOK_NS` of the frames' time."""
        looked = self._looked_ns
        if looked is None or not 0 <= time_ns - looked < LOOK_NS:
            self._looked_ns = time_ns
            self.look()

    def look(self) -> None:
        """Reads the file where it has changed since the last look."""
        stamp = private_file.stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        self.version += 1
        self.ids, self.names, self.learnt, self.problem = (), (), None, ""
        try:
            own = own_gestures.read(self._path)
        except EnrolmentError as error:
            self.problem = str(error)
            _log.warning("own gestures cannot be used: %s", error)
            return
        if not own.gestures:
            return
        self.ids = tuple(one.id for one in own.gestures)
        self.names = tuple(one.name.encode() for one in own.gestures)
        self.learnt = Learnt(
            fit([np.concatenate(one.recordings) for one in own.gestures]),
            np.array([one.limit for one in own.gestures]),
        )
        _log.info("own gestures: %s", ", ".join(one.name for one in own.gestures))
