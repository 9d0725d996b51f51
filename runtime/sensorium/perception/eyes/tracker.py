"""One wearer's gaze over time: checked, filtered, classified, and how far away the eyes meet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensorium.perception.eyes.angular_speed import UNKNOWN_SPEEDS, AngularSpeed
from sensorium.perception.eyes.blinks import LONGEST_NS, Blinks
from sensorium.perception.eyes.directions import degrees_between
from sensorium.perception.eyes.movement_log import MovementLog
from sensorium.perception.eyes.movements import GazePoint, Movement
from sensorium.perception.eyes.one_euro import OneEuroDirection
from sensorium.perception.eyes.options import make_classifier, recalled_ns
from sensorium.perception.eyes.rays import EYES, HEAD, UNKNOWN
from sensorium.perception.eyes.vergence import NO_DEPTH, Vergence

if TYPE_CHECKING:
    from sensorium.perception.eyes.directions import Quaternion
    from sensorium.perception.eyes.options import GazeOptions
    from sensorium.perception.eyes.rays import Ray

TOO_FAST = 1000.0
"""deg/s: eyes do not turn faster (Nyström & Holmqvist, Behavior Research Methods 42, 2010)."""
TOO_FAR = 10.0
"""m/s: heads do not move faster."""
_SHUFFLED_NS = 250_000_000
"""A sample from before the newest one is left out; one from longer ago begins a new time."""

GAP_NS = 75_000_000
"""What lies further apart does not follow: two frames at 30 Hz, and the gap of Olsen, "The Tobii
I-VT Fixation Filter", 2012."""


class GazeTracker:
    """Follows one wearer's gaze.

    Args:
        options: Of the sense.

    Attributes:
        ray: The newest sample that was taken; None before the first and after a loss.
        log: What the eyes do and did.
        direction: Filtered; `UNKNOWN` while the eyes are closed.
        speeds: Of the newest sample.
        depth: Where the eyes meet.
        compensated: Whether the head's orientation was known.
    """

    def __init__(self, options: GazeOptions) -> None:
        self.ray: Ray | None = None
        self.log = MovementLog(recalled_ns(options))
        self.direction = UNKNOWN
        self.speeds = UNKNOWN_SPEEDS
        self.depth = NO_DEPTH
        self.compensated = False
        # The noise that each knows is of its source, and outlasts a recentre or a loss.
        self._classifiers = {source: make_classifier(options) for source in (EYES, HEAD)}
        self._classifier = self._classifiers[EYES]
        self._blinks = Blinks(options.closed)
        self._directions = OneEuroDirection(options.min_cutoff_hz, options.beta)
        self._vergence = Vergence(options.min_cutoff_hz, options.beta)
        self._speed = AngularSpeed()
        self._doubtful: Ray | None = None

    @property
    def shut(self) -> bool:
        """Whether the eyes are closed for longer than a blink lasts."""
        closed_ns = self._blinks.closed_ns
        return (
            closed_ns is not None and self.ray is not None
            and self.ray.time_ns - closed_ns > LONGEST_NS
        )

    def take(self, ray: Ray, head: Quaternion | None) -> bool:
        """Takes a sample.

        Args:
            ray: It.
            head: The head's orientation then; None where it is not known.

        Returns:
            False where it is left out: it is older than the newest one, or it lies where nothing
            can have moved to since.
        """
        if not self._follows(ray):
            return False
        if self.ray is not None and ray.time_ns == self.ray.time_ns:
            # The same sample of the eye, read once more.
            return True
        was_closed = self._blinks.closed_ns is not None
        blink = self._blinks.seen(ray.time_ns, ray.openness) if ray.source == EYES else None
        if blink is not None:
            self.log.blink(blink, ray)
            self._break(ray.time_ns)
        elif self.ray is not None and ray.time_ns - self.ray.time_ns > GAP_NS:
            self._break(ray.time_ns)
        if self._blinks.closed_ns is not None:
            self._keep_closed(ray, self._blinks.closed_ns)
            return True
        # What closed eyes seemed to look at is nothing to jump from.
        if self.ray is not None and not was_closed and self._doubted(self.ray, ray):
            return False
        self.ray = ray
        self._measure(ray, head)
        return True

    def lose(self, capture_ns: int) -> None:
        """Told that the eyes are not seen, at a time.

        What lasts goes on over a gap that is too short to be one.
        """
        # A record's time: the eye's own lags behind by the tracker's latency.
        latency_ns = self.ray.capture_ns - self.ray.time_ns if self.ray is not None else 0
        self._blinks.lost(capture_ns - latency_ns)
        if self.ray is not None and capture_ns - self.ray.capture_ns > GAP_NS:
            self._break(capture_ns)

    def end(self) -> None:
        """Ends what lasts: there is no gaze any more, or it is of another source or space."""
        self._blinks.reset()
        self._break(self.ray.time_ns + 1 if self.ray is not None else 0)
        self.ray = None

    def _follows(self, ray: Ray) -> bool:
        """Whether the sample comes after the newest one; ends what does not go on in it."""
        newest = self.ray
        if newest is None:
            return True
        other = ray.space != newest.space or ray.source != newest.source
        if other or newest.time_ns - ray.time_ns > _SHUFFLED_NS:
            self.end()
        return self.ray is None or ray.time_ns >= newest.time_ns

    def _measure(self, ray: Ray, head: Quaternion | None) -> None:
        self.compensated = head is not None and ray.source == EYES
        speeds = self.speeds = self._speed.update(ray.time_ns, ray.direction, head)
        if ray.source != EYES:
            speeds = self.speeds = speeds._replace(eye=math.nan)
        self.direction = self._directions.update(ray.direction, ray.time_ns)
        self._classifier = self._classifiers[ray.source]
        point = GazePoint(
            ray.time_ns, ray.direction, speeds.gaze, speeds.saccade,
            head if ray.source == EYES else None,
        )
        movement = self._classifier.update(point)
        self.log.see(ray, speeds.saccade, movement, self._classifier.since_ns)
        if ray.eyes is None:
            self._vergence.reset()
            self.depth = NO_DEPTH
        else:
            self.depth = self._vergence.update(ray.time_ns, *ray.eyes)

    def _keep_closed(self, ray: Ray, closed_ns: int) -> None:
        """The eyes are closed: what the tracker says of their direction means nothing."""
        if self.log.movement != Movement.BLINK:
            self._break(closed_ns)
            self.log.movement, self.log.since_ns = Movement.BLINK, closed_ns
        self.ray = ray
        self.direction, self.speeds, self.depth = UNKNOWN, UNKNOWN_SPEEDS, NO_DEPTH

    def _doubted(self, newest: Ray, ray: Ray) -> bool:
        """Whether a jump is one sample's fault. Two that agree are believed, and begin anew."""
        doubtful, self._doubtful = self._doubtful, None
        if not _jumped(newest, ray):
            return False
        if doubtful is not None and ray.time_ns > doubtful.time_ns and not _jumped(doubtful, ray):
            self._break(ray.time_ns)
            return False
        self._doubtful = ray
        return True

    def _break(self, before_ns: int) -> None:
        """What comes next does not follow what was before."""
        self.log.stop(before_ns)
        self._doubtful = None
        for each in (self._classifier, self._directions, self._speed, self._vergence):
            each.reset()


def _jumped(a: Ray, b: Ray) -> bool:
    seconds = (b.time_ns - a.time_ns) * 1e-9
    if degrees_between(a.direction, b.direction) > TOO_FAST * seconds:
        return True
    # Of an origin that is not known this is no distance, and no jump.
    return math.dist(a.origin, b.origin) > TOO_FAR * seconds
