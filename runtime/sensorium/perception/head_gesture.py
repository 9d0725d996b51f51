"""Nods and shakes: runs of swings of the head's pitch or yaw.

Kawato & Ohya (FG 2000) ask for more than two extremes between stable frames, adjacent ones far
enough apart; Kapoor & Picard ("A real-time head nod and shake detector", PUI 2001) read the same
from the sequence of directions, down-up and left-right; Hadar, Steiner & Clifford Rose ("Head
movement during listening turns in conversation", J. Nonverbal Behav. 9, 1985) found that what sets
"yes" and "no" apart from a listener's other movements is that they are symmetrical and cyclic.
So, of swings that follow one another without a rest:

- a nod is down and up again (one cycle, as Mori, Den & Jokinen count them in "Structure of nods in
  conversation", PLOS ONE 20(5), 2025), told when half of the way down has been taken back;
- a shake has three swings to and fro, the first of which may be half: turning to one side and back
  is none. It is told when four tenths of the second swing have been taken back: the last one of
  a single shake ends half-way, ahead.

The figures:

- Walking turns the head by 17 degrees/s at most, at 2 Hz in pitch and 1 Hz in yaw (Moore, Hirasaki,
  Raphan & Cohen, "The human vestibulo-ocular reflex during linear locomotion", Ann. N.Y. Acad.
  Sci. 942, 2001): sines of 2.7 and 5.4 degrees from turn to turn. The smallest nod and shake lie
  above, with half as much again and more, and so do their speeds, 1.5 and 2 times 17 degrees/s.
  Running reaches 90 degrees/s at 3.2 Hz (Grossman et al. 1988), 9 degrees. So both sizes grow while
  the neck is carried about, and an angle must come back further, or steps would cut nods to pieces.
- Vigorous shakes have 1.9 to 4.7 Hz and 20 to 91 degrees (Funk et al., "Kinematics and kinetics of
  vigorous head shaking", J. Appl. Biomech. 31, 2015); a listener's fast nods 2.6 to 6.5 Hz, slow
  ones 0.2 to 1.1 Hz (Hale et al., "Are you on my wavelength?", J. Nonverbal Behav. 44, 2020).
  Nods slower than that are not told from looking down and up; so a swing has 0.4 s at most.
- Later cycles are smaller, the last the more so (Mori et al.): to go on, half the limit will do.

The shares and the factors below are our own choice, as are the largest angles. Speeds and the
factors of walkers were set by generated wearers that no figure is reported of (seeds below 1000).
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from sensorium.perception.head_bout import Bout, Direction
from sensorium.perception.head_swing import Course, Swing, Swings
from sensorium.perception.hysteresis import Change

CONTINUED = 0.5
"""Share of size and speed that is enough for the swings after a begin."""
UNEQUAL = 3.0
"""Swings that follow one another differ at most by this factor: they are symmetrical."""
ACROSS = 0.7
"""A nod turns the head less than this share of itself about its other axes, and so does a shake."""
FADED = 0.4
"""Share of the swing before that one must have to go on."""
REVERSAL = 0.3
"""Share of the smallest size by which an angle comes back from a turning point."""
SLOWEST_NS = 400_000_000
"""The longest swing, without its rests at the turning points."""
PAUSE_NS = 250_000_000
"""The longest rest at a turning point: looking somewhere takes as long at least."""


class Gait(Enum):
    """How the wearer goes, as factors of the smallest size and of the way back from a turn."""

    STANDS = (1.0, 1.0)
    WALKS = (1.4, 2.0)
    RUNS = (2.0, 2.0)


class Rule(NamedTuple):
    """What one gesture asks for.

    Attributes:
        swings: How many in a row.
        first: 1 or -1: the way of the swing before the last one; 0: either.
        least_deg: The smallest from turn to turn.
        most_deg: The largest.
        least_deg_s: The slowest swing's mean speed.
        opening: Share of size and speed that the first of three swings must have.
        returned: Share of a swing that must be taken back.
    """

    swings: int
    first: int
    least_deg: float
    most_deg: float
    least_deg_s: float
    opening: float
    returned: float


NOD = Rule(2, -1, 5.0, 60.0, 25.0, 1.0, 0.5)
"""Down, then up; up to what a neck bends by."""
SHAKE = Rule(3, 0, 8.0, 100.0, 34.0, 0.5, 0.4)
"""To and fro; up to Funk's widest and a little more."""


