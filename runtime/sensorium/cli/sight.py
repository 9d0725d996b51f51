"""What was seen of one channel: its newest record, how often it comes and how late."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sensorium.cli.words import Record

_RATE_WINDOW_NS = 2_000_000_000
_KEPT = 20_000
"""Latencies kept of each channel: some minutes at a display's rate."""

OPENING = {"audio": "microphone", "camera": "camera", "emotion": "camera"}
"""Grant classes whose readers may keep a device open."""
FRESH = frozenset({"new", "same"})
"""The statuses of a channel that an app can rely on."""


@dataclass(frozen=True)
class Look:
    """One read of a channel.

    Attributes:
        status: new, same, stale, invalid, denied, closed or version.
        reason: `health.Reason` of an invalid or stale answer.
        age_ns: Since the record was published.
        n: The record's number in the channel; 0: nothing was ever written.
        capture_ns: When the world was so.
        publish_ns: When the record was written.
        confidence: 0..1, NaN where none is given.
        engine: What computed it; empty for none.
        decode: Gives the record's content; None where there is none.
    """

    status: str
    reason: int = 0
    age_ns: int = 0
    n: int = 0
    capture_ns: int = 0
    publish_ns: int = 0
    confidence: float = float("nan")
    engine: str = ""
    decode: Callable[[], Record] | None = None

    @cached_property
    def record(self) -> Record:
        """The record's content, decoded when it is first asked for; empty where there is none."""
        return self.decode() if self.decode else {}


@dataclass
class Sight:
    """One channel over time.

    Attributes:
        channel: Its name.
        record_name: Of what it carries.
        region: The grant class that it lies in.
        look: The newest read.
        valid: Valid records that were read.
        first_ns: When the first of them was seen; 0 before.
        publish_lags_ns: From capture to publishing, of each valid record that was read.
        seen_lags_ns: From publishing to reading.
    """

    channel: str
    record_name: str
    region: str
    look: Look = field(default_factory=lambda: Look("invalid", reason=1))
    valid: int = 0
    first_ns: int = 0
    publish_lags_ns: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT))
    seen_lags_ns: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _marks: deque[tuple[int, int]] = field(default_factory=deque)

    def take(self, look: Look, now_ns: int, *, prompt: bool = True) -> None:
        """Takes one read.

        Args:
            look: What was read.
            now_ns: When.
            prompt: Whether the reader was woken by the record, so that its age is a latency.
        """
        self.look = look
        if look.status == "new":
            self.valid += 1
            self.first_ns = self.first_ns or now_ns
            self.publish_lags_ns.append(look.publish_ns - look.capture_ns)
            if prompt:
                self.seen_lags_ns.append(look.age_ns)
        if look.n and (not self._marks or now_ns - self._marks[-1][0] > _RATE_WINDOW_NS // 20):
            self._marks.append((now_ns, look.n))
            while now_ns - self._marks[0][0] > _RATE_WINDOW_NS:
                self._marks.popleft()

    def restart(self) -> None:
        """Forgets what the rate is made from: the daemon was started again."""
        self._marks.clear()

    @property
    def fresh(self) -> bool:
        """Whether an app can rely on the newest read."""
        return self.look.status in FRESH

    @property
    def rate_hz(self) -> float:
        """Records a second, over the last two seconds; valid or not."""
        if len(self._marks) < 2:
            return 0.0
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return max(0, last - first) * 1e9 / (end - start)

    def summary(self) -> dict[str, Any]:
        """For a JSON document."""
        return {
            "status": self.look.status,
            "reason": self.look.reason,
            "age_ms": self.look.age_ns / 1e6 if self.look.n else None,
            "rate_hz": round(self.rate_hz, 2),
            "records": self.look.n,
            "valid_records_seen": self.valid,
            "engine": self.look.engine,
            "capture_to_publish_ms": quantiles_ms(self.publish_lags_ns),
            "publish_to_seen_ms": quantiles_ms(self.seen_lags_ns),
        }


def quantiles_ms(lags_ns: Iterable[int]) -> dict[str, float] | None:
    """The median and the 99th percentile in ms; None of nothing."""
    ordered = sorted(lags_ns)
    if not ordered:
        return None
    last = len(ordered) - 1
    return {
        "p50": round(ordered[round(last * 0.5)] / 1e6, 4),
        "p99": round(ordered[round(last * 0.99)] / 1e6, 4),
    }
