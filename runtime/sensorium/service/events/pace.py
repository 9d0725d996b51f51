"""How often a state channel is told: at most at the rates that its clients asked for."""

from __future__ import annotations

TOLERANCE = 0.25
"""Of a period: a record may come so much early without being held back, so that a channel that is
written at just that rate, with jitter, is told record by record."""


class Pace:
    """Lets at most one record a period pass on the long run.

    The generic cell rate algorithm (ITU-T I.371), with a tolerance of a quarter period. What is due
    falls on whole periods of the clock, so that all channels of a rate are due at once: they go to
    a client together, in one piece.

    Args:
        period_ns: The shortest mean distance.
    """

    def __init__(self, period_ns: int) -> None:
        self.period_ns = period_ns
        self.told = 0
        """Number of the record that passed last."""
        self._early_ns = int(period_ns * TOLERANCE)
        self._due_ns = 0

    def passes(self, latest: int, now_ns: int) -> bool:
        """Whether the newest record is to be told now; it counts as told then."""
        if latest == self.told or now_ns < self._due_ns - self._early_ns:
            return False
        self.told = latest
        later = max(now_ns, self._due_ns) + self.period_ns
        self._due_ns = later - later % self.period_ns
        return True

    @property
    def due_ns(self) -> int:
        """When a record passes that is there already; one that comes may be earlier."""
        return self._due_ns


class Watched:
    """One channel that somebody follows, as the thread that sleeps on it sees it.

    Attributes:
        seen: Number of the newest record that was looked at.
        over: Whether its region has ended, which is told once.
    """

    def __init__(self) -> None:
        self.seen = 0
        self.over = False
        self._paces: dict[int, Pace] = {}
        self._fast = False

    def set_periods(self, periods_ns: frozenset[int]) -> None:
        """One for each rate that is asked for; none: each record of an event channel counts.

        Those that were there go on as they are.
        """
        self._paces = {
            period: self._paces.get(period) or Pace(period) for period in sorted(periods_ns)
        }

    def look(self, latest: int, now_ns: int) -> tuple[bool, frozenset[int]]:
        """Looks at the channel.

        Args:
            latest: Number of its newest record.
            now_ns: The time.

        Returns:
            Whether there is something to tell, and of a state channel to those of which periods.
        """
        new = latest != self.seen
        self.seen = latest
        if not self._paces:
            return new, frozenset()
        told = frozenset(
            period for period, pace in self._paces.items() if pace.passes(latest, now_ns)
        )
        fastest = next(iter(self._paces.values()))
        if latest != fastest.told:
            # Written faster than anybody wants it: looked at when it is due, not slept on.
            self._fast = True
        elif not told and now_ns >= fastest.due_ns:
            self._fast = False
        return bool(told), told

    def due_ns(self) -> int | None:
        """When it has to be looked at again whatever is written; None: when it is written."""
        late = [pace.due_ns for pace in self._paces.values() if pace.told != self.seen]
        if self.held:
            late.append(next(iter(self._paces.values())).due_ns)
        return min(late, default=None)

    @property
    def held(self) -> bool:
        """Whether nobody needs to be woken by the next record."""
        return self._fast
