"""What an engine's runs took, since the service began."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

_KEPT = 1024
_MOST_SIZES = 64
_NEWEST = 15
_QUICK_NS, _LONGEST_NS = 500_000, 2_000_000
"""What half of a quick engine's newest runs take of the processor at most, and each of them."""


@dataclass
class Duration:
    """How often something happened and how long it took in all, in ns."""

    count: int = 0
    ns: int = 0

    def add(self, ns: int, count: int = 1) -> None:
        """Counts it once more."""
        self.count += count
        self.ns += ns


@dataclass(frozen=True)
class Timing:
    """What one run took, in ns: to join the feeds, to run, to split and copy the outputs.

    And what of the processor's time its own thread took to run: without what it waited.
    """

    input_ns: int
    run_ns: int
    output_ns: int
    cpu_ns: int


@dataclass
class BatchFigures:
    """The runs of one number of rows."""

    input: Duration = field(default_factory=Duration)
    run: Duration = field(default_factory=Duration)
    output: Duration = field(default_factory=Duration)

    def add(self, timing: Timing) -> None:
        """Counts a run."""
        self.input.add(timing.input_ns)
        self.run.add(timing.run_ns)
        self.output.add(timing.output_ns)


@dataclass
class Figures:
    """The figures of one engine.

    Attributes:
        succeeded: Requests that were answered, from when they came.
        failed: Requests that failed.
        queued: What those that ran waited.
        whole: Of all runs.
        batches: By rows in a run; the sizes beyond the first 64 different ones are left out.
        rows: In all.
        last_ms: When the last request ended, in ms since 1970; 0: never.
    """

    succeeded: Duration = field(default_factory=Duration)
    failed: Duration = field(default_factory=Duration)
    queued: Duration = field(default_factory=Duration)
    whole: BatchFigures = field(default_factory=BatchFigures)
    batches: dict[int, BatchFigures] = field(default_factory=dict)
    rows: int = 0
    last_ms: int = 0
    _recent: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _newest: deque[int] = field(default_factory=lambda: deque(maxlen=_NEWEST))

    def ran(self, timing: Timing, rows: int) -> None:
        """Counts a run that succeeded."""
        self.whole.add(timing)
        self.rows += rows
        self._recent.append(timing.run_ns)
        self._newest.append(timing.cpu_ns)
        if rows in self.batches or len(self.batches) < _MOST_SIZES:
            self.batches.setdefault(rows, BatchFigures()).add(timing)

    @property
    def is_quick(self) -> bool:
        """Whether a run is over sooner than a thread has taken it and told of its end."""
        ordered = sorted(self._newest)
        return (
            len(ordered) == _NEWEST
            and ordered[_NEWEST // 2] <= _QUICK_NS
            and ordered[-1] <= _LONGEST_NS
        )

    def answered(self, queued_ns: int, took_ns: int, *, failed: bool) -> None:
        """Counts a request that ran."""
        self.queued.add(queued_ns)
        (self.failed if failed else self.succeeded).add(took_ns)
        self.last_ms = time.time_ns() // 1_000_000

    def percentile_ns(self, share: float) -> int:
        """A percentile of the last 1,024 runs; 0 where there is none.

        Args:
            share: 0 to 1.
        """
        ordered = sorted(self._recent)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0
