"""Enrols a gesture of the wearer's own: checks recordings, learns, and says what may go wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.errors import EnrolmentError
from sensorium.perception import enrolment_warnings, own_gestures
from sensorium.perception.gesture_learning import judge, learn
from sensorium.perception.hand_embedding import WIDTH
from sensorium.perception.own_gestures import (
    DIGITS,
    FRAMES,
    FREE,
    MOST,
    OwnGesture,
    OwnGestures,
)
from sensorium.perception.own_identity import RECORDINGS, name_fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.perception.gesture_learning import Judged

    Array = NDArray[np.float64]

SEEN = 15
"""Frames of a second in which the hand must be seen, at least: half of them at 30 Hz."""
UNSTEADY = 0.25
"""Root mean square of the embedding around its mean within a recording from which on the hand was
not held: joints with 2 mm of noise have about 0.1."""
FEW_FREE = 30
"""Frames of other things that are needed."""
SAME = 0.25
"""Two gestures of which so many frames are taken for one another are the same: of two enrolments of
one gesture it is about a half, since nothing but chance parts them."""
CONFUSED = 0.02
"""Of a larger share one is warned."""
APART = 0.2
"""How far recordings of one gesture lie from their mean, root mean square, at most; one finger that
is bent and stretched by turns is further. It only decides which reason is given."""
LEAST_F1 = 0.7
"""Below it a gesture is not worth having: it would be missed or told at any time."""


class Enrolled(NamedTuple):
    """What came of an enrolment.

    Attributes:
        own: All gestures, to be kept.
        gesture: The new one.
        judged: Each gesture's name to how well it is told.
        warnings: In words.
    """

    own: OwnGestures
    gesture: OwnGesture
    judged: dict[str, Judged]
    warnings: list[str]


def recording(frames: Sequence[Sequence[float]]) -> Array:
    """Checks one recording and takes what is kept of it.

    Args:
        frames: Embeddings of a second, one a frame in which the hand was seen.

    Returns:
        [`FRAMES`, `WIDTH`]: evenly taken.

    Raises:
        EnrolmentError: The hand was not seen enough, or not held.
    """
    if len(frames) < SEEN:
        raise EnrolmentError(
            f"the hand was seen in {len(frames)} frames, {SEEN} are needed",
            "hold it where the headset sees it",
        )
    seen = np.asarray(frames)
    spread = float(np.sqrt(((seen - seen.mean(0)) ** 2).mean()))
    if spread > UNSTEADY:
        raise EnrolmentError("the fingers moved meanwhile", "hold the gesture for the whole second")
    return _even(seen, FRAMES)


def check_free(free: Sequence[Sequence[float]]) -> None:
    """Refuses free motion that was hardly seen.

    Args:
        free: Embeddings, one a frame in which a hand was seen.

    Raises:
        EnrolmentError: They are fewer than `FEW_FREE`.
    """
    if len(free) < FEW_FREE:
        raise EnrolmentError(
            f"the hands were seen in {len(free)} frames of free motion, {FEW_FREE} are needed",
            "move them where the headset sees them; sensorium doctor says whether it does",
        )


def check_asked(name: str, recordings: int) -> None:
    """Refuses what no recording could mend.

    Args:
        name: Of the gesture.
        recordings: How many of it there are.

    Raises:
        EnrolmentError: The name cannot be; recordings are too few or too many.
    """
    fault = name_fault(name)
    if fault:
        raise EnrolmentError(f"the name {name!r} {fault}", "give another name")
    if not RECORDINGS[0] <= recordings <= RECORDINGS[1]:
        raise EnrolmentError(
            f"{recordings} recordings of a gesture are too few or too many, "
            f"{RECORDINGS[0]} to {RECORDINGS[1]} are needed",
            "record it more often: one does not show how a hand varies",
        )


def check_room(name: str, known: OwnGestures) -> None:
    """Refuses one more than there may be.

    Args:
        name: Of the gesture; one that is there is replaced.
        known: Those that are there.

    Raises:
        EnrolmentError: There are `MOST` others.
    """
    if len([one for one in known.gestures if one.name != name]) >= MOST:
        raise EnrolmentError(
            f"there are {MOST} own gestures that are held already",
            "delete one of them, or enrol one that moves: --kind moves",
        )


def enrol(
    name: str, recordings: Sequence[Array], free: Sequence[Sequence[float]], known: OwnGestures,
    built_in: Mapping[str, float], *, above: int = 0,
) -> Enrolled:
    """Learns a gesture beside those that are known; one of the same name is replaced.

    Args:
        name: At most 31 bytes.
        recordings: `RECORDINGS` of them, each by `recording`.
        free: Embeddings of what the hands do otherwise.
        known: Those that are there.
        built_in: Gesture that a sense tells by itself to the share of the recordings in which it
            did.
        above: A new gesture's id is above this one: the highest of those that move.

    Raises:
        EnrolmentError: The name cannot be; recordings are too few, or not of one gesture; it is the
            same as a known one, or what the hands do anyway.
    """
    check_asked(name, len(recordings))
    check_room(name, known)
    check_free(free)
    before = known.named(name)
    others = [one for one in known.gestures if one.name != name]
    all_free = np.concatenate([_even(np.asarray(free), FREE // 2), known.free])[:FREE]
    all_free = np.round(all_free.reshape(-1, WIDTH), DIGITS)
    new = OwnGesture(
        id=before.id if before else 1 + max([above, *(one.id for one in others)]),
        name=name, made=datetime.now(UTC).isoformat(timespec="seconds"), limit=1.0,
        recordings=tuple(np.round(one, DIGITS) for one in recordings),
    )
    gestures = sorted([*others, new], key=lambda one: one.id)
    place = gestures.index(new)
    samples = [one.recordings for one in gestures]
    judged = judge(samples, all_free)
    _refuse([one.name for one in gestures], judged, place, _apart(new.recordings))
    limits = learn(samples, all_free).limits.tolist()
    kept = tuple(
        replace(one, limit=limit) for one, limit in zip(gestures, limits, strict=True)
    )
    named = {one.name: told for one, told in zip(gestures, judged, strict=True)}
    return Enrolled(
        OwnGestures(kept, all_free), kept[place], named, _warnings(name, named, built_in)
    )


def without(name: str, known: OwnGestures) -> OwnGestures:
    """The gestures without one; the limits of the others are found anew.

    Raises:
        EnrolmentError: There is none of that name.
    """
    left = [one for one in known.gestures if one.name != name]
    if len(left) == len(known.gestures):
        names = ", ".join(one.name for one in known.gestures) or "none"
        raise EnrolmentError(f"there is no gesture {name!r} of your own", f"there are: {names}")
    if not left:
        return own_gestures.none()
    limits = learn([one.recordings for one in left], known.free).limits.tolist()
    return OwnGestures(
        tuple(replace(one, limit=limit) for one, limit in zip(left, limits, strict=True)),
        known.free,
    )


def _even(seen: Array, most: int) -> Array:
    taken: Array = seen[np.linspace(0, len(seen) - 1, min(most, len(seen))).round().astype(int)]
    return taken


def _apart(recordings: Sequence[Array]) -> float:
    """How far the recording that is furthest from all lies from their mean."""
    means = np.array([one.mean(0) for one in recordings])
    return float(np.sqrt(((means - means.mean(0)) ** 2).mean(1)).max())


def _refuse(
    names: Sequence[str], judged: Sequence[Judged], place: int, apart: float
) -> None:
    new = judged[place]
    for at, other in enumerate(judged):
        mixed = (float(new.taken_for[at]) + float(other.taken_for[place])) / 2.0
        if at != place and mixed >= SAME:
            raise EnrolmentError(
                f"it is the same as {names[at]!r}: {mixed:.0%} of the frames are taken for one "
                "another", f"show another gesture, or delete {names[at]!r} first",
            )
    if new.f1 >= LEAST_F1:
        return
    if apart >= APART:
        raise EnrolmentError(
            f"the recordings are not of one gesture: {new.recall:.0%} of the frames are known from "
            "the other recordings", "show the same gesture each time",
        )
    raise EnrolmentError(
        f"the hands do this otherwise, too: of what is taken for it {new.precision:.0%} is right",
        "choose a gesture that is further from a resting hand, and do not show it in free motion",
    )


def _warnings(
    name: str, judged: Mapping[str, Judged], built_in: Mapping[str, float]
) -> list[str]:
    pairs = enrolment_warnings.confused(name, judged, "frames", CONFUSED)
    warnings = [alike for _, alike in pairs if alike]
    if judged[name].free >= CONFUSED:
        warnings.append(
            f"{name!r} is told in {judged[name].free:.0%} of the frames of free motion"
        )
    warnings += enrolment_warnings.slips(judged[name])
    warnings += enrolment_warnings.told_anyway(name, built_in)
    return warnings
