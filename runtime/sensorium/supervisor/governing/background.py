"""The first answer to frames at risk: processes of ours keep out of the app's way.

Where its threads leave cores free, all keep to some of these. Where it uses all, those run only
where nobody else wants to whose senses may be slowed by a tenth of a second and more, and the local
API. None of them starves unsaid: one that gets nothing of a processor for too long is taken back
for a while.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium.inference.governor.tempo import Slowing
from sensorium.process import idle_class
from sensorium.process.cores import cores, corner, kept_from
from sensorium.supervisor.governing.confinement import Confinement
from sensorium.supervisor.governing.crowd import Crowd
from sensorium.supervisor.governing.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensorium.inference.governor.decision import Governed

LOWERED = ("slow", "service")
"""Who goes to the idle class. Not what captures, nor what answers within a frame."""
_LONGEST_NS = 1_500_000_000
"""How long a process waits at most while it gets nothing."""
_RESCUED_NS = 2_000_000_000
"""For how long it is taken back then."""
_STAYS_NS = 300_000_000_000
"""What costs the senses nothing but cores goes on for so long after all was given back: an app that
fills half of its time would soon be late again."""
_CROWDED_NS = 10_000_000_000
"""An app that was seen to use all cores does so for at least as long."""
_log = logging.getLogger(__name__)


class Lowerable(NamedTuple):
    """A process that is live and may go to the background.

    Attributes:
        name: Of the child.
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
        self._crowd = Crowd()
        self._crowded_ns = -_CROWDED_NS
        self._stays: tuple[int, int] = 0, 0
        self._confinement = Confinement()

    def look(
        self, processes: Iterable[Lowerable], senses: Sequence[Governed], now_ns: int, *,
        wanted: bool, app: int = 0, stays: bool = False,
    ) -> None:  # fmt: skip
        """Does what is wanted now; call it at once when that changes, and twice a second.

        Args:
            processes: Those that are live.
            senses: All that are enabled.
            now_ns: Monotonic.
            wanted: Whether they are to be in the background.
            app: Number of the process whose frames are held; 0: there is none.
            stays: Whether who keeps to a few cores goes on so for a while, as long as it is there.
        """
        there = {one.pid: one for one in processes}
        self._crowd.look(app, now_ns)
        if wanted:
            self._stays = app, now_ns + _STAYS_NS
        goes_on = stays and self._confinement.cpus and self._stays[0] == app != 0
        kept = wanted or (goes_on and now_ns < self._stays[1])
        cpus = self._corner(app, now_ns) if kept else frozenset()
        idle = wanted and not cpus
        self._take_back(pid for pid in tuple(self._held) if not idle or pid not in there)
        self._confinement.keep(there, cpus)
        self.shown = {
            one.name: self._place(one, senses, now_ns, idle=idle) for one in there.values()
        }

    def _corner(self, app: int, now_ns: int) -> frozenset[int]:
        """Where all keep to beside an app; empty: anywhere."""
        busy = self._crowd.busy
        if busy is None or now_ns - self._crowded_ns < _CROWDED_NS:
            return frozenset()
        found = corner(cores(), kept_from(app), busy)
        if not found:
            self._crowded_ns = now_ns
        # More than are needed are not taken while it lasts.
        kept = self._confinement.cpus
        return kept if kept and kept <= found else found

    def _place(
        self, one: Lowerable, senses: Sequence[Governed], now_ns: int, *, idle: bool
    ) -> dict[str, Any]:
        """Puts a process into the idle class where it is to be; says where it is."""
        may = True
        if one.name in LOWERED:
            # It is tried before it is needed.
            may = self._may_come_back(one.pid)
            if idle and may:
                self._hold(one, senses, now_ns)
            elif idle and not self._refusal_told:
                self._refusal_told = True
                _log.info(
                    "%s keeps its priority beside an app's frames: the system would not let it "
                    "leave the idle class (sensorium doctor tells the remedy)", one.name,
                )
        held = self._held.get(one.pid)
        confined = self._confinement.holds(one.pid)
        return {
            "background": confined or (held is not None and held.served is not None),
            "background_refused": not may,
            "cores": sorted(self._confinement.cpus) if confined else [],
            "rescued": self._rescued.get(one.name, 0),
        }

    def end(self) -> None:
        """Takes all back."""
        self._take_back(tuple(self._held))
        self._confinement.end()
        self.shown = {
            name: {**said, "background": said["background"] and bool(self._held), "cores": []}
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
