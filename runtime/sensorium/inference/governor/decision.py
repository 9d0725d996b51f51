"""What the governor governs, what it decides, and the evidence of each step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sensorium.inference.governor.frame import Risk
from sensorium.inference.governor.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.governor.step import Cause, Step
    from sensorium.inference.governor.tempo import Tempo


class Governed(NamedTuple):
    """A sense that may be slowed.

    Attributes:
        name: As in the configuration.
        tempo: How it may be slowed.
        engine: The largest that it runs; empty: none.
        smaller: Whether a smaller engine is configured for it.
        other_device: Whether its engine is also there for another device.
    """

    name: str
    tempo: Tempo
    engine: str = ""
    smaller: bool = False
    other_device: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """How much the senses may take now.

    Attributes:
        level: 0: all are at full; a higher one takes more from them.
        background: Whether engines run only on processors that nobody else wants.
        risk: Of the app whose frames are held.
        app: Whose frames are held; empty: nobody's.
        policy: That holds for it.
        steps: Of each sense, in the order in which they were given.
        beyond: Senses that get less than their `longest_ms` says.
        period_ns: Of the display that the app draws for; 0: not known.
        changed_ns: Monotonic, when a step was changed last; 0: never yet.
        changes: How often steps were changed; those of one decision count once.
        gpu_spared: Whether what callers of the local API and bridges run leaves the GPU: it comes
            below every sense.
    """

    level: int = 0
    background: bool = False
    risk: Risk = Risk.UNKNOWN
    app: str = ""
    policy: Policy = Policy.FRAMES
    steps: Mapping[str, Step] = field(default_factory=dict)
    beyond: frozenset[str] = frozenset()
    period_ns: int = 0
    changed_ns: int = 0
    changes: int = 0
    gpu_spared: bool = False


class Change(NamedTuple):
    """One sense's change of step, or that of `background`; see `records.GOVERNOR_STEP`.

    Attributes:
        at_ns: Monotonic, when it was decided.
        app: Whose frames were the reason; empty: nobody's.
        sense: Whose step changed; empty: `background` of all, with `before` and `after` FULL for
            off and REDUCED for on.
        engine: The largest of the sense; empty: none.
        before: Its step.
        after: Its new step.
        cause: Why.
        level: Of the governor, after it.
        frame: The app's number of the frame that was judged last; 0: none was.
        frame_ns: Its time from begin to submission.
        late_ns: By how much it was late; 0: it was not, or that is not known.
        period_ns: Of the display; 0: not known.
        busy_ns: p95 of the newest frames' time from begin to submission; 0: not known.
        cost_ns: Of the sense's engines, each second, before it; 0: not known.
        pressure: Share of time that others waited for, 0 to 1; NaN: not asked.
        change: Counts up from 1; those of one decision have the same.
    """

    at_ns: int
    app: str
    sense: str
    engine: str
    before: Step
    after: Step
    cause: Cause
    level: int
    frame: int
    frame_ns: int
    late_ns: int
    period_ns: int
    busy_ns: int
    cost_ns: int
    pressure: float
    change: int
