"""Since when what is decided about an app and a class stands, for as long as the daemon runs.

A ring holds what was written while an app was denied: who is granted it again, and says where it
stood before, must not be given that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.control.grants_file import Grant

_MOST = 1024


class Standing:
    """Follows the decisions."""

    def __init__(self) -> None:
        self._changed_ns: dict[tuple[str, str], int] = {}
        self._forgotten_ns = 0

    def note(self, before: Iterable[Grant], after: Iterable[Grant]) -> None:
        """The decisions became others."""
        old, new = _by_class(before), _by_class(after)
        now = now_ns()
        for key in {*old, *new}:
            if old.get(key) != new.get(key):
                self._changed_ns.pop(key, None)
                self._changed_ns[key] = now
        while len(self._changed_ns) > _MOST:
            # Those of which nothing is known are taken to be as new as the oldest forgotten.
            oldest = next(iter(self._changed_ns))
            self._forgotten_ns = self._changed_ns.pop(oldest)

    def since_ns(self, app: str, region: str, grants: Iterable[Grant]) -> int:
        """When a decision about an app and a class was made, or ended by itself, last.

        Args:
            app: Its name.
            region: The grant class.
            grants: All decisions as they are now.

        Returns:
            A time of `clock`, ns; 0: before the daemon's start.
        """
        found = [self._changed_ns.get((app, region), self._forgotten_ns)]
        wall, now = datetime.now(UTC), now_ns()
        for grant in grants:
            until = grant.until
            if grant.app == app and region in grant.classes and until and until <= wall:
                found.append(now - round((wall - until).total_seconds() * 1e9))
        return max(found)


def _by_class(grants: Iterable[Grant]) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    found: dict[tuple[str, str], list[tuple[object, ...]]] = {}
    for grant in grants:
        for region in grant.classes:
            found.setdefault((grant.app, region), []).append(
                (grant.allowed, grant.executable, grant.until)
            )
    return found
