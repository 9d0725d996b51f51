"""What each app may read: the owner's file of grants, and what was asked for without one."""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sensorium.control import grants_file
from sensorium.control.grants_file import Grant
from sensorium.control.limits import known_classes, require_room
from sensorium.control.requests import app_name, program_path
from sensorium.control.standing import Standing
from sensorium.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

_log = logging.getLogger(__name__)

MAX_WISHES = 64


class Verdict(enum.Enum):
    """What the grants say about one app and one class."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"
    """The owner has not decided yet."""


@dataclass(frozen=True)
class Wish:
    """Something that was asked for and not decided yet."""

    app: str
    executable: str
    region: str
    at: datetime

    def listed(self) -> dict[str, Any]:
        """As `grants` lists it: JSON values."""
        return {
            "app": self.app,
            "executable": self.executable,
            "class": self.region,
            "at": self.at.isoformat(timespec="seconds"),
        }


class Grants:
    """The grants in a file; a change of the file by another hand is seen at the next question.

    Attributes:
        problem: Why the file as it stands now is not used; the last good one is meanwhile.

    Args:
        path: Of the file; it need not exist.

    Raises:
        ConfigError: When it exists and is wrong; names file, line and key.
    """

    def __init__(self, path: Path) -> None:
        self.problem: ConfigError | None = None
        self._path = path
        self._grants: tuple[Grant, ...] = ()
        self._wishes: dict[tuple[str, str, str], Wish] = {}
        self._stamp: object = None
        self._standing = Standing()
        self.reload()

    @property
    def listed(self) -> Sequence[Grant]:
        """All decisions, also those that ended."""
        return self._grants

    @property
    def wishes(self) -> Sequence[Wish]:
        """What was asked for and not decided, oldest first."""
        return tuple(self._wishes.values())

    def reload(self) -> None:
        """Reads the file again.

        Raises:
            ConfigError: When it is wrong; the last good grants stay in force.
        """
        stamp = self._stamped()
        try:
            self._accept(grants_file.read(self._path) if stamp is not None else ())
        except ConfigError as error:
            self.problem = error
            raise
        else:
            self.problem = None
        finally:
            self._stamp = stamp

    def refresh(self) -> bool:
        """Reads the file again if it was changed; a wrong one is kept in `problem`.

        Returns:
            True when the grants may be others than before.
        """
        if self._stamped() == self._stamp:
            return False
        try:
            self.reload()
        except ConfigError as error:
            _log.error("the last good grants stay in force: %s", error)
            return False
        return True

    def check(self, app: str, executable: str, region: str) -> Verdict:
        """Whether a process may read a class; where two decisions differ, it may not.

        Args:
            app: The name that it gave.
            executable: Its program.
            region: A grant class; `public` and an app's own region are always allowed.
        """
        if region in ("public", "app"):
            return Verdict.ALLOWED
        self.refresh()
        now = datetime.now(UTC)
        found = {
            grant.allowed
            for grant in self._grants
            if region in grant.classes and grant.concerns(app, executable, now)
        }
        if False in found:
            return Verdict.DENIED
        return Verdict.ALLOWED if found else Verdict.UNKNOWN

    def since_ns(self, app: str, region: str) -> int:
        """Since when what is decided about an app and a class stands; see `Standing`."""
        return self._standing.since_ns(app, region, self._grants)

    def wish(self, app: str, executable: str, region: str) -> bool:
        """Remembers that something was asked for; the oldest of too many is forgotten.

        Returns:
            False when it was asked for before.
        """
        key = (app, executable, region)
        if key in self._wishes:
            return False
        if len(self._wishes) >= MAX_WISHES:
            del self._wishes[next(iter(self._wishes))]
        self._wishes[key] = Wish(app, executable, region, datetime.now(UTC))
        return True

    def allow(
        self,
        app: str,
        classes: Iterable[str],
        executable: str | None = None,
        until: datetime | None = None,
    ) -> Grant:
        """Grants classes to an app.

        Args:
            app: Its name.
            classes: Grant classes.
            executable: Only to a process of this program; empty: of any; None: of the one
                that asked for it, if just one did.
            until: When it ends.

        Raises:
            ControlError: For a bad name, path or class, when there are too many decisions, or when
                the file cannot be written.
            ConfigError: When the file was made wrong by another hand: it is not overwritten.
        """
        return self._decide(app, classes, executable, until, allowed=True)

    def deny(
        self,
        app: str,
        classes: Iterable[str],
        executable: str = "",
        until: datetime | None = None,
    ) -> Grant:
        """Denies classes to an app; the arguments and errors are those of `allow`."""
        return self._decide(app, classes, executable, until, allowed=False)

    def revoke(self, app: str, classes: Iterable[str]) -> bool:
        """Forgets what was decided about an app and classes.

        Returns:
            False when nothing was.

        Raises:
            ControlError: For a bad name or class, or when the file cannot be written.
            ConfigError: When the file was made wrong by another hand.
        """
        self.reload()
        app_name(app)
        kept = self._without(known_classes(classes), lambda grant: grant.app == app)
        changed = kept != self._grants
        if changed:
            self._write(kept)
        return changed

    def _decide(
        self,
        app: str,
        classes: Iterable[str],
        executable: str | None,
        until: datetime | None,
        *,
        allowed: bool,
    ) -> Grant:
        self.reload()
        wanted = known_classes(classes)
        if executable is None:
            asked = {w.executable for w in self.wishes if w.app == app and w.region in wanted}
            executable = asked.pop() if len(asked) == 1 else ""
        since = datetime.now(UTC).replace(microsecond=0)
        grant = Grant(app_name(app), wanted, allowed, since, program_path(executable), until)

        def superseded(old: Grant) -> bool:
            # To allow one program ends a denial of all; to deny one leaves the others allowed.
            return old.app == app and (
                executable in ("", old.executable)
                or (allowed and not old.allowed and old.executable == "")
            )

        kept = self._without(wanted, superseded)
        require_room(kept, app)
        self._write((*kept, grant))
        self._wishes = {
            key: wish
            for key, wish in self._wishes.items()
            if wish.app != app or wish.region not in wanted
        }
        return grant

    def _without(
        self, classes: tuple[str, ...], chosen: Callable[[Grant], bool]
    ) -> tuple[Grant, ...]:
        """The grants, with `classes` taken out of the chosen ones."""
        kept = []
        for grant in self._grants:
            rest = tuple(name for name in grant.classes if name not in classes)
            if not chosen(grant):
                kept.append(grant)
            elif rest:
                kept.append(replace(grant, classes=rest))
        return tuple(kept)

    def _write(self, grants: tuple[Grant, ...]) -> None:
        grants_file.write(self._path, grants)
        self._accept(grants)
        self._stamp = self._stamped()

    def _accept(self, grants: tuple[Grant, ...]) -> None:
        self._standing.note(self._grants, grants)
        self._grants = grants

    def _stamped(self) -> object:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            return str(error)
        return status.st_ino, status.st_size, status.st_mtime_ns
