"""When a sense takes up its input: at once, or as late as the governor allows it to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.inference.governor.step import StepKind
from sensorium.inference.governor.tempo import DEFAULT, Slowing
from sensorium.process.governed import Allowed

if TYPE_CHECKING:
    from sensorium.inference.governor.tempo import Tempo

_MS = 1_000_000
HOLDS_NS = 10_000_000_000
"""How long input waits at most, whatever is configured: with the longest utterance, 20 s, before
it, that is still in the ring of 32 s."""
_NEVER_NS = 50_000_000
"""What a run of another sense may keep one waiting that is not to be slowed."""
_IN_TIME = 3, 4
"""In the background a sense begins after this share of its longest interval: what is left is for
the processor to come."""
_FOREVER_NS = 1 << 62


class Pace:
    """The pace of one sense. Times are monotonic, in ns.

    Args:
        tempo: How it may be slowed; None: as a sense that says nothing.

    Attributes:
        allowed: What the governor lets it take.
        background: Whether its process waits for processors that nobody else wants.
        skipped: Records that were left out for newer ones.
        waited_ns: What its input waited, in all.
    """

    def __init__(self, tempo: Tempo | None = None) -> None:
        self._tempo = tempo or DEFAULT
        self.allowed = Allowed()
        self.background = False
        self.skipped = 0
        self.waited_ns = 0
        self._taken_ns: int | None = None
        self._since_ns: int | None = None
        self._idled_ns = 0

    @property
    def is_slowed(self) -> bool:
        """Whether its tempo lets it be slowed at all."""
        return self._tempo.slowing is not Slowing.NEVER

    @property
    def is_free(self) -> bool:
        """Whether it takes its input at once."""
        kind, interval_ms = self.allowed.step
        return not self.is_slowed or (kind is not StepKind.PAUSED and not interval_ms)

    @property
    def is_paused(self) -> bool:
        """Whether it gives nothing at all: what it would tell is not waited for by a ring."""
        return (
            self._tempo.slowing is Slowing.THINNED
            and self.allowed.step.kind is StepKind.PAUSED
        )

    def note(self, now_ns: int | None) -> None:
        """There is input that it has not taken; None: there is none."""
        if now_ns is None:
            self._since_ns = None
        elif self._since_ns is None:
            self._since_ns = now_ns
            taken = self._taken_ns
            if (
                self._tempo.slowing is Slowing.THINNED and taken is not None
                and now_ns - taken < self._longest_ns()
            ):
                self._since_ns = taken

    def due_ns(self) -> int:
        """When input may be taken that is there, or comes; a time that is over: at once."""
        if self.is_free:
            return 0
        if self.is_paused:
            return _FOREVER_NS
        begin = self._taken_ns if self._tempo.slowing is Slowing.THINNED else self._since_ns
        return 0 if begin is None else begin + self._interval_ns()

    def took(self, now_ns: int | None, skipped: int = 0) -> None:
        """It has taken what was there.

        Args:
            now_ns: When it began to; None: that it was told only why there is nothing.
            skipped: Records that it left out for newer ones.
        """
        since, self._since_ns = self._since_ns, None
        if now_ns is None:
            return
        self._taken_ns = now_ns
        if not self.is_free:
            self.skipped += skipped
        if self._tempo.slowing is Slowing.DEFERRED and since is not None:
            self.waited_ns += now_ns - since

    def may_idle(self, now_ns: int) -> bool:
        """Whether it may do what it put off; asked several times a second."""
        if self.is_free:
            return True
        if self.allowed.step.kind is StepKind.PAUSED or now_ns < self._idled_ns:
            return False
        self._idled_ns = now_ns + self._interval_ns()
        return True

    def deadline_ns(self, now_ns: int) -> int:
        """By when it must have taken its input, or what may come any moment."""
        if not self.is_slowed:
            return now_ns + _NEVER_NS
        if self.is_paused:
            return _FOREVER_NS
        since = now_ns if self._since_ns is None else self._since_ns
        return since + self._longest_ns()

    def figures(self) -> dict[str, Any]:
        """As JSON values; from any thread."""
        step = self.allowed.step
        return {
            "step": step.kind.name.lower(),
            "interval_ms": step.interval_ms,
            "skipped": self.skipped,
            "waited_s": round(self.waited_ns / 1e9, 3),
        }

    def _longest_ns(self) -> int:
        longest_ns = (self.allowed.longest_ms or self._tempo.longest_ms) * _MS
        deferred = self._tempo.slowing is Slowing.DEFERRED
        return min(longest_ns, HOLDS_NS) if deferred else longest_ns

    def _interval_ns(self) -> int:
        step, longest_ns = self.allowed.step, self._longest_ns()
        # What is deferred and paused is run in the end, too.
        interval_ns = longest_ns if step.kind is StepKind.PAUSED else step.interval_ms * _MS
        if self._tempo.slowing is Slowing.DEFERRED:
            interval_ns = min(interval_ns, longest_ns)
        if self.background:
            share, of = _IN_TIME
            interval_ns = min(interval_ns, longest_ns * share // of)
        return interval_ns
