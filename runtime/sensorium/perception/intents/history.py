"""What was attended to, moment by moment: the traces of one app as probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.attention_trace import CONTROLLER, EYES, FINGER, HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from numpy.typing import NDArray

    from sensorium.perception.sense import Rings, Sample

    Array = NDArray[np.float64]

_HANGING = 0.5
"""A controller whose ray meets nothing with this probability is not pointed with, nor is one of two
hands while the other one points at something."""
_LEAST = 1e-3
"""No target that was seen at all is less probable than this."""


class Seen(NamedTuple):
    """A traced ray.

    Attributes:
        time_ns: When.
        space: Space and generation.
        kind: See `traced_ray.kind`.
        side: 0 left, 1 right hand; -1: of the head or eyes.
        origin: Shape (3,), m.
        direction: Shape (3,), unit vector.
    """

    time_ns: int
    space: tuple[int, int]
    kind: int
    side: int
    origin: Array
    direction: Array


@dataclass(frozen=True)
class Way:
    """One way to refer, over time.

    Attributes:
        chances: Shape (T, K + 1): of each target and, last, of none; rows sum to 1.
        known: Shape (T,): whether there was anything to know. A row that is not is uniform.
        doubt: Probability that this way is not about what was said.
        open: Shape (T,): probability of none, where a controller hangs, too.
    """

    chances: Array
    known: NDArray[np.bool_]
    doubt: float
    open: Array

    @property
    def labels(self) -> NDArray[np.int64]:
        """Shape (T,): the most probable; where nobody knows, what was so before."""
        best = np.where(self.known, self.chances.argmax(axis=1), -1)
        for at in range(1, len(best)):
            if best[at] < 0:
                best[at] = best[at - 1]
        return best


@dataclass(frozen=True)
class History:
    """The moments of some seconds.

    Attributes:
        ids: Of the targets, K of them.
        times_ns: Shape (T,), ascending.
        gaze: What was looked at.
        pointing: What was pointed at, with either hand.
        grip: What was held, by either hand.
        rays: All rays of that time.
    """

    ids: tuple[int, ...]
    times_ns: NDArray[np.int64]
    gaze: Way
    pointing: Way
    grip: Way
    rays: tuple[Seen, ...]

    @property
    def times(self) -> Array:
        """Shape (T,), s."""
        return self.times_ns.astype(np.float64) * 1e-9


DOUBT = {EYES: 0.15, HEAD: 0.3, FINGER: 0.05, CONTROLLER: 0.25}
"""By the kind of ray; our own figures. Eyes wander, heads follow them half-way, who stretches a
finger means it, and a controller points at something all the time."""
GRIP_DOUBT = 0.05


def read(
    rings: Rings, session: int, from_ns: int, to_ns: int, more: Sequence[int] = (),
    among: Container[int] | None = None,
) -> History:
    """Reads the traces of a time.

    Args:
        rings: Of the process.
        session: Of the app.
        from_ns: The first moment.
        to_ns: The last one.
        more: Ids to know beside those of the traces.
        among: Ids that the app still has: another one that was attended to is none of the targets
            by now. None: it is not known which.
    """
    rays = tuple(sorted(_rays(rings, from_ns, to_ns), key=lambda ray: ray.time_ns))
    apps = rings.apps
    rows = {
        sample.capture_ns: sample.record[0]
        for sample in _back(
            lambda n: apps.at(session, "target_trace", n), apps.latest(session, "target_trace"),
            from_ns,
        )
        if sample.capture_ns <= to_ns
    }
    times = sorted(rows)
    moments = [_moment(rows[time]) for time in times]
    found = dict.fromkeys(more)
    for moment in moments:
        for seen in moment:
            found.update(dict.fromkeys(seen[0] if seen is not None else ()))
    ids = tuple(one for one in found if among is None or one in among)
    eyes = [int(rows[time]["looked_source"]) == EYES for time in times]
    fingers = any(ray.kind == FINGER for ray in rays)
    doubts = (
        DOUBT[EYES if sum(eyes) * 2 > len(eyes) else HEAD],
        DOUBT[FINGER if fingers else CONTROLLER], GRIP_DOUBT,
    )
    gaze, pointing, grip = (
        _way([moment[at] for moment in moments], ids, doubt) for at, doubt in enumerate(doubts)
    )
    if not fingers:
        pointing = _unless_open(pointing)
    return History(ids, np.array(times, np.int64), gaze, pointing, grip, rays)


def _back(
    at: Callable[[int], Sample | None], latest: int, from_ns: int
) -> Iterator[Sample]:
    """The valid records of a ring, the newest first, as far back as a time."""
    for n in range(latest, 0, -1):
        sample = at(n)
        if sample is None or sample.capture_ns < from_ns:
            return
        if sample.valid:
            yield sample


def _rays(rings: Rings, from_ns: int, to_ns: int) -> Iterator[Seen]:
    for channel in ("ray_trace", "gaze_trace"):
        for sample in _back(partial(rings.at, channel), rings.latest(channel), from_ns):
            if sample.capture_ns > to_ns:
                continue
            row = sample.record[0]
            space = int(row["space"]), int(row["space_generation"])
            for side, ray in enumerate(row["rays"], -1):
                if ray["kind"]:
                    yield Seen(
                        sample.capture_ns, space, int(ray["kind"]), side,
                        ray["origin"].astype(np.float64), ray["direction"].astype(np.float64),
                    )


_Chances = tuple[dict[int, float], float]
"""Id to its probability, and that of none."""


def _moment(row: np.void) -> tuple[_Chances | None, _Chances | None, _Chances | None]:
    """What is looked at, pointed at and held; None: nobody knows."""
    nothing, hands = row["nothing"].tolist(), int(row["hands"])
    looked = _ranked(row["looked_at"], nothing[0]) if row["looked_source"] else None
    held = [
        _ranked(row["grabbed"][side], nothing[3 + side]) if hands & (4 << side) else None
        for side in (0, 1)
    ]
    # A closed hand that holds no target says nothing; one that holds some does not point.
    held = [one if one is not None and one[0] else None for one in held]
    pointed = [
        _ranked(row["pointed_at"][side], nothing[1 + side]) for side in (0, 1)
        if hands & (1 << side) and held[side] is None
    ]
    return looked, _mean(_those_that_point(pointed)), _mean(held)


def _ranked(ranked: np.void, nothing: float) -> _Chances | None:
    """The app may have written there: what is no probability is not known."""
    pairs = zip(ranked["ids"].tolist(), ranked["scores"].tolist(), strict=True)
    chances = {one: score for one, score in pairs if one and 0 <= score <= 1}
    return (chances, nothing) if 0 <= nothing <= 1 else None


def _those_that_point(hands: Sequence[_Chances | None]) -> Sequence[_Chances | None]:
    """Of two hands one that points at nothing, as it hangs, says nothing if the other one does."""
    return [one for one in hands if one is not None and one[1] < _HANGING] or hands


def _mean(hands: Sequence[_Chances | None]) -> _Chances | None:
    """Of two hands each may be the one that refers."""
    known = [one for one in hands if one is not None]
    if not known:
        return None
    ids = {one for chances, _ in known for one in chances}
    return (
        {one: sum(chances.get(one, 0.0) for chances, _ in known) / len(known) for one in ids},
        sum(nothing for _, nothing in known) / len(known),
    )


def _unless_open(way: Way) -> Way:
    """A controller that hangs points at nothing, and says nothing by that."""
    open_ = way.chances[:, -1:]
    size = way.chances.shape[1]
    others = way.chances * np.append(np.ones(size - 1), 0.0)
    known = way.known & (open_[:, 0] < _HANGING)
    return Way(others + open_ / size, known, way.doubt, way.open)


def _way(moments: Sequence[_Chances | None], ids: Sequence[int], doubt: float) -> Way:
    size = len(ids) + 1
    place = {one: at for at, one in enumerate(ids)}
    chances = np.full((len(moments), size), 1 / size)
    for row, moment in zip(chances, moments, strict=True):
        if moment is not None:
            row[:] = _LEAST
            for one, chance in moment[0].items():
                row[place.get(one, -1)] += chance
            row[-1] += moment[1]
            row /= row.sum()
    known = np.array([one is not None for one in moments], np.bool_)
    return Way(chances, known, doubt, chances[:, -1].copy())
