"""Gaze: the eyes' or else the head's ray, filtered; fixations, saccades, pursuits and blinks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensorium import records
from sensorium.health import Reason
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception.eyes.angular_speed import UNKNOWN_SPEEDS
from sensorium.perception.eyes.movements import Movement
from sensorium.perception.eyes.options import GazeOptions
from sensorium.perception.eyes.rays import UNKNOWN, HeadPose, HeadPoses, Ray, read_gaze, read_head
from sensorium.perception.eyes.tracker import GazeTracker
from sensorium.perception.eyes.vergence import NO_DEPTH
from sensorium.perception.sense import input_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.engine import Engine
    from sensorium.perception.eyes.movement_log import Event
    from sensorium.perception.sense import Publish, Rings, Sample

STATE, EVENT = "eye_movement", "eye_movement_event"

EYES_AWAY_NS = 400_000_000
"""The head's ray takes over when the eyes were not seen for longer than a blink."""


class EyeMovement:
    """The sense; see `perception.sense.Sense`."""

    Options = GazeOptions
    ENGINES: tuple[str, ...] = ()
    READS = ("head", "gaze")
    WRITES = (STATE, EVENT)
    TEMPO = Tempo(Slowing.NEVER, 100, 0)
    """A saccade of 30 ms lies between two looks otherwise, and is told as none."""

    def __init__(
        self, options: GazeOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options

    def streams(self) -> tuple[HeadStream, GazeStream]:
        """See `Sense.streams`: two inputs of one state; the head first, whose pose gaze needs."""
        wearer = Wearer(self._options)
        return HeadStream(wearer), GazeStream(wearer)


class GazeStream:
    """The eyes' ray, where there is one."""

    trigger = "gaze"
    outputs = EyeMovement.WRITES

    def __init__(self, wearer: Wearer) -> None:
        self._wearer = wearer

    def process(self, sample: Sample, publish: Publish) -> None:
        """See `Stream.process`."""
        ray = read_gaze(sample) if sample.valid else None
        if ray is not None:
            self._wearer.gaze(ray, publish)
            return
        reason = Reason.INACTIVE if sample.valid else sample.reason
        self._wearer.no_gaze(sample.capture_ns, reason, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: gaps are seen by time."""


class HeadStream:
    """The head's pose: what gaze is compensated by, and the ray in its place."""

    trigger = "head"
    outputs = EyeMovement.WRITES

    def __init__(self, wearer: Wearer) -> None:
        self._wearer = wearer

    def process(self, sample: Sample, publish: Publish) -> None:
        """See `Stream.process`."""
        pose = read_head(sample) if sample.valid else None
        if pose is not None:
            self._wearer.head(pose, publish)
            return
        reason = Reason.INACTIVE if sample.valid else input_reason(sample.reason)
        self._wearer.no_head(sample.capture_ns, reason, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: gaps are seen by time."""


class Wearer:
    """What both streams know together: which ray counts, and what it does."""

    def __init__(self, options: GazeOptions) -> None:
        self._tracker = GazeTracker(options)
        self._poses = HeadPoses()
        self._gaze_ns: int | None = None
        self._no_head = Reason.STARTING
        self._seen = (0, 0, 0, 0)
        self._record = records.EYE_MOVEMENT.zeros()
        self._event = records.EYE_MOVEMENT_EVENT.zeros()

    def gaze(self, ray: Ray, publish: Publish) -> None:
        """Takes a ray of channel `gaze`."""
        self._gaze_ns = ray.capture_ns
        self._take(ray, self._poses.of(ray), publish)

    def no_gaze(self, capture_ns: int, reason: Reason, publish: Publish) -> None:
        """Told that channel `gaze` gives no ray, at a time, and why."""
        if self._gaze_ns is not None:
            if reason == Reason.INACTIVE and abs(capture_ns - self._gaze_ns) <= EYES_AWAY_NS:
                self._tracker.lose(capture_ns)
                self._tell(capture_ns, publish, Reason.INACTIVE)
                return
            self._gaze_ns = None
        if self._no_head != Reason.NONE:
            self._end(capture_ns, self._no_head, publish)

    def head(self, pose: HeadPose, publish: Publish) -> None:
        """Takes a pose of the head."""
        self._no_head = Reason.NONE
        self._poses.add(pose)
        if self._gaze_ns is not None:
            if abs(pose.capture_ns - self._gaze_ns) <= EYES_AWAY_NS:
                return
            self._gaze_ns = None
        self._take(pose.ray(), pose, publish)

    def no_head(self, capture_ns: int, reason: Reason, publish: Publish) -> None:
        """Told that channel `head` gives no pose, at a time, and why."""
        self._no_head = reason
        if self._gaze_ns is None:
            self._end(capture_ns, reason, publish)

    def _take(self, ray: Ray, pose: HeadPose | None, publish: Publish) -> None:
        if not self._tracker.take(ray, pose.orientation if pose is not None else None):
            return
        self._tell(
            ray.capture_ns, publish, Reason.INACTIVE if self._tracker.shut else Reason.NONE
        )

    def _end(self, capture_ns: int, reason: Reason, publish: Publish) -> None:
        self._tracker.end()
        self._tell(capture_ns, publish, reason)

    def _tell(self, capture_ns: int, publish: Publish, reason: Reason) -> None:
        """Publishes what has happened and what is so now; `reason`: why nothing is known now."""
        log = self._tracker.log
        for event in log.events:
            self._tell_event(event, capture_ns, publish)
        log.events.clear()
        self._fill(valid=reason == Reason.NONE)
        publish(STATE, self._record, capture_ns, valid=reason == Reason.NONE, reason=reason)

    def _fill(self, *, valid: bool) -> None:
        """Fills the record in one go: a field that is set by its name costs as much as a sample."""
        tracker = self._tracker
        log, ray = tracker.log, tracker.ray
        if ray is not None:
            self._seen = (*ray.space, ray.source, ray.time_ns)
        space, generation, source, time_ns = self._seen
        fixating = valid and log.movement == Movement.FIXATION
        number, centre, dispersion = 0, UNKNOWN, math.nan
        if fixating:
            track = log.track
            number, centre, dispersion = track.number, track.centre or UNKNOWN, track.dispersion
        movement, since_ns, compensated = Movement.NONE, 0, False
        origin, direction, speeds, depth = UNKNOWN, UNKNOWN, UNKNOWN_SPEEDS, NO_DEPTH
        if valid and ray is not None:
            movement, since_ns, compensated = log.movement, log.since_ns, tracker.compensated
            origin, direction = ray.origin, tracker.direction
            speeds, depth = tracker.speeds, tracker.depth
        self._record[0] = (
            space, generation, source, movement, since_ns, time_ns, number, origin, direction,
            centre, dispersion, *speeds, *depth, compensated, log.fixations, log.saccades,
            log.pursuits, log.blinks,
        )

    def _tell_event(self, event: Event, capture_ns: int, publish: Publish) -> None:
        row = self._event[0]
        row["space"], row["space_generation"] = event.ray.space
        row["source"], row["event"] = event.ray.source, event.kind
        for name in (
            "begin_ns", "end_ns", "fixation", "direction", "begin_direction", "amplitude",
            "peak_speed", "dispersion", "evidence",
        ):
            row[name] = getattr(event, name)
        row["origin"] = event.ray.origin
        publish(EVENT, self._event, capture_ns)