class Oscillation(Bout):
    """Finds one of the two in an angle's course."""

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self._rule = rule
        self._swings = Swings()
        self._run: list[Swing] = []
        self._counted = False
        self._told = 0
        self._first_ns = self._over_ns = 0

    def update(
        self, time_ns: int, angle: float, across: float, roll: float, gait: Gait
    ) -> Change:
        """Takes a frame that follows the one before.

        Args:
            time_ns: Capture time.
            angle: Degrees, the gesture's own; up or left positive.
            across: Degrees of the other of pitch and yaw.
            roll: Degrees.
            gait: How the wearer goes.
        """
        larger, further = gait.value
        least = self._rule.least_deg * larger
        reversal = self._rule.least_deg * REVERSAL * further
        course = self._swings.update(time_ns, angle, across, roll, reversal)
        if course is Course.STABLE:
            self._run.clear()
            return self._end(self._over_ns)
        if course is Course.TURNED:
            followed = self._chain(self._swings.complete, least)
            if self.held and not (followed and self._counted):
                return self._end(self._over_ns)
            self._counted = False
        running = self._swings.running()
        if self.held:
            return self._go_on(running, least)
        return self._start(running) if self._begins(running, least) else Change.NONE

    def cancel(self, time_ns: int) -> Change:
        """See `Bout.cancel`."""
        self._swings.forget()
        self._run.clear()
        return super().cancel(time_ns)

    def _chain(self, swing: Swing, least: float) -> bool:
        """Takes a complete swing to those that it follows, or begins with it.

        Returns:
            Whether it follows the one before.
        """
        followed = bool(self._run) and _follows(self._run[-1], swing)
        if not followed:
            self._run.clear()
        share = CONTINUED if self.held else self._rule.opening
        moves = self._moves(swing, share) and _straight(swing)
        if not moves or abs(swing.size) < share * least:
            self._run.clear()
            return False
        self._run.append(swing)
        del self._run[: -self._rule.swings]
        return followed

    def _begins(self, running: Swing, least: float) -> bool:
        rule = self._rule
        if len(self._run) < rule.swings - 1:
            return False
        before = self._run[-1]
        if rule.first and before.size * rule.first < 0.0:
            return False
        return (
            abs(before.size) >= least
            and abs(running.size) >= rule.returned * abs(before.size)
            and self._moves(before, 1.0)
            and self._moves(running, 1.0)
            and _straight(running)
            and _follows(before, running)
        )

    def _start(self, running: Swing) -> Change:
        run = self._run[-self._rule.swings + 1 :]
        self._told = self._rule.swings
        self._counted = True
        self._first_ns = run[0].arrived_ns
        largest = max(abs(swing.size) for swing in (*run, running))
        change = self._begin(run[0].left_ns, largest, Direction.NONE)
        self._measure(running)
        return change

    def _go_on(self, running: Swing, least: float) -> Change:
        """Counts the running swing once it is large enough; ends when it is none any more."""
        if self._lasts(running):
            return self._end(self._over_ns)
        size = abs(running.size)
        wanted = max(CONTINUED * least, FADED * abs(self._run[-1].size))
        if not self._counted and size >= wanted and _straight(running) and (
            self._moves(running, CONTINUED)
        ):
            self._counted = True
            self._told += 1
            self.count = self._told // 2
        if self._counted:
            self._measure(running)
            self.amplitude = max(self.amplitude, size)
        return Change.NONE

    def _measure(self, running: Swing) -> None:
        """The frequency, from turning points alone: a shake's last swing may stop half-way."""
        self._over_ns = running.arrived_ns
        if self._rule.opening < 1.0:
            between, last_ns = self._told - 2, self._run[-1].arrived_ns
        else:
            between, last_ns = self._told - 1, running.arrived_ns
        if last_ns > self._first_ns:
            self.frequency = between / 2.0 * 1e9 / (last_ns - self._first_ns)

    def _lasts(self, swing: Swing) -> bool:
        """Whether a swing takes too long or goes too far for this gesture."""
        long = swing.arrived_ns - swing.left_ns > SLOWEST_NS
        return long or abs(swing.size) > self._rule.most_deg

    def _moves(self, swing: Swing, share: float) -> bool:
        """Whether a swing is such as this gesture has, at a share of its least speed."""
        least_deg = share * self._rule.least_deg_s * (swing.arrived_ns - swing.left_ns) / 1e9
        return abs(swing.size) >= least_deg and not self._lasts(swing)


def _straight(swing: Swing) -> bool:
    """Whether the head turned about one of its axes, by far."""
    return swing.across <= ACROSS * abs(swing.size)


def _follows(before: Swing, swing: Swing) -> bool:
    """Whether two swings are part of one motion: no long rest between, and much the same size."""
    one, other = abs(before.size), abs(swing.size)
    return (
        swing.left_ns - before.arrived_ns <= PAUSE_NS
        and max(one, other) <= UNEQUAL * min(one, other)
    )
