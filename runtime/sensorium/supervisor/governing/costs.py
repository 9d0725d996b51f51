"""What the engines of each sense take, from what the processes tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SPAN_NS = 4_000_000_000
"""Between two looks at least: processes tell every two seconds."""


class Costs:
    """Follows the counts of runs.

    Attributes:
        by_sense: What the engines of a sense take, ns each second, of the newest spans.
    """

    def __init__(self) -> None:
        self.by_sense: dict[str, int] = {}
        self._runs: dict[tuple[str, str], int] = {}
        self._looked_ns = 0

    def look(self, engines: Iterable[Mapping[str, Any]], now_ns: int) -> bool:
        """Takes what the processes tell now.

        Args:
            engines: As `status` shows them.
            now_ns: The time.

        Returns:
            Whether `by_sense` is new.
        """
        span = now_ns - self._looked_ns
        if span < _SPAN_NS:
            return False
        first = not self._looked_ns
        self._looked_ns = now_ns
        took: dict[str, int] = {}
        runs: dict[tuple[str, str], int] = {}
        for engine in engines:
            sense, key = engine["sense"], (engine["sense"], engine["engine"])
            count = runs[key] = int(engine["runs"])
            before = self._runs.get(key, 0)
            # Of a process that was started anew all runs are new.
            new = count - before if count >= before else count
            took[sense] = took.get(sense, 0) + int(new * (engine["p50_us"] or 0) * 1000)
        self._runs = runs
        if first:
            # How long the runs until now took is not known.
            return False
        rates = {sense: ns * 1_000_000_000 // span for sense, ns in took.items()}
        self.by_sense = {
            sense: (rate + self.by_sense.get(sense, rate)) // 2 for sense, rate in rates.items()
        }
        return True
