"""The last seconds of targets and rays, in rings: a word is understood after the eyes have left.

Recognition takes its time, in another process, and may have to start anew; the rings wait for it.
What is traced of targets goes into the region of their app, as they do; rays go where rays are
private: the head's and hands' under motion, the eyes' under gaze. The eyes' are kept sample by
sample: saccades take 30 to 100 ms, and when they were made is most of what tells which look a word
is about (`intents.scanpath`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium import records
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception.eyes.rays import outdated
from sensorium.perception.targets.hand_input import forward, from_controller, from_joints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Rings, Sample
    from sensorium.perception.targets.spaces import Vector

PERIOD_NS = 50_000_000
"""A fixation of 100 ms, as short as they are, is met twice; 256 slots are 12.8 s."""
EYES_PERIOD_NS = 7_500_000
"""Of eyes that are told more often only so much is kept: 2048 slots are 15 s."""
FRESH_NS = 100_000_000
"""An older ray is not one of this moment."""
EYES, HEAD, FINGER, CONTROLLER = 1, 2, 3, 4
"""Values of `traced_ray.kind`."""
HANDS = ("hand_left", "hand_right")
CONTROLLERS = ("controller_left", "controller_right")
_VALID = 1 | 2
_FAR_M = 1e6
_COPIED = ("looked_at", "pointed_at", "grabbed", "nothing", "looked_source", "hands")


@dataclass(frozen=True)
class AttentionTraceOptions:
    """None."""


class Traced(NamedTuple):
    """A ray and when it was so.

    Attributes:
        time_ns: Capture time.
        space: The record's space and its generation.
        kind: See `traced_ray.kind`.
        origin: m.
        direction: Unit vector.
    """

    time_ns: int
    space: tuple[int, int]
    kind: int
    origin: Vector
    direction: Vector


class AttentionTrace:
    """The sense; see `perception.sense.Sense`."""

    Options = AttentionTraceOptions
    ENGINES: tuple[str, ...] = ()
    READS = ("head", "gaze", *HANDS, *CONTROLLERS)
    WRITES = ("target_trace", "ray_trace", "gaze_trace")
    TEMPO = Tempo(Slowing.NEVER, 100, 0)
    """It costs next to nothing, and what it has not kept of the eyes no word finds."""

    def __init__(
        self, options: AttentionTraceOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        trace = Trace(rings)
        self._streams = (
            TraceStream("head", trace.take_head),
            TraceStream("gaze", trace.take_gaze),
            *(TraceStream(name, partial(trace.take_hand, side, name in HANDS))
              for names in (HANDS, CONTROLLERS) for side, name in enumerate(names)),
        )

    def streams(self) -> tuple[TraceStream, ...]:
        """See `Sense.streams`: one for each input, which share what they know."""
        return self._streams


class TraceStream:
    """One input.

    Args:
        trigger: Its channel.
        take: Takes its samples.
    """

    outputs = AttentionTrace.WRITES

    def __init__(self, trigger: str, take: Callable[[Sample, Publish], None]) -> None:
        self.trigger = trigger
        self._take = take

    def process(self, sample: Sample, publish: Publish) -> None:
        """See `Stream.process`."""
        self._take(sample, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: the newest counts."""


