"""What the governor says, as a process reads it: the steps of its senses, and the app's frame."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.channels.wait import Sleeper
from sensorium.clock import now_ns
from sensorium.inference.frame_phase import FramePhase
from sensorium.inference.governor.step import Step, StepKind
from sensorium.records import FRAME_PHASE, GOVERNOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.channels.region import Region, Waiters
    from sensorium.process.outputs import Outputs

_REGION = "public"
_FRESH = (Status.NEW, Status.SAME)
_NAP_S = 0.05
"""Where the region is not there yet, or has ended."""
_UNREAD = -1
_KINDS = {int(kind): kind for kind in StepKind}


class Allowed(NamedTuple):
    """How much one sense may take.

    Attributes:
        step: Where it stands.
        longest_ms: What its interval is kept within; 0: the governor does not say.
    """

    step: Step = Step()
    longest_ms: int = 0


class Board:
    """The newest of the channels `governor` and `frame_phase`. For one thread.

    What is stale, was never written or lies in a region that has ended says nothing: then every
    sense has all that it wants. Reading costs no system call.

    Args:
        outputs: The process's regions.

    Attributes:
        live: Whether a governor is there.
        background: Whether engines run only where nobody else wants to.
        gpu_spared: Whether what callers run is to leave the GPU to an app.
        risk: As in the record `governor`; 0 where there is none.
        senses: Name to what it may take; one that is not there may take all.
    """

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._mapped: tuple[Region, Waiters] | None = None
        self._governor: Reader | None = None
        self._phase: Reader | None = None
        self._sleeper: Sleeper | None = None
        self._news: Sleeper | None = None
        self._seen = 0
        self.live = self.background = self.gpu_spared = False
        self.risk = 0
        self.senses: Mapping[str, Allowed] = {}

    def look(self, time_ns: int) -> bool:
        """Reads what the governor says; True where it may be something else than before."""
        self._map()
        reader = self._governor
        live = reader is not None and reader.read(time_ns) in _FRESH
        seen = reader.sample.n if reader is not None and live else 0
        if seen == self._seen and live == self.live:
            return False
        self._seen, self.live = seen, live
        self.background, self.gpu_spared, self.risk, self.senses = False, False, 0, {}
        if reader is not None and live:
            record = reader.sample.view(GOVERNOR)[0]
            self.background = bool(record["background"])
            self.gpu_spared = bool(record["gpu_spared"])
            self.risk = int(record["risk"])
            count = min(int(record["count"]), len(record["senses"]))
            self.senses = {
                name.rstrip(b"\0").decode("utf-8", "replace"): Allowed(
                    Step(_KINDS.get(step, StepKind.FULL), interval_ms), longest_ms
                )
                for name, step, interval_ms, longest_ms, _ in record["senses"][:count].tolist()
            }
        return True

    def phase(self, time_ns: int) -> FramePhase | None:
        """Where in its frame the app is; None: that is not known, or does not matter."""
        self._map()
        if self._phase is None or self._phase.read(time_ns) not in _FRESH:
            return None
        record = self._phase.sample.view(FRAME_PHASE)[0].tolist()
        return FramePhase(*record[: len(FramePhase._fields)])

    def sleep_frame(self, seconds: float) -> None:
        """Sleeps until the app has submitted a frame, at most so long."""
        phase = self._phase
        if phase is None or self._mapped is None or phase.ended():
            time.sleep(min(seconds, _NAP_S))
            return
        if self._sleeper is None:
            self._sleeper = Sleeper([phase], [self._mapped[1]])
        self._sleeper.wait([phase.sample.n], seconds)

    def sleep_news(self, seconds: float) -> None:
        """Sleeps until the governor says something, at most so long."""
        governor = self._governor
        if governor is None or self._mapped is None or governor.ended():
            time.sleep(min(seconds, _NAP_S))
            return
        if self._news is None:
            self._news = Sleeper([governor], [self._mapped[1]])
        self._news.wait([governor.sample.n], seconds)

    def close(self) -> None:
        """Gives up what was needed to be woken."""
        for sleeper in (self._sleeper, self._news):
            if sleeper is not None:
                sleeper.close()
        self._sleeper = self._news = None

    def _map(self) -> None:
        mapped = self._outputs.regions.get(_REGION)
        if mapped is None or mapped is self._mapped:
            return
        self.close()
        self._mapped, self._seen = mapped, _UNREAD
        live = self._outputs.clock is now_ns
        self._governor = Reader(mapped[0], "governor", live=live)
        self._phase = Reader(mapped[0], "frame_phase", live=live)


class Boards(threading.local):
    """A board for each thread.

    Args:
        outputs: The process's regions.
    """

    def __init__(self, outputs: Outputs) -> None:
        self.board = Board(outputs)
