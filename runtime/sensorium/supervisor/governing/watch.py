"""Whose frames are read: apps with a region of their own, and games with the OpenXR layer."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sensorium.control.peer import program_of
from sensorium.errors import SensorError
from sensorium.records.fields import encode_text
from sensorium.records.governing import NAME_SIZE
from sensorium.sensors.openxr_layer import folder
from sensorium.sensors.openxr_layer.games import MOST
from sensorium.supervisor.governing.folder_watch import FolderWatch
from sensorium.supervisor.governing.game_frames import GameFrames
from sensorium.supervisor.governing.pacing import SILENT_NS, Pace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sensorium.inference.governor.frame import Frame

_log = logging.getLogger(__name__)
_AHEAD_NS = 100_000_000
"""A frame that ends so far ahead of now is of another clock."""
_UNNAMED = "an app without a name"


class Source(Protocol):
    """Reads frames of one app."""

    def left(self, *, patient: bool) -> int:
        """Looks for frames, and leaves them where they are as long as all of them may wait.

        Args:
            patient: Whether those with room may wait longer: nothing is taken from the senses.

        Returns:
            When the newest was submitted; 0: none has come since the last look, or they are to be
            taken, since one may be late, or many wait.
        """
        ...

    def take(self, now_ns: int) -> list[Frame]:
        """What is new and keeps every rule, oldest first."""
        ...

    def close(self) -> None:
        """Frees what it reads from."""
        ...


class App(NamedTuple):
    """An app or game.

    Attributes:
        key: Its name; with its process's number where another has the same.
        names: By which the owner may mean it.
        pid: Its process, as it says itself where it is a game.
        source: Where its frames are read.
        pace: When to look again.
    """

    key: str
    names: tuple[str, ...]
    pid: int
    source: Source
    pace: Pace

    def take(self, now_ns: int, *, soon: bool) -> list[Frame]:
        """What is new; frames of before it was watched, and of other clocks, are left out.

        Args:
            now_ns: The time.
            soon: See `Pace.looked`.
        """
        frames = self.source.take(now_ns)
        if frames and not (
            now_ns - SILENT_NS < frames[0].end_ns and frames[-1].end_ns < now_ns + _AHEAD_NS
        ):
            frames = [
                frame for frame in frames
                if now_ns - SILENT_NS < frame.end_ns < now_ns + _AHEAD_NS
            ]  # fmt: skip
        end_ns = frames[-1].end_ns if frames else 0
        self.pace.looked(len(frames), end_ns, now_ns, soon=soon)
        return frames


class Watch:
    """Everybody whose frames may be read; used by one thread.

    Attributes:
        apps: Session of a connection, or file of a game, to the app.
    """

    def __init__(self) -> None:
        self.apps: dict[int | Path, App] = {}
        self._unreadable: set[Path] = set()
        self._folder = FolderWatch()

    def add(self, place: int | Path, names: tuple[str, ...], pid: int, source: Source) -> App:
        """Watches one more; the first of its names is the one that is shown."""
        key, mark = names[0] or _UNNAMED, ""
        # Records have room for less than a name may be long: they are to tell apps apart, too.
        taken = {encode_text(app.key, NAME_SIZE)[0] for app in self.apps.values()}
        while encode_text(key, NAME_SIZE)[0] in taken:
            mark = f"{mark}+" if mark else f" ({pid})"
            key = encode_text(names[0] or _UNNAMED, NAME_SIZE - len(mark))[0].decode() + mark
        app = App(key, names, pid, source, Pace())
        self.apps[place] = app
        return app

    def remove(self, place: int | Path) -> App | None:
        """Watches one no longer; returns it."""
        app = self.apps.pop(place, None)
        if app is not None:
            app.source.close()
        return app

    def games(self, now_ns: int) -> tuple[list[App], list[App]]:
        """Looks for games.

        Args:
            now_ns: The time.

        Returns:
            Those that are new, and those that are gone.
        """
        gone = [
            place for place, app in self.apps.items()
            if isinstance(app.source, GameFrames) and app.source.is_over()
        ]  # fmt: skip
        left = [app for place in gone if (app := self.remove(place))]
        if not (self._folder.may_have_more(now_ns) or gone or self._unreadable):
            return [], []
        known = [place for place in self.apps if not isinstance(place, int)]
        came: list[App] = []
        unreadable: set[Path] = set()
        for path in folder.sessions():
            if path in self.apps or len(known) + len(came) >= MOST:
                continue
            try:
                frames = GameFrames(path)
                if frames.is_over():
                    frames.close()
                    continue
            except SensorError as error:
                # One that is being made just now is readable at the next look.
                if path in self._unreadable:
                    _log.debug("the frames of a game cannot be read: %s", error)
                unreadable.add(path)
                continue
            pid = frames.about.pid
            names = (frames.about.app, program_name(program_of(pid)))
            came.append(self.add(path, names, pid, frames))
        self._unreadable = unreadable
        return came, left

    def told(self) -> list[App]:
        """Whose frames count: of a process that tells them both ways, the layer's."""
        seen = {app.pid for app in self.apps.values() if isinstance(app.source, GameFrames)}
        return [
            app for app in self.apps.values()
            if isinstance(app.source, GameFrames) or app.pid not in seen
        ]  # fmt: skip

    def pid_of(self, key: str) -> int:
        """The number of an app's process; 0 where it is not watched."""
        return next((app.pid for app in self.apps.values() if app.key == key), 0)

    def close(self) -> None:
        """Closes all."""
        for place in list(self.apps):
            self.remove(place)


def policy_of(names: Iterable[str], policies: Mapping[str, str]) -> str:
    """The policy that the owner has for an app with these names; empty: none of its own."""
    wanted = {_folded(name): policy for name, policy in policies.items()}
    return next((wanted[_folded(name)] for name in names if _folded(name) in wanted), "")


def program_name(path: str) -> str:
    """The file name of a program's path, of either system: games of wine have Windows'."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _folded(name: str) -> str:
    return name.casefold() if sys.platform == "win32" else name
