"""Where clients' wishes meet the grants: opening a class, listing, allowing, denying."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sensorium.control import frames
from sensorium.control.grants import Verdict
from sensorium.control.grants_file import CLASSES
from sensorium.control.replies import BAD_REQUEST, Refused, Reply
from sensorium.errors import DeniedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sensorium.control.audit import Audit
    from sensorium.control.grants import Grants
    from sensorium.control.sessions import Connection


ATTENDED = ("gaze", "motion")
"""What `attention` is made from."""
EXPLAINED = (*ATTENDED, "transcript")
"""What `why` is made from."""
_ROOM_BYTES = frames.MAX_FRAME - 16384
_PROBLEM_LENGTH = 1000


class GrantDesk:
    """Answers `grants` and `grant`, and decides on `open`.

    Args:
        grants: The owner's decisions.
        audit: Where each event is noted.
        by_configuration: Whether what is not decided is granted by the owner's configuration.
    """

    def __init__(
        self,
        grants: Grants,
        audit: Audit,
        by_configuration: Callable[[Connection, str], bool] = lambda _connection, _region: False,
    ) -> None:
        self._grants = grants
        self._audit = audit
        self._by_configuration = by_configuration

    def require(self, connection: Connection, region: str) -> None:
        """Passes when a client may open a class; notes the first time that it did.

        Raises:
            DeniedError: It may not; an undecided wish is remembered and the remedy is the
                command that grants it.
        """
        app, executable = connection.app, connection.executable
        verdict = self._verdict(connection, region)
        if verdict is Verdict.ALLOWED:
            if region in CLASSES and region not in connection.noted:
                connection.noted.add(region)
                self._audit.note("opened", app, region, _who(connection))
            return
        command = f"sensorium grants allow {shlex.quote(app)} {region}"
        if verdict is Verdict.UNKNOWN:
            if self._grants.wish(app, executable, region):
                self._audit.note("refused", app, region, _who(connection))
            raise DeniedError(f"{app} has no grant for {region}", command)
        raise DeniedError(f"{app} was denied {region}", command)

    def allowed(self, connection: Connection, region: str) -> bool:
        """Whether a client that opened a class may keep it."""
        return self._verdict(connection, region) is Verdict.ALLOWED

    def since_ns(self, connection: Connection, region: str) -> int:
        """From when on a client that may read a class may read what was written; ns of `clock`.

        What is older may have been written while it was denied.
        """
        return self._grants.since_ns(connection.app, region) if region in CLASSES else 0

    def require_all(self, connection: Connection, classes: Sequence[str]) -> int:
        """Passes where somebody may see what is made from classes: the owner, else by grants.

        Returns:
            From when on it may be what that tells of; see `since_ns`. The owner sees all.

        Raises:
            DeniedError: See `require`.
        """
        if not connection.for_another:
            return 0
        for region in classes:
            if not self.allowed(connection, region):
                self.require(connection, region)
        return max(self.since_ns(connection, region) for region in classes)

    def _verdict(self, connection: Connection, region: str) -> Verdict:
        verdict = self._grants.check(connection.app, connection.executable, region)
        if verdict is Verdict.UNKNOWN and self._by_configuration(connection, region):
            return Verdict.ALLOWED
        return verdict

    def listed(self, request: Mapping[str, Any]) -> Reply:
        """The answer to `grants`: decisions, then wishes that wait for one; as many as fit.

        Its `next` is the number of the first that did not fit, to be asked for with `after`; 0
        when all are told.
        """
        self._grants.refresh()
        grants: list[dict[str, Any]] = []
        pending: list[dict[str, Any]] = []
        rows = [
            *((grants, grant.listed()) for grant in self._grants.listed),
            *((pending, wish.listed()) for wish in self._grants.wishes),
        ]
        room, told = _ROOM_BYTES, request.get("after", 0)
        for table, row in rows[told:]:
            room -= len(frames.text_of(row)) + 1
            if room < 0:
                break
            table.append(row)
            told += 1
        problem = self._grants.problem
        return Reply(
            {
                "grants": grants,
                "pending": pending,
                "problem": str(problem)[:_PROBLEM_LENGTH] if problem else "",
                "total": len(rows),
                "next": told if told < len(rows) else 0,
            }
        )

    def decide(self, connection: Connection, request: dict[str, Any]) -> Reply:
        """Answers `grant`: allow, deny or revoke classes of an app.

        The caller then looks with `allowed` which open regions have lost their grant.

        Raises:
            ControlError: For a bad action, name, class or time.
            ConfigError: When the file was made wrong by another hand.
        """
        action, app = request["action"], request["app"]
        classes = [name.strip() for name in request["classes"].split(",") if name.strip()]
        executable, until = request.get("executable"), _time(request.get("until", ""))
        changed = True
        if action == "allow":
            executable = self._grants.allow(app, classes, executable, until).executable
        elif action == "deny":
            self._grants.deny(app, classes, executable or "", until)
        elif action == "revoke":
            changed = self._grants.revoke(app, classes)
        else:
            raise Refused(BAD_REQUEST, f"grant: no action {action:.40}", "allow, deny or revoke")
        self._audit.note(action, app, ",".join(classes), _who(connection))
        return Reply({"changed": changed, "executable": executable or ""})


def _who(connection: Connection) -> str:
    return f"process {connection.pid} {connection.executable}"


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Refused(BAD_REQUEST, f"grant: until is not a time: {text:.40}", "RFC 3339") from error
