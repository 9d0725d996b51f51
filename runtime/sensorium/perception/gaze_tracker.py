"""One wearer's gaze over time: checked, filtered, classified, and how far away the eyes meet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensorium.perception.angular_speed import UNKNOWN_SPEEDS, AngularSpeed
from sensorium.perception.blinks import LONGEST_NS, Blinks
from sensorium.perception.directions import degrees_between
from sensorium.perception.gaze_history import GAP_NS
from sensorium.perception.gaze_rays import EYES, UNKNOWN
from sensorium.perception.movement_log import MovementLog
from sensorium.perception.movements import GazePoint, Movement
from sensorium.perception.one_euro import OneEuroDirection, OneEuroPosition
from sensorium.perception.vergence import NO_DEPTH, Vergence

if TYPE_CHECKING:
    from sensorium.perception.directions import Quaternion
    from sensorium.perception.gaze_rays import Ray
    from sensorium.perception.movements import Classifier

TOO_FAST = 1000.0
"""deg/s: eyes do not turn faster (Nyström & Holmqvist, Behavior Research Methods 42, 2010)."""
TOO_FAR = 10.0
"""m/s: heads do not move faster."""
_SHUFFLED_NS = 250_000_000
"""A sample from before the newest one is left out; one from longer ago begins a new time."""

_ORIGIN_CUTOFF_HZ, _ORIGIN_BETA = 5.0, 50.0
"""The origin is the head's, which is tracked well: jitter of 1 mm goes, 1 m/s lags by 3 ms."""


class GazeTracker:
    """Follows one wearer's gaze.

    Args:
        classifier: Tells movements.
        min_cutoff_hz: Of the one-euro filter of the direction.
        beta: Likewise.
        closed: Openness below which eyes are closed.

    Attributes:
        ray: The newest sample that was taken; None before the first and after a loss.
        log: What the eyes do and did.
        origin: Filtered, m.
        direction: Filtered; `UNKNOWN` while the eyes are closed.
        speeds: Of the newest sample.
        depth: Where the eyes meet.
        compensated: Whether the head's orientation was known.
    """

    def __init__(
        self, classifier: Classifier, min_cutoff_hz: float, beta: float, closed: float
    ) -> None:
        self.ray: Ray | None = None
        self.log = MovementLog()
        self.origin = self.direction = UNKNOWN
        self.speeds = UNKNOWN_SPEEDS
        self.depth = NO_DEPTH
        self.compensated = False
        self._classifier = classifier
        self._blinks = Blinks(closed)
        self._directions = OneEuroDirection(min_cutoff_hz, beta)
        self._origins = OneEuroPosition(_ORIGIN_CUTOFF_HZ, _ORIGIN_BETA)
        self._vergence = Vergence(min_cutoff_hz, beta)
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
        blink = self._blinks.seen(ray.time_ns, ray.openness) if ray.source == EYES else None
        if blink is not None:
            self.log.blink(blink, ray)
            self._break(ray.time_ns)
        elif self.ray is not None and ray.time_ns - self.ray.time_ns > GAP_NS:
            self._break(ray.time_ns)
        if self._blinks.closed_ns is not None:
            self._keep_closed(ray, self._blinks.closed_ns)
            return True
        if self.ray is not None and self._doubted(self.ray, ray):
            return False
        self.ray = ray
        self._measure(ray, head)
        return True

    def lose(self, capture_ns: int) -> None:
        """Told that the eyes are not seen, at a time.

        What lasts goes on over a gap that is too short to be one.
        """
        self._blinks.lost()
        if self.ray is not None and capture_ns - self.ray.time_ns > GAP_NS:
            self._break(capture_ns)

    def end(self) -> None:
        """Ends what lasts: there is no gaze any more, or it is another one."""
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
        if math.isnan(ray.origin[0]):
            self._origins.reset()
            self.origin = UNKNOWN
        else:
            self.origin = self._origins.update(ray.origin, ray.time_ns)
        point = GazePoint(ray.time_ns, ray.direction, speeds.gaze, speeds.saccade)
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
        if not math.isnan(ray.origin[0]):
            self.origin = ray.origin

    def _doubted(self, newest: Ray, ray: Ray) -> bool:
        """Whether a jump is one sample's fault. Two that agree are believed, and begin anew."""
        if self.log.movement == Movement.BLINK:
            return False
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
        for each in (self._classifier, self._directions, self._origins, self._speed):
            each.reset()
        self._vergence.reset()


def _jumped(a: Ray, b: Ray) -> bool:
    seconds = (b.time_ns - a.time_ns) * 1e-9
    if degrees_between(a.direction, b.direction) > TOO_FAST * seconds:
        return True
    # Of an origin that is not known this is no distance, and no jump.
    return math.dist(a.origin, b.origin) > TOO_FAR * seconds
