"""I-VDT with thresholds that follow the noise: fixations, saccades and smooth pursuits.

Komogortsev & Karpov, "Automated classification and scoring of smooth pursuit eye movements in the
presence of fixations and saccades", Behavior Research Methods 45, 2013: velocity tells saccades,
and dispersion tells fixations among the rest. A headset's samples are few and noisy, so four
things are done as later work does them, each without looking ahead:

- The velocity threshold is the larger one of the option and six median-based deviations above the
  median of the slow samples (Engbert & Kliegl, Vision Research 43, 2003; Nyström & Holmqvist,
  Behavior Research Methods 42, 2010).
- Where the noise alone is faster than the threshold, places tell saccades instead (`saccade_step`).
  The movement is a saccade 2 to 9 samples after it began at 90 Hz, 100 ms at most, the larger the
  sooner; it is told 25 ms and a sample after its end, with its own times. What is too small to
  stand out of the noise is not told.
- A fixation is also left when the newest samples lie elsewhere together: their mean against the
  fixation's, measured by the noise.
- Pursuit is what keeps drifting: a low-passed velocity above a threshold (REMoDNaV: Dar, Wagner &
  Hanke, Behavior Research Methods 53, 2021; 2 deg/s there), here the slope of a line, which has to
  stand out from the noise and to go the same way in both halves of the stretch (consistency of
  direction: Larsson et al., Biomedical Signal Processing and Control 18, 2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sensorium.perception.eyes.movements import GazePoint, Movement
from sensorium.perception.eyes.running_median import RunningMedian
from sensorium.perception.eyes.saccade_step import LATEST_NS, SETTLED_NS, Step, best_step
from sensorium.perception.eyes.sample_noise import SampleNoise
from sensorium.perception.eyes.segment import GazeSegment

_DEVIATIONS = 6.0
"""Engbert & Kliegl's lambda."""
_SURE = 4.0
"""Standard errors: by chance once in 3,000 samples (Rayleigh)."""
_OF_MEDIAN = 0.664 / 1.177
"""1.4826 median absolute deviations over the median of a Rayleigh-distributed speed."""
_REMEMBERED = 180
"""Samples whose median speed counts: 2 s at 90 Hz."""
_DROWNED = 2.0
"""Times the threshold of velocity that the noise exceeds where velocity is no longer asked."""
_OF_HEAD = 0.25
"""Of a step's amplitude: a head that has turned less meanwhile has not made it."""
_NEWEST_NS = 40_000_000
"""The newest samples, at least two of them, that may lie elsewhere together."""


@dataclass(frozen=True)
class VelocityDispersionLimits:
    """Thresholds of `VelocityDispersion`.

    Attributes:
        velocity: deg/s: saccades are faster.
        dispersion: degrees: how far the newest samples may lie from the fixation's mean.
        pursuit: deg/s: pursuits are faster.
        min_fixation_ns: From a saccade's end to a fixation that is told.
        pursuit_ns: The stretch that pursuit is told by,
        noisy_pursuit_ns: and where the noise drowns velocities.
        merge: degrees: what returns so near after a burst of speed is the same fixation (Olsen,
            "The Tobii I-VT Fixation Filter", 2012),
        merge_ns: within this time.
    """

    velocity: float
    dispersion: float
    pursuit: float
    min_fixation_ns: int
    pursuit_ns: int
    noisy_pursuit_ns: int
    merge: float
    merge_ns: int


