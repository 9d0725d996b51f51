"""Since when what is decided about an app and a class stands, for as long as the daemon runs.

A ring holds what was written while an app was denied: who is granted it again, and says where it
stood before, must not be given that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sensorium.clock import Clock
    from sensorium.control.grants_file import Grant

_MOST = 1024
_LONGEST_NS = 60_000_000_000
"""No utterance is longer from its begin to its text."""


def began_ns(start_ns: int, capture_ns: int, publish_ns: int) -> int:
    """When what a record tells began, to be compared with `Standing.since_ns`.

    A replay at another speed than 1 leaves the clock, so the time in its records cannot be
    compared with a decision's: then it counts as told as soon as it had ended.

    Args:
        start_ns: Where the record says that it began; 0: it does not say.
        capture_ns: Of the record's slot: the sound's, by the same clock as `start_ns`.
        publish_ns: Of the record's slot.
    """
    if 0 <= publish_ns - start_ns <= _LONGEST_NS:
        return start_ns
    length_ns = capture_ns - start_ns
    return publish_ns - (length_ns if 0 <= length_ns <= _LONGEST_NS else 0)


def _wall() -> datetime:
    return datetime.now(UTC)


class Standing:
    """Follows the decisions.

    Args:
        clock: The monotonic one, ns.
        wall: The clock that ends decisions.
    """

    def __init__(self, clock: Clock = now_ns, wall: Callable[[], datetime] = _wall) -> None:
        self._clock = clock
        self._wall = wall
        self._changed_ns: dict[tuple[str, str], int] = {}
        self._forgotten_ns = 0
        self._ends_ns: dict[datetime, int] = {}

    def note(self, before: Sequence[Grant], after: Sequence[Grant]) -> None:
        """The decisions became others."""
        old, new = _by_class(before), _by_class(after)
        now = self._clock()
        for key in {*old, *new}:
            if old.get(key) != new.get(key):
                self._changed_ns.pop(key, None)
                self._changed_ns[key] = now
        while len(self._changed_ns) > _MOST:
            # Those of which nothing is known are taken to be as new as the oldest forgotten.
            oldest = next(iter(self._changed_ns))
            self._forgotten_ns = self._changed_ns.pop(oldest)
        wall = self._wall()
        ends = {grant.until for grant in after if grant.until}
        self._ends_ns = {
            end: self._ends_ns.get(end, now + _ns(end - wall)) for end in ends
        }

    def since_ns(self, app: str, region: str, grants: Iterable[Grant]) -> int:
        """When a decision about an app and a class was made, or ended by itself, last.

        The wall clock may be set, and goes on while the PC sleeps, which the monotonic one does
        not: the later of the ends by both counts, so that nothing of before is taken for later.

        Args:
            app: Its name.
            region: The grant class.
            grants: All decisions as they are now.

        Returns:
            A time of `clock`, ns; 0: before the daemon's start.
        """
        found = [self._changed_ns.get((app, region), self._forgotten_ns)]
        wall, now = self._wall(), self._clock()
        for grant in grants:
            until = grant.until
            if grant.app == app and region in grant.classes and until and until <= wall:
                ended_ns = now - _ns(wall - until)
                found.append(max(ended_ns, min(self._ends_ns.get(until, ended_ns), now)))
        return max(found)


def _ns(span: timedelta) -> int:
    return round(span.total_seconds() * 1e9)


def _by_class(grants: Iterable[Grant]) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    found: dict[tuple[str, str], list[tuple[object, ...]]] = {}
    for grant in grants:
        for region in grant.classes:
            found.setdefault((grant.app, region), []).append(
                (grant.allowed, grant.executable, grant.until)
            )
    return found
