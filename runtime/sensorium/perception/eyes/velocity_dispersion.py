"""I-VDT with thresholds that follow the noise: fixations, saccades and smooth pursuits.

Komogortsev & Karpov, "Automated classification and scoring of smooth pursuit eye movements in the
presence of fixations and saccades", Behavior Research Methods 45, 2013: velocity tells saccades,
and dispersion tells fixations among the rest. A headset's samples are few and noisy, so three
things are done as later work does them, each without looking ahead:

- The velocity threshold is the larger one of the option and six median-based deviations above the
  median of the slow samples (Engbert & Kliegl, Vision Research 43, 2003; Nyström & Holmqvist,
  Behavior Research Methods 42, 2010).
- A fixation is also left when the newest samples lie elsewhere together: their mean against the
  fixation's, measured by the noise. So saccades smaller than the noise of one sample are found.
- Pursuit is what keeps drifting: a low-passed velocity above a threshold (REMoDNaV: Dar, Wagner &
  Hanke, Behavior Research Methods 53, 2021; 2 deg/s there), here the slope of a line, which has to
  stand out from the noise and to go the same way in both halves of the stretch (consistency of
  direction: Larsson et al., Biomedical Signal Processing and Control 18, 2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sensorium.perception.eyes.directions import Vector, degrees_between
from sensorium.perception.eyes.movements import GazePoint, Movement
from sensorium.perception.eyes.running_median import RunningMedian
from sensorium.perception.eyes.segment import GazeSegment

_DEVIATIONS = 6.0
"""Engbert & Kliegl's lambda."""
_SURE = 4.0
"""Standard errors: by chance once in 3,000 samples (Rayleigh)."""
_OF_MEDIAN = 0.664 / 1.177
"""1.4826 median absolute deviations over the median of a Rayleigh-distributed speed."""
_NOISE_OF_STEP = 1.0 / 1.665
"""Noise in an axis over the median step between samples: Rayleigh with root 2 times the noise."""
_REMEMBERED = 180
"""Samples that the noise is measured by: 2 s at 90 Hz."""
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
        pursuit_ns: The stretch that pursuit is told by.
        merge: degrees: what returns so near after a burst of speed is the same fixation (Olsen,
            "The Tobii I-VT Fixation Filter", 2012),
        merge_ns: within this time.
    """

    velocity: float
    dispersion: float
    pursuit: float
    min_fixation_ns: int
    pursuit_ns: int
    merge: float
    merge_ns: int


class VelocityDispersion:
    """The classifier; see `Classifier`.

    Attributes:
        noise: Of a sample in one axis, degrees; NaN until it is measured.
    """

    def __init__(self, limits: VelocityDispersionLimits) -> None:
        self._limits = limits
        self._speeds = RunningMedian(_REMEMBERED)
        self._steps = RunningMedian(_REMEMBERED)
        self._before: Vector | None = None
        self._segment = GazeSegment((0.0, 0.0, -1.0), limits.pursuit_ns)
        self.movement = self._kept = Movement.NONE
        self.since_ns = self._kept_since = 0

    @property
    def noise(self) -> float:
        """See the class."""
        return self._steps.median * _NOISE_OF_STEP if len(self._steps) >= 10 else float("nan")

    def update(self, point: GazePoint) -> Movement:
        """See `Classifier.update`."""
        speed = point.saccade_speed
        if self._before is not None and speed < self._limits.velocity * 10:
            step = degrees_between(self._before, point.direction)
            if speed < self._fast():
                self._steps.add(step)
        self._before = point.direction
        if speed >= self._fast():
            if self.movement != Movement.SACCADE:
                self._kept, self._kept_since = self.movement, self.since_ns
                self.movement, self.since_ns = Movement.SACCADE, point.time_ns
            # Noise that grows must not be saccades for good.
            self._speeds.add(speed)
            return self.movement
        if not math.isnan(speed):
            self._speeds.add(speed)
        shifted = self.movement == Movement.SACCADE and not self._returned(point)
        if shifted or not self._segment.count:
            self._begin(point)
        else:
            self._segment.add(point.time_ns, point.direction)
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
        self._before = None
        self._segment = GazeSegment(self._segment.anchor, self._limits.pursuit_ns)

    def _fast(self) -> float:
        """The velocity that a saccade has at least, deg/s."""
        if len(self._speeds) < 10:
            return self._limits.velocity
        slow = self._speeds.median * (1.0 + _DEVIATIONS * _OF_MEDIAN)
        return max(self._limits.velocity, slow)

    def _begin(self, point: GazePoint) -> None:
        self._segment = GazeSegment(point.direction, self._limits.pursuit_ns)
        self._segment.add(point.time_ns, point.direction)
        self.movement, self.since_ns = Movement.NONE, point.time_ns

    def _returned(self, point: GazePoint) -> bool:
        """Whether a burst of speed was none: gaze is where it was. Then all is as before."""
        if not self._segment.count or point.time_ns - self.since_ns > self._limits.merge_ns:
            return False
        x, y = self._segment.place(point.direction)
        noise = self.noise
        near = self._limits.merge if math.isnan(noise) else max(self._limits.merge, 2.0 * noise)
        if math.dist((x, y), self._segment.newest()) > near:
            return False
        self.movement, self.since_ns = self._kept, self._kept_since
        return True

    def _judge(self, point: GazePoint) -> None:
        segment, limits = self._segment, self._limits
        noise = self.noise
        if math.isnan(noise):
            noise = 0.0
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
                self._restart(segment.half())
                return
        away, error = segment.away(_NEWEST_NS)
        if away > max(limits.dispersion, _SURE * noise * error):
            segment.leave(_NEWEST_NS)
            self.movement, self.since_ns = Movement.NONE, segment.since_ns

    def _restart(self, places: list[tuple[int, Vector]]) -> None:
        """Begins a segment anew with its newest samples."""
        self._segment = GazeSegment(places[0][1], self._limits.pursuit_ns)
        for time_ns, direction in places:
            self._segment.add(time_ns, direction)
        self.movement, self.since_ns = Movement.NONE, places[0][0]
