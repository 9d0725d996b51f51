"""The first answer to frames at risk: processes that run only where nobody else wants to.

Those do whose senses may be slowed by a tenth of a second and more, and the local API. None of them
starves unsaid: one that gets nothing of a processor for too long is taken back for a while.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium.inference.governor.tempo import Slowing
from sensorium.process import idle_class
from sensorium.supervisor.governing.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensorium.inference.governor.decision import Governed

LOWERED = ("slow", "service")
"""Who goes to the background. Not what captures, nor what answers within a frame."""
_LONGEST_NS = 1_500_000_000
"""How long a process waits at most while it gets nothing."""
_RESCUED_NS = 2_000_000_000
"""For how long it is taken back then."""
_log = logging.getLogger(__name__)


class Lowerable(NamedTuple):
    """A process that is live and may go to the background.

    Attributes:
        name: slow or service.
        pid: Its number.
        senses: Names of those that it runs.
    """

    name: str
    pid: int
    senses: tuple[str, ...]


@dataclass
class _Held:
    served: Served | None = None
    """None: it has been taken back for a while."""
    again_ns: int = 0


class Background:
    """Puts processes there and takes them back; used by one thread.

    Attributes:
        shown: What holds, as JSON values, by the name of a process; a new one each time, so that
            any thread may read it.
    """

    def __init__(self) -> None:
        self.shown: dict[str, dict[str, Any]] = {}
        self._held: dict[int, _Held] = {}
        self._may: dict[int, bool] = {}
        self._rescued: dict[str, int] = {}
        self._refusal_told = False

    def look(
        self, processes: Iterable[Lowerable], senses: Sequence[Governed], now_ns: int, *,
        wanted: bool,
    ) -> None:  # fmt: skip
        """Does what is wanted now; call it at once when that changes, and twice a second.

        Args:
            processes: Those that are live.
            senses: All that are enabled.
            now_ns: Monotonic.
            wanted: Whether they are to be in the background.
        """
        there = {one.pid: one for one in processes}
        self._take_back(pid for pid in tuple(self._held) if not wanted or pid not in there)
        shown = {}
        for one in there.values():
            # It is tried before it is needed.
            may = self._may_come_back(one.pid)
            if wanted and may:
                self._hold(one, senses, now_ns)
            elif wanted and not self._refusal_told:
                self._refusal_told = True
                _log.info(
                    "%s keeps its priority beside an app's frames: the system would not let it "
                    "leave the idle class (sensorium doctor tells the remedy)", one.name,
                )
            held = self._held.get(one.pid)
            shown[one.name] = {
                "background": held is not None and held.served is not None,
                "background_refused": not may,
                "rescued": self._rescued.get(one.name, 0),
            }
        self.shown = shown

    def end(self) -> None:
        """Takes all back."""
        self._take_back(tuple(self._held))
        self.shown = {
            name: {**said, "background": said["background"] and bool(self._held)}
            for name, said in self.shown.items()
        }

    def _may_come_back(self, pid: int) -> bool:
        try:
            nice = idle_class.nice_of(pid)
        except OSError:
            return False
        if nice not in self._may:
            self._may[nice] = idle_class.may_come_back(nice)
        return self._may[nice]

    def _hold(self, one: Lowerable, senses: Sequence[Governed], now_ns: int) -> None:
        held = self._held.setdefault(one.pid, _Held())
        if held.served is not None and held.served.is_starved(now_ns):
            idle_class.restore(one.pid)
            held.served, held.again_ns = None, now_ns + _RESCUED_NS
            if one.name not in self._rescued:
                _log.warning(
                    "%s got no processor beside an app: it has its priority back for %.0f s, "
                    "each time again", one.name, _RESCUED_NS / 1e9,
                )
            self._rescued[one.name] = self._rescued.get(one.name, 0) + 1
        # Also threads that have come since.
        if now_ns >= held.again_ns and idle_class.lower(one.pid) and held.served is None:
            held.served = Served(one.pid, _limit_ns(one, senses), now_ns)

    def _take_back(self, pids: Iterable[int]) -> None:
        for pid in pids:
            # What the system forbids now is tried again at the next look.
            if idle_class.restore(pid):
                del self._held[pid]


def _limit_ns(one: Lowerable, senses: Sequence[Governed]) -> int:
    """What waits in a ring is waited for no longer than its sense may."""
    waits = [
        sense.tempo.longest_ms * 1_000_000 for sense in senses
        if sense.name in one.senses and sense.tempo.slowing is Slowing.DEFERRED
    ]
    return min([_LONGEST_NS, *waits])