class Trace:
    """What the streams know together."""

    def __init__(self, rings: Rings) -> None:
        self._rings = rings
        self._eyes: Traced | None = None
        self._head: Traced | None = None
        self._fingers: list[Traced | None] = [None, None]
        self._aims: list[Traced | None] = [None, None]
        self._moments_ns = 0
        self._eyes_ns = 0
        self._targets: dict[int, tuple[int, int]] = {}
        """Session of an app to the number and capture time of its record that was traced last."""
        self._record = records.TARGET_TRACE.zeros()

    def take_head(self, sample: Sample, publish: Publish) -> None:
        """Takes a pose of the head."""
        row, pose = sample.record[0], sample.record["pose"][0]
        self._head = None
        if sample.valid and int(pose["flags"]) & _VALID == _VALID:
            direction = forward(pose["orientation"].tolist())
            self._head = _ray(sample, row, HEAD, pose["position"].tolist(), direction)
        self._turn(sample, publish)

    def take_gaze(self, sample: Sample, publish: Publish) -> None:
        """Takes a sample of gaze; the head's ray is known from the head."""
        row = sample.record[0]
        self._eyes = None
        if sample.valid and int(row["source"]) == EYES and int(row["flags"]) & _VALID == _VALID:
            x, y, z = row["direction"].tolist()
            length = math.hypot(x, y, z)
            late = outdated(int(row["sample_ns"]), sample.capture_ns)
            if 0.99 < length < 1.01 and not late:
                unit = x / length, y / length, z / length
                self._eyes = _ray(sample, row, EYES, row["origin"].tolist(), unit)
        if self._eyes is not None and _due(sample.capture_ns, self._eyes_ns, EYES_PERIOD_NS):
            self._eyes_ns = sample.capture_ns
            publish("gaze_trace", _traced([self._eyes]), sample.capture_ns)
        self._turn(sample, publish)

    def take_hand(self, side: int, is_hand: bool, sample: Sample, publish: Publish) -> None:
        """Takes a sample of a hand or of a controller.

        Args:
            side: 0 left, 1 right.
            is_hand: Not a controller.
            sample: Its record.
            publish: See `Stream.process`.
        """
        kept, row = (self._fingers if is_hand else self._aims), sample.record[0]
        before, kept[side] = kept[side], None
        if sample.valid:
            hand = from_joints(row, before is not None) if is_hand else from_controller(row)
            if hand is not None and hand.ray is not None:
                kind = FINGER if is_hand else CONTROLLER
                kept[side] = _ray(sample, row, kind, *hand.ray)
        self._turn(sample, publish)

    def _turn(self, sample: Sample, publish: Publish) -> None:
        """Traces what it is time for."""
        now = sample.capture_ns
        self._trace_targets(now, publish)
        if not _due(now, self._moments_ns):
            return
        hands = (
            _fresh(self._fingers[side], now) or _fresh(self._aims[side], now) for side in (0, 1)
        )
        rays = [_fresh(self._head, now), *hands]
        if any(rays):
            self._moments_ns = now
            publish("ray_trace", _traced(rays), now)

    def _trace_targets(self, now_ns: int, publish: Publish) -> None:
        apps = self._rings.apps
        connected = apps.connected()
        self._targets = {
            app.session: self._targets.get(app.session, (0, 0)) for app in connected
        }
        for app in connected:
            number, traced_ns = self._targets[app.session]
            newest = apps.latest(app.session, "target")
            if newest == number or not _due(now_ns, traced_ns):
                continue
            told = apps.newest(app.session, "target")
            if told is None:
                continue
            self._targets[app.session] = newest, told.capture_ns
            if told.valid or told.record["hands"][0]:
                row, source = self._record[0], told.record[0]
                for name in _COPIED:
                    row[name] = source[name]
                publish("target_trace", self._record, told.capture_ns, app=app.session)


def _due(now_ns: int, before_ns: int, period_ns: int = PERIOD_NS) -> bool:
    """Whether a period is over; time may go back."""
    return not 0 <= now_ns - before_ns < period_ns


def _fresh(ray: Traced | None, now_ns: int) -> Traced | None:
    return ray if ray is not None and abs(now_ns - ray.time_ns) <= FRESH_NS else None


def _ray(
    sample: Sample, row: Any, kind: int, origin: Any, direction: Vector | None
) -> Traced | None:
    x, y, z = origin
    # A NaN fails the comparison.
    if direction is None or not all(abs(value) <= _FAR_M for value in (x, y, z)):
        return None
    space = int(row["space"]), int(row["space_generation"])
    return Traced(sample.capture_ns, space, kind, (x, y, z), direction)


def _traced(rays: list[Traced | None]) -> Any:
    """The rays as a record; those of another space than the first one's are left out."""
    record = records.RAY_TRACE.zeros()
    row = record[0]
    space = next(ray.space for ray in rays if ray is not None)
    row["space"], row["space_generation"] = space
    for slot, ray in zip(row["rays"], rays, strict=False):
        if ray is not None and ray.space == space:
            slot["kind"], slot["origin"], slot["direction"] = ray.kind, ray.origin, ray.direction
    return record
