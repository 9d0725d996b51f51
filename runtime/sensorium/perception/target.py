"""Targets: what of each app's scene is looked at, pointed at and grabbed; told to it alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sensorium.health import Reason
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception.eyes.rays import outdated
from sensorium.perception.sense import input_reason
from sensorium.perception.targets.attention import EYES, HEAD, Accuracy, Attention
from sensorium.perception.targets.hand_input import forward, from_controller, from_joints
from sensorium.perception.targets.spaces import GAP_NS, Spaces, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Rings, Sample
    from sensorium.perception.targets.spaces import Vector

HANDS = ("hand_left", "hand_right")
CONTROLLERS = ("controller_left", "controller_right")
BLINK_NS = 500_000_000
"""Eyes that are lost for so long may have blinked; then the head's ray serves. Blinks last 100 to
400 ms (Schiffman 2001)."""
_VALID = 1 | 2
_FAR_M = 1e6
_EYE_NOISE, _STEADY_NOISE = math.radians(1.0), math.radians(0.2)
"""Where the estimates of noise start: of eye trackers, and of heads, hands and controllers."""


@dataclass(frozen=True)
class TargetOptions:
    """How far rays are off: standard deviations an axis of what stays the same while one looks."""

    eye_deg: float = field(
        default=0.8,
        metadata={"doc": "How far off eye gaze is.", "min": 0.1, "max": 10.0},
    )
    head_deg: float = field(
        default=2.0,
        metadata={"doc": "How far the head's ray is off what is meant.", "min": 0.1, "max": 20.0},
    )
    hand_deg: float = field(
        default=2.0,
        metadata={"doc": "How far a hand's ray is off.", "min": 0.1, "max": 20.0},
    )


class Target:
    """The sense; see `perception.sense.Sense`."""

    Options = TargetOptions
    ENGINES: tuple[str, ...] = ()
    READS = ("head", "gaze", *HANDS, *CONTROLLERS)
    WRITES = ("target",)
    TEMPO = Tempo(Slowing.THINNED, 70, 60)
    """Each look is weighed by its time; a fixation lasts 100 ms and more."""

    def __init__(
        self, options: TargetOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._wearer = Wearer(options, rings)
        self.settle = self._wearer.settle

    def streams(self) -> tuple[TargetStream, ...]:
        """See `Sense.streams`: one for each input, which share what they know."""
        wearer = self._wearer
        return (
            TargetStream("head", wearer.take_head),
            TargetStream("gaze", wearer.take_gaze),
            *(TargetStream(name, partial(wearer.take_hand, side, name))
              for names in (HANDS, CONTROLLERS) for side, name in enumerate(names)),
        )


class TargetStream:
    """One input.

    Args:
        trigger: Its channel.
        take: Takes a record of it; what follows is told once all inputs are taken.
    """

    outputs = Target.WRITES

    def __init__(self, trigger: str, take: Callable[[Sample], None]) -> None:
        self.trigger = trigger
        self._take = take

    def process(self, sample: Sample, publish: Publish) -> None:
        """See `Stream.process`."""
        self._take(sample)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: inputs are states, and gaps are seen by time."""