class VelocityDispersion:
    """The classifier; see `Classifier`.

    Args:
        limits: Its thresholds.
    """

    def __init__(self, limits: VelocityDispersionLimits) -> None:
        self._limits = limits
        self._speeds = RunningMedian(_REMEMBERED)
        self._noise = SampleNoise()
        self._segment = GazeSegment((0.0, 0.0, -1.0), limits.pursuit_ns)
        self.movement = self._kept = Movement.NONE
        self.since_ns = self._kept_since = 0

    def update(self, point: GazePoint) -> Movement:
        """See `Classifier.update`."""
        self._noise.add(point.time_ns, point.direction)
        fast = point.saccade_speed >= self._fast()
        # Noise that grows must not be saccades for good.
        if not math.isnan(point.saccade_speed):
            self._speeds.add(point.saccade_speed)
        if not self._segment.count:
            self._begin(point)
        elif self._drowned():
            self._by_place(point)
        elif not self._noise.known and fast:
            # It may be a saccade or nothing but noise.
            self._begin(point)
        elif fast:
            self._jump(point.time_ns)
        elif self.movement == Movement.SACCADE and not self._returned(point):
            self._begin(point)
        else:
            self._segment.add(point.time_ns, point.direction, point.head)
            self._judge(point)
        if (
            self.movement == Movement.NONE
            and point.time_ns - self._segment.since_ns >= self._limits.min_fixation_ns
        ):
            self.movement, self.since_ns = Movement.FIXATION, self._segment.since_ns
        return self.movement

    def reset(self) -> None:
        """See `Classifier.reset`; the noise stays known."""
        self.movement = self._kept = Movement.NONE
        self.since_ns = self._kept_since = 0
        self._noise.reset()
        self._segment = GazeSegment(self._segment.anchor, self._span())

    def _fast(self) -> float:
        """The velocity that a saccade has at least, deg/s."""
        if len(self._speeds) < 10:
            return self._limits.velocity
        slow = self._speeds.median * (1.0 + _DEVIATIONS * _OF_MEDIAN)
        return max(self._limits.velocity, slow)

    def _drowned(self) -> bool:
        """Whether the noise alone is about as fast as the slowest saccades."""
        return _DEVIATIONS * self._noise.speed > _DROWNED * self._limits.velocity

    def _span(self) -> int:
        """The stretch that pursuit is told by, ns."""
        return self._limits.noisy_pursuit_ns if self._drowned() else self._limits.pursuit_ns

    def _jump(self, since_ns: int) -> None:
        """A saccade has begun, or goes on."""
        if self.movement != Movement.SACCADE:
            self._kept, self._kept_since = self.movement, self.since_ns
            self.movement, self.since_ns = Movement.SACCADE, since_ns

    def _by_place(self, point: GazePoint) -> None:
        """Takes a sample whose velocity says nothing."""
        segment, jumping = self._segment, self.movement == Movement.SACCADE
        segment.add(point.time_ns, point.direction, point.head)
        before = self._kept if jumping else self.movement
        step = best_step(segment.places(), drifts=before == Movement.PURSUIT)
        if step is None or not self._turned(step, jumping):
            if jumping and point.time_ns - self.since_ns > LATEST_NS:
                self._restart(point.time_ns - _NEWEST_NS)
            elif jumping:
                self.movement, self.since_ns = self._kept, self._kept_since
            else:
                self._judge(point)
        elif not jumping:
            self._jump(step.begin_ns)
        elif point.time_ns < step.end_ns + SETTLED_NS:
            self.since_ns = step.begin_ns
        else:
            self.since_ns = step.begin_ns
            self._restart(step.end_ns)

    def _turned(self, step: Step, found: bool) -> bool:
        """Whether a step is a saccade: it stands out, and the eye turned in the head, too."""
        if not step.stands_out(self._noise.degrees, found):
            return False
        places = self._segment.in_head()
        if not places:
            return True
        (_, first_x, first_y), seen = places[0], self._segment.places()[0]
        if math.dist((first_x, first_y), seen[1:]) < _OF_HEAD * step.amplitude:
            return True
        # A head that turns drifts through what the eye does.
        eye = best_step(places, drifts=True)
        return eye is not None and eye.stands_out(self._noise.degrees, found=True)

    def _begin(self, point: GazePoint) -> None:
        self._segment = GazeSegment(point.direction, self._span())
        self._segment.add(point.time_ns, point.direction, point.head)
        self.movement, self.since_ns = Movement.NONE, point.time_ns

    def _returned(self, point: GazePoint) -> bool:
        """Whether a burst of speed was none: gaze is where it was. Then all is as before."""
        if not self._segment.count or point.time_ns - self.since_ns > self._limits.merge_ns:
            return False
        x, y = self._segment.place(point.direction)
        near = max(self._limits.merge, 2.0 * self._noise.degrees)
        if math.dist((x, y), self._segment.newest()) > near:
            return False
        self.movement, self.since_ns = self._kept, self._kept_since
        return True

    def _judge(self, point: GazePoint) -> None:
        segment, limits = self._segment, self._limits
        noise = self._noise.degrees
        found = segment.drift()
        pursuing = self.movement == Movement.PURSUIT
        if found is not None:
            least = limits.pursuit * (0.5 if pursuing else 1.0)
            sure = _SURE * noise / found.spread if found.spread else math.inf
            if found.speed >= max(least, sure) and segment.consistent(found):
                if not pursuing:
                    self.movement, self.since_ns = Movement.PURSUIT, segment.oldest_ns
                segment.forget_mean()
                return
            if pursuing:
                self._restart(segment.half_ns())
                return
        away, error = segment.away(_NEWEST_NS)
        if away > max(limits.dispersion, _SURE * noise * error):
            segment.leave(_NEWEST_NS)
            self.movement, self.since_ns = Movement.NONE, segment.since_ns

    def _restart(self, begin_ns: int) -> None:
        """Begins a segment anew with its newest samples."""
        self._segment = self._segment.anew(begin_ns, self._span())
        self.movement, self.since_ns = Movement.NONE, self._segment.since_ns
