"""What lets a command pass: a wake word that was heard, a button that was held."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import OSA

from sensorium.perception.commands.sounding import sounding
from sensorium.perception.commands.vocabulary import Gate
from sensorium.perception.commands.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.perception.commands.said import Said
    from sensorium.perception.sense import Rings, Sample

_LOOKED_AT = 64
"""Newest records of a ring that are looked at."""
_LATE_NS = 500_000_000
"""How far behind an utterance's end its wake word may be placed."""
_SHARE = 0.5
"""Of the utterance, during which the button must be held."""
_LIKE = 0.6
"""Likeness of what a recogniser wrote for the wake phrase: it often does not know the word."""
_MORE_WORDS = 2
"""What it wrote may be of so many words more than the phrase."""


class Wake(NamedTuple):
    """A wake word that lets an utterance pass.

    Attributes:
        phrase: As it is said.
        end_ns: Capture time of its end.
    """

    phrase: str
    end_ns: int


def wake_before(rings: Rings, start_ns: int, end_ns: int, within_ns: int) -> Wake | None:
    """The newest wake word in an utterance, or at most `within_ns` before it."""
    for sample in _newest_first(rings, "wake_word"):
        row = sample.record[0]
        detected = int(row["detected_ns"])
        if detected > end_ns + _LATE_NS:
            continue
        if detected < start_ns - within_ns:
            return None
        return Wake(row["phrase"].decode("utf-8", "replace"), detected)
    return None


def held_during(rings: Rings, start_ns: int, end_ns: int, tolerance_ns: int) -> bool:
    """Whether the button was held through at least half of an utterance.

    Args:
        rings: Of the process.
        start_ns: Of the utterance.
        end_ns: Of the utterance.
        tolerance_ns: So much earlier and later it counts as held.
    """
    released: set[tuple[int, int]] = set()
    for sample in _newest_first(rings, "push_to_talk"):
        row = sample.record[0]
        press = int(row["side"]), int(row["pressed_ns"])
        if press in released:
            continue
        released.add(press)
        first = press[1] - tolerance_ns
        last = end_ns if row["held"] else min(end_ns, int(row["released_ns"]) + tolerance_ns)
        if last - max(first, start_ns) >= _SHARE * (end_ns - start_ns):
            return True
    return False


def behind_phrase(said: Said, wake: Wake) -> int:
    """The index of the first word behind the wake phrase; 0 where it is not in the text.

    Found by what was written for it, which may be only like it, else by the words' times.
    """
    phrase = plain(wake.phrase)
    wanted = "".join(map(sounding, phrase))
    best, end = 0.0, 0
    for count in range(1, min(len(said.words), len(phrase) + _MORE_WORDS) + 1):
        written = "".join(sounding(word) for word in said.plain[:count])
        likeness = OSA.normalized_similarity(written, wanted)
        if likeness > best:
            best, end = likeness, count
    if best >= _LIKE:
        return end
    middles = [(start + last) // 2 for start, last in said.times]
    return sum(0 < middle < wake.end_ns for middle in middles)


def open_gates(of: Gate, woken: bool, held: bool) -> Gate:
    """Those of a vocabulary's gates that are open."""
    now = Gate.ALWAYS
    if woken:
        now |= Gate.WAKE_WORD
    if held:
        now |= Gate.PUSH_TO_TALK
    return of & now


def _newest_first(rings: Rings, channel: str) -> Iterator[Sample]:
    newest = rings.latest(channel)
    for n in range(newest, max(0, newest - _LOOKED_AT), -1):
        sample = rings.at(channel, n)
        if sample is None:
            return
        if sample.valid:
            yield sample