class Wearer:
    """What is known of the wearer's rays, and what each app is told of them."""

    def __init__(self, options: TargetOptions, rings: Rings) -> None:
        self._rings = rings
        self._spaces = Spaces()
        self._apps: dict[int, Attention] = {}
        self._eyes = Accuracy(_EYE_NOISE, math.radians(options.eye_deg))
        self._head = Accuracy(_STEADY_NOISE, math.radians(options.head_deg))
        self._hand = Accuracy(_STEADY_NOISE, math.radians(options.hand_deg))
        self._head_ns: int | None = None
        self._eyes_ns: int | None = None
        self._sampled_ns = 0
        self._serves = ["", ""]
        self._pointed = [False, False]
        self._absent = Reason.STARTING
        self._untold_ns: int | None = None

    def settle(self, publish: Publish) -> None:
        """Looks along all rays that were taken at once, and tells of them; see `Sense`."""
        if self._untold_ns is not None:
            for app in self._apps.values():
                app.settle()
            self._tell(publish, self._untold_ns)
            self._untold_ns = None

    def take_head(self, sample: Sample) -> None:
        """Takes a pose of the head; its ray counts while no eyes are tracked."""
        now = sample.capture_ns
        pose = sample.record["pose"][0]
        position, orientation = pose["position"].tolist(), pose["orientation"].tolist()
        direction = forward(orientation)
        if (
            not sample.valid or int(pose["flags"]) & _VALID != _VALID
            or direction is None or not _near(position)
        ):
            self._meet(now)
            self._headless(sample)
        else:
            self._head_ns = now
            generation = int(sample.record["space_generation"][0])
            self._spaces.follow(now, generation, position, orientation)
            self._meet(now)
            if not _within(now, self._eyes_ns, BLINK_NS):
                self._look(HEAD, self._head, generation, (position, direction), now)
        self._untold_ns = now

    def take_gaze(self, sample: Sample) -> None:
        """Takes a sample of the eyes; what is no good is as if they had blinked."""
        now = sample.capture_ns
        row = sample.record[0]
        if not sample.valid and sample.reason is not Reason.INACTIVE:
            self._eyes_ns = None
            return
        if not sample.valid or int(row["source"]) != EYES or int(row["flags"]) & _VALID != _VALID:
            return
        origin, (x, y, z) = row["origin"].tolist(), row["direction"].tolist()
        length, sampled = math.hypot(x, y, z), int(row["sample_ns"])
        if not 0.99 < length < 1.01 or not _near(origin) or outdated(sampled, now):
            return
        self._meet(now)
        self._eyes_ns = now
        # The same look at the eyes says nothing new.
        if not sampled or sampled != self._sampled_ns:
            self._sampled_ns = sampled
            ray = origin, (x / length, y / length, z / length)
            self._look(EYES, self._eyes, int(row["space_generation"]), ray, now)
        self._untold_ns = now

    def take_hand(self, side: int, channel: str, sample: Sample) -> None:
        """Takes a sample of a hand, or of a controller, which counts while no hand is seen.

        Args:
            side: 0 left, 1 right.
            channel: Which of both.
            sample: Its record.
        """
        now, row, hand = sample.capture_ns, sample.record[0], None
        is_hand = channel == HANDS[side]
        if sample.valid:
            hand = from_joints(row, self._pointed[side]) if is_hand else from_controller(row)
        if self._serves[side] != channel and (
            hand is None or (self._serves[side] and not is_hand)
        ):
            return
        self._serves[side] = channel if hand is not None else ""
        self._pointed[side] = hand is not None and hand.ray is not None
        turn = self._spaces.into_first(hand.generation) if hand is not None else Turn()
        if turn is not None and (self._spaces.settled or hand is None):
            for app in self._apps.values():
                app.hand(side, turn, hand, now)
            self._untold_ns = now

    def _headless(self, sample: Sample) -> None:
        """A head that is out of sight for a moment is waited for."""
        now = sample.capture_ns
        away = not sample.valid and sample.reason is not Reason.INACTIVE
        self._absent = input_reason(sample.reason) if away else Reason.INACTIVE
        self._spaces.lost()
        if away or not (
            _within(now, self._head_ns, GAP_NS) or _within(now, self._eyes_ns, BLINK_NS)
        ):
            for app in self._apps.values():
                app.look_away(now)

    def _look(
        self, source: int, accuracy: Accuracy, generation: int,
        ray: tuple[Sequence[float], Vector], time_ns: int,
    ) -> None:
        turn = self._spaces.into_first(generation)
        if turn is not None and self._spaces.settled:
            moved = turn.point(ray[0]), turn.direction(ray[1])
            for app in self._apps.values():
                app.look(source, accuracy, moved, time_ns)

    def _meet(self, time_ns: int) -> None:
        """Goes over to the apps that are connected now, and to their newest scenes."""
        apps = self._rings.apps
        connected = {app.session: app for app in apps.connected()}
        if connected.keys() != self._apps.keys():
            self._apps = {
                session: self._apps.get(session) or Attention(app, self._hand)
                for session, app in connected.items()
            }
        for attention in self._apps.values():
            attention.read(apps, self._spaces, time_ns)

    def _tell(self, publish: Publish, time_ns: int) -> None:
        for session, app in self._apps.items():
            app.fill(self._spaces.generation)
            valid = app.scene is not None and app.looked
            publish(
                "target", app.record, time_ns, valid=valid,
                reason=Reason.NONE if valid
                else Reason.INACTIVE if app.scene is None
                else self._absent,
                confidence=app.confidence, app=session,
            )


def _within(now_ns: int, time_ns: int | None, span_ns: int) -> bool:
    """Whether a time is less than a span away; time may go back."""
    return time_ns is not None and abs(now_ns - time_ns) < span_ns


def _near(position: Sequence[float]) -> bool:
    """Whether all are finite and within reach; a NaN fails the comparison."""
    return all(abs(value) <= _FAR_M for value in position)
