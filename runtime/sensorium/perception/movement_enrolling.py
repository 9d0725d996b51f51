"""Enrols a moving gesture of the wearer's own: checks, learns, says what may go wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.errors import EnrolmentError
from sensorium.perception import enrolment_warnings, own_movements
from sensorium.perception.free_motion import check_free, kept
from sensorium.perception.gesture_enrolling import check_asked
from sensorium.perception.hand_motion import RATE_HZ
from sensorium.perception.movement_judging import judge
from sensorium.perception.movement_learning import Compared
from sensorium.perception.movement_span import agreed, span
from sensorium.perception.own_movements import (
    LONGEST,
    MOST,
    OwnMovement,
    OwnMovements,
    Recording,
    rounded,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.perception.movement_judging import Judged

    Array = NDArray[np.float32]

SEEN = 0.8
"""Share of a recording in which the hand and the head must be seen."""
LEAST_F1, WEAK_F1 = 0.4, 0.7
"""Below the first a gesture is refused, below the second one is warned. Of five recordings one slip
makes .89, and the figures come from patterns that are one recording fewer than those in use."""
APART = 1.25
"""How far, as costs' median, recordings are from one another at most; 1 is much."""
SAME = 0.25
"""Two gestures of which so many recordings are nearer to the other are the same: of two enrolments
of one gesture it is about a half, since nothing but chance parts them."""


class Enrolled(NamedTuple):
    """What came of an enrolment.

    Attributes:
        own: All moving gestures, to be kept.
        gesture: The new one.
        judged: Each gesture's name to how well it is told.
        warnings: In words.
    """

    own: OwnMovements
    gesture: OwnMovement
    judged: dict[str, Judged]
    warnings: list[str]


def recording(pieces: Sequence[Array], seconds: float) -> Recording:
    """Checks one recording.

    Args:
        pieces: [steps, WIDTH] embeddings each, without a gap in it.
        seconds: That were recorded.

    Raises:
        EnrolmentError: The hand was not seen, or did not move.
    """
    found = moved(pieces, seconds)
    if found is None:
        raise EnrolmentError(
            "the hand did not move", "make the movement while the bar runs, then keep still"
        )
    return found


def moved(pieces: Sequence[Array], seconds: float) -> Recording | None:
    """As `recording`, but None where the hand did not move."""
    steps = rounded(max(pieces, key=len))[:LONGEST] if pieces else np.empty((0, 0), np.float32)
    if len(steps) < SEEN * seconds * RATE_HZ:
        raise EnrolmentError(
            f"hand and head were seen for {len(steps) / RATE_HZ:.1f} s without a break, "
            f"{SEEN * seconds:.1f} are needed", "move where the headset sees the hand",
        )
    found = span(steps)
    return None if found is None else Recording(steps, found)


def check_room(name: str, known: OwnMovements) -> None:
    """As `gesture_enrolling.check_room`."""
    if len([one for one in known.gestures if one.name != name]) >= MOST:
        raise EnrolmentError(
            f"there are {MOST} own gestures that move already",
            "delete one of them, or enrol one that is held: --kind held",
        )


def enrol(
    name: str, recordings: Sequence[Recording], free: Sequence[Array], known: OwnMovements,
    built_in: Mapping[str, float], *, above: int = 0,
) -> Enrolled:
    """Learns a gesture beside those that are known; one of the same name is replaced.

    Args:
        name: At most 31 bytes.
        recordings: 3 to 12 of them, each by `recording`.
        free: Pieces of what the hands do otherwise.
        known: Those that are there.
        built_in: Movement that the sense tells by itself to the share of the recordings in which
            it did.
        above: A new gesture's id is above this one: the highest of those that are held.

    Raises:
        EnrolmentError: The name cannot be; recordings are too few, or not of one gesture; it is the
            same as a known one, or what the hands do anyway.
    """
    check_asked(name, len(recordings))
    check_room(name, known)
    check_free(free)
    before = known.named(name)
    others = [one for one in known.gestures if one.name != name]
    spans = agreed([one.steps for one in recordings], [one.span for one in recordings])
    new = OwnMovement(
        id=before.id if before else 1 + max([above, *(one.id for one in others)]),
        name=name, made=datetime.now(UTC).isoformat(timespec="seconds"), limit=1.0,
        recordings=tuple(
            Recording(one.steps, at) for one, at in zip(recordings, spans, strict=True)
        ),
    )
    gestures = sorted([*others, new], key=lambda one: one.id)
    place = gestures.index(new)
    all_free = kept(free, known.free)
    compared = Compared([one.recordings for one in gestures], all_free)
    judged = judge(compared)
    _refuse([one.name for one in gestures], judged, place, compared)
    limited = _limited(gestures, compared)
    named = {one.name: told for one, told in zip(gestures, judged, strict=True)}
    return Enrolled(
        OwnMovements(limited, all_free), limited[place], named, _warnings(name, named, built_in)
    )


def without(name: str, known: OwnMovements) -> OwnMovements:
    """The gestures without one, if it is there; the limits of the others are found anew."""
    left = [one for one in known.gestures if one.name != name]
    if not left:
        return own_movements.none()
    compared = Compared([one.recordings for one in left], known.free)
    return OwnMovements(_limited(left, compared), known.free)


def _limited(gestures: Sequence[OwnMovement], compared: Compared) -> tuple[OwnMovement, ...]:
    limits = compared.limits().tolist()
    return tuple(replace(one, limit=at) for one, at in zip(gestures, limits, strict=True))


def _refuse(
    names: Sequence[str], judged: Sequence[Judged], place: int, compared: Compared
) -> None:
    new = judged[place]
    for at in range(len(names)):
        if at == place:
            continue
        mixed = (compared.nearer(place, at) + compared.nearer(at, place)) / 2.0
        if mixed >= SAME:
            raise EnrolmentError(
                f"it is the same as {names[at]!r}: {mixed:.0%} of the recordings are nearer to the "
                "other one", f"show another gesture, or delete {names[at]!r} first",
            )
    if compared.apart(place) > APART or new.recall < min(LEAST_F1, new.precision):
        raise EnrolmentError(
            f"the recordings are not of one movement: {new.recall:.0%} of them are known from the "
            "others", "make the same movement each time, from rest to rest",
        )
    if new.f1 >= LEAST_F1:
        return
    raise EnrolmentError(
        f"the hands do this otherwise, too: of what is taken for it {new.precision:.0%} is right",
        "choose a movement that is further from what hands do, and do not show it in free motion",
    )


def _warnings(
    name: str, judged: Mapping[str, Judged], built_in: Mapping[str, float]
) -> list[str]:
    warnings = []
    for other, alike in enrolment_warnings.confused(name, judged, "recordings", 0.0):
        warnings += [alike] if alike else []
        if judged[other].f1 < WEAK_F1:
            warnings.append(f"{other!r} is told badly: its F1 is {judged[other].f1:.2f}")
    if judged[name].free > 0.0:
        warnings.append(
            f"{name!r} is told {judged[name].free:.1f} times in a minute of free motion"
        )
    warnings += enrolment_warnings.slips(judged[name])
    warnings += enrolment_warnings.told_anyway(name, built_in)
    return warnings
