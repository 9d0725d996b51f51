"""Turns what a classifier says, sample by sample, into fixations, saccades and pursuits."""

from __future__ import annotations

import math
from collections import deque
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from sensorium.perception.eyes.directions import Vector, degrees_between
from sensorium.perception.eyes.fixation_track import FixationTrack
from sensorium.perception.eyes.movements import Movement
from sensorium.perception.eyes.rays import HEAD, UNKNOWN, Ray

if TYPE_CHECKING:
    from sensorium.perception.eyes.blinks import Blink

LONGEST_SACCADE_NS = 200_000_000
"""What is fast for longer is no saccade: those of 40 degrees last 120 ms (Leigh & Zee, "The
Neurology of Eye Movements", 2015)."""


_SPEEDS = 64
"""Samples whose speeds are recalled: the longest saccade at 240 Hz, and when it is told."""


class EventKind(IntEnum):
    """The values of the record's field `event`."""

    FIXATION_BEGIN = 1
    FIXATION_END = 2
    SACCADE = 3
    BLINK = 4
    PURSUIT_BEGIN = 5
    PURSUIT_END = 6


class Event(NamedTuple):
    """See the record `eye_movement_event`, whose fields these are."""

    kind: EventKind
    ray: Ray
    begin_ns: int
    end_ns: int = 0
    fixation: int = 0
    direction: Vector = UNKNOWN
    begin_direction: Vector = UNKNOWN
    amplitude: float = math.nan
    peak_speed: float = math.nan
    dispersion: float = math.nan
    evidence: int = 0


class _Saccade(NamedTuple):
    since_ns: int
    begin: Vector


class MovementLog:
    """What the eyes of one wearer did.

    Args:
        recalled_ns: See `FixationTrack`.

    Attributes:
        movement: Now. Of the head's ray only a fixation is told: a head makes no saccades.
        since_ns: When it began.
        track: The fixation that lasts.
        events: What has begun or ended; whoever publishes them empties it.
        fixations: Begun so far; `saccades`, `pursuits` and `blinks` likewise.
    """

    def __init__(self, recalled_ns: int) -> None:
        self.movement = Movement.NONE
        self.since_ns = 0
        self.track = FixationTrack(recalled_ns)
        self.events: list[Event] = []
        self.fixations = self.saccades = self.pursuits = self.blinks = 0
        self._ray: Ray | None = None
        self._pursuit: tuple[int, Vector] | None = None
        self._saccade: _Saccade | None = None
        self._settled = False
        self._speeds: deque[tuple[int, float]] = deque(maxlen=_SPEEDS)

    def see(self, ray: Ray, speed: float, movement: Movement, since_ns: int) -> None:
        """Takes what a classifier said of a sample.

        Args:
            ray: The sample.
            speed: By which it tells a saccade, deg/s.
            movement: What it said,
            since_ns: and since when.
        """
        if ray.source == HEAD and movement != Movement.FIXATION:
            movement = Movement.NONE
        self.track.see(ray.time_ns, ray.direction)
        self._speeds.append((ray.time_ns, speed))
        if movement == Movement.SACCADE:
            self._fast(ray, since_ns)
        else:
            self._slow(ray, movement, since_ns)
        self.movement, self.since_ns, self._ray = movement, since_ns, ray

    def blink(self, blink: Blink, ray: Ray) -> None:
        """A blink has ended."""
        self.stop(blink.begin_ns)
        self.blinks += 1
        self.events.append(Event(
            EventKind.BLINK, ray, blink.begin_ns, blink.end_ns, direction=ray.direction,
            evidence=blink.evidence,
        ))

    def stop(self, before_ns: int) -> None:
        """What lasts has ended before a time: what comes next does not follow it."""
        self._close(before_ns)
        self._saccade = None
        self._settled = False
        self.track.clear()
        self.movement, self.since_ns = Movement.NONE, before_ns

    def _fast(self, ray: Ray, since_ns: int) -> None:
        if self._saccade is None:
            centre = self.track.centre if self.track.number else None
            begin = centre or self.track.direction_at(since_ns - 1) or ray.direction
            self._saccade = _Saccade(since_ns, begin)
        else:
            # By places its begin is found better the more of it is seen.
            self._saccade = self._saccade._replace(since_ns=since_ns)

    def _slow(self, ray: Ray, movement: Movement, since_ns: int) -> None:
        saccade, self._saccade = self._saccade, None
        begun = self.track.begin_ns if self.track.number else None
        if self._pursuit is not None:
            begun = self._pursuit[0]
        goes_on = movement == (Movement.PURSUIT if self._pursuit else Movement.FIXATION)
        if begun is not None and not (goes_on and since_ns == begun):
            centre = self._close(since_ns if saccade is None else saccade.since_ns)
            if saccade is not None and centre is not None:
                saccade = saccade._replace(begin=centre)
        if saccade is not None and not (goes_on and since_ns == begun):
            self._tell_saccade(saccade, since_ns, ray)
        self._settled |= movement in (Movement.FIXATION, Movement.PURSUIT)
        if movement == Movement.FIXATION:
            if self.track.number:
                self.track.go_on()
            else:
                self.fixations += 1
                self.track.begin(self.fixations, since_ns)
                self.events.append(Event(
                    EventKind.FIXATION_BEGIN, ray, since_ns, fixation=self.fixations,
                    direction=self.track.centre or ray.direction,
                ))
        elif movement == Movement.PURSUIT and self._pursuit is None:
            self.pursuits += 1
            begin = self.track.direction_at(since_ns) or ray.direction
            self._pursuit = (since_ns, begin)
            self.events.append(Event(
                EventKind.PURSUIT_BEGIN, ray, since_ns, direction=ray.direction,
                begin_direction=begin,
            ))

    def _tell_saccade(self, saccade: _Saccade, end_ns: int, ray: Ray) -> None:
        # What is fast between a loss and the first fixation after it is the lid, over the pupil.
        if not self._settled or end_ns - saccade.since_ns > LONGEST_SACCADE_NS:
            return
        direction = self.track.mean_since(end_ns) or ray.direction
        peak = max(
            (each for at, each in self._speeds if saccade.since_ns <= at <= end_ns and each >= 0.0),
            default=math.nan,
        )
        self.saccades += 1
        self.events.append(Event(
            EventKind.SACCADE, ray, saccade.since_ns, end_ns, direction=direction,
            begin_direction=saccade.begin, peak_speed=peak,
            amplitude=degrees_between(saccade.begin, direction),
        ))

    def _close(self, before_ns: int) -> Vector | None:
        """Ends the fixation or pursuit that lasts.

        Returns:
            The fixation's mean without what was no part of it, where there was one.
        """
        ray, track, centre = self._ray, self.track, None
        if ray is None:
            return None
        if track.number:
            track.end(before_ns)
            centre = track.centre
            self.events.append(Event(
                EventKind.FIXATION_END, ray, track.begin_ns, track.end_ns, track.number,
                direction=centre or UNKNOWN, dispersion=track.dispersion,
            ))
            track.forget()
        if self._pursuit is not None:
            since_ns, begin = self._pursuit
            self._pursuit = None
            end_ns = max(min(before_ns, ray.time_ns), since_ns)
            direction = track.direction_at(end_ns) or ray.direction
            self.events.append(Event(
                EventKind.PURSUIT_END, ray, since_ns, end_ns, direction=direction,
                begin_direction=begin, amplitude=degrees_between(begin, direction),
            ))
        return centre
