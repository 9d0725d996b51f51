"""How long a display shows a frame: the smallest period that was told for some frames in a row."""

from __future__ import annotations

SHORTEST_NS, LONGEST_NS = 1_000_000, 1_000_000_000
"""What a display may have."""
_STABLE = 3
_SAME = 50
"""A period counts once so many frames in a row had it, to one part in so many."""
_NEW_RATE_NS = 60_000_000_000
"""A runtime under load tells longer periods; one that held for so long is the display's own."""


class DisplayPeriod:
    """Follows what an app tells.

    Attributes:
        ns: The period; 0: not known.
        steady_ns: What was told last, where telling it again changes nothing; else 0.
    """

    def __init__(self) -> None:
        self.ns = self.steady_ns = 0
        self._candidate_ns = self._held = self._since_ns = 0

    def learn(self, told_ns: int, now_ns: int) -> bool:
        """Takes what a frame tells; returns whether that is another display, or rate of it.

        Args:
            told_ns: The period; what no display can have is left out.
            now_ns: Monotonic.
        """
        if not SHORTEST_NS <= told_ns <= LONGEST_NS:
            return False
        if abs(told_ns - self._candidate_ns) * _SAME > told_ns:
            self._held, self._since_ns = 0, now_ns
        self._held += 1
        self._candidate_ns = told_ns
        before = self.ns
        if self._held >= _STABLE and (
            not before or told_ns < before or now_ns - self._since_ns >= _NEW_RATE_NS
        ):
            self.ns = told_ns
        self.steady_ns = told_ns if self._held >= _STABLE and told_ns == self.ns else 0
        return abs(self.ns - before) * _SAME > self.ns
