"""How alike two texts sound, from their letters: edits weighed by what ears take for one another.

An edit distance in which a substitution costs by the place and the manner of what is exchanged, as
Kondrak, "A New Algorithm for the Alignment of Phonetic Sequences" (NAACL 2000), has it; here the
sounds are letters that are folded by rules (`sounding`), and the costs are ours and coarse.
"""

from __future__ import annotations

from sensorium.perception.commands.sounding import sounding
from sensorium.perception.commands.words import plain

_VOWELS, _GLIDES = frozenset("aeiou"), frozenset("hwyrl")
_FAINT, _FULL = 0.5, 1.0
"""What a sound weighs: a vowel, or a glide that is easily swallowed; any other consonant."""
_VOWEL, _OF_VOWEL = 0.25, 0.6
"""A vowel for another one, which a recogniser hears worst; a glide for a vowel."""
_ALIKE = (
    (0.3, ("mn", "cjs")),
    (0.4, ("nt", "rw")),
    (0.5, ("pfmw", "tsnlcj", "lrwy")),
    (0.6, ("kcjs",)),
    (0.7, ("hkf",)),
)
"""Cost of consonants for one another: nasals, hissing sounds; at one place of the mouth; of one
manner. `sounding` has made one of those that differ by voice alone."""


def _costs() -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for cost, groups in reversed(_ALIKE):
        for group in groups:
            found |= {(one, other): cost for one in group for other in group}
    found |= {(one, other): _VOWEL for one in _VOWELS for other in _VOWELS}
    for vowel in _VOWELS:
        for glide in _GLIDES:
            found[vowel, glide] = found[glide, vowel] = _OF_VOWEL
    return found


_COSTS = _costs()


def sounds(text: str) -> str:
    """What a text sounds like, without the gaps between its words."""
    return "".join(sounding(word) for word in plain(text))


def likeness(one: str, other: str) -> float:
    """How alike two texts sound: 0 (nothing) .. 1 (all).

    Args:
        one: As `sounds` has it.
        other: The same.
    """
    longest = max(_weights(one), _weights(other))
    return max(0.0, 1.0 - _apart(one, other)[-1] / longest) if longest else 1.0


def most_alike(begun: str, other: str) -> float:
    """How like another text one that begins so may be at most, 0..1.

    What it is apart already stays; the least it can weigh in is a text that is as much longer.

    Args:
        begun: As `sounds` has it.
        other: The same, whole.
    """
    apart, whole = min(_apart(begun, other)), _weights(other)
    return whole / (whole + apart) if whole else 0.0


def _apart(one: str, other: str) -> list[float]:
    """Weight of the edits from a text to each beginning of another one."""
    row = [0.0]
    for sound in other:
        row.append(row[-1] + _weight(sound))
    for left in one:
        weight = _weight(left)
        above, row = row, [row[0] + weight]
        for place, right in enumerate(other):
            change = above[place] + _change(left, right)
            row.append(min(change, above[place + 1] + weight, row[-1] + _weight(right)))
    return row


def _weights(sounding_text: str) -> float:
    return sum(map(_weight, sounding_text))


def _weight(sound: str) -> float:
    return _FAINT if sound in _VOWELS or sound in _GLIDES else _FULL


def _change(one: str, other: str) -> float:
    return 0.0 if one == other else _COSTS.get((one, other), _FULL)
