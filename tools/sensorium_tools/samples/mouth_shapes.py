"""Which of the 15 visemes a phoneme shows, and a timeline of them from timed phonemes.

The visemes and their examples (p b m, f v, th, t d, k g, tS dZ S, s z, n l, r, A:, e, ih, oh, ou)
are those of Meta's "Viseme Reference" (developers.meta.com, Oculus Lipsync for Unity). What it
leaves out follows the groups of Microsoft's "Map phonemes to visemes" (learn.microsoft.com, Speech
service), where a group of theirs lies nearest to one of Meta's: the velar nasal with k and g, the
voiced sibilant of "measure" with sh, j with i, w with u, r-coloured vowels with r. Ours are two:
a schwa is the half-open E, and h and the glottal stop, which have no shape of their own, already
show that of the sound that follows.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.errors import EngineError
from sensorium.records.voice import VISEMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium_tools.samples.phoneme_times import Segment

SHAPES = {
    "PP": ("p", "b", "m", "ɱ"),
    "FF": ("f", "v"),
    "TH": ("θ", "ð"),
    "DD": ("t", "d", "ɾ"),
    "kk": ("k", "ɡ", "g", "ŋ", "x", "ç"),
    "CH": ("tʃ", "dʒ", "ʃ", "ʒ"),
    "SS": ("s", "z"),
    "nn": ("n", "l", "ɫ", "ɬ"),
    "RR": ("ɹ", "r", "ɻ", "ɚ", "ɝ", "ɜ"),
    "aa": ("ɑ", "a", "æ", "ʌ"),
    "E": ("ɛ", "e", "ə", "ɐ", "ɘ"),
    "ih": ("ɪ", "i", "ᵻ", "ɨ", "j", "y"),
    "oh": ("ɔ", "o", "ɒ", "ɵ"),
    "ou": ("u", "ʊ", "w", "ʍ", "ʉ"),
}
"""Viseme to the IPA letters that show it."""
SHAPELESS = ("h", "ɦ", "ʔ")
"""They show what follows."""
FIRST_SHARE = 0.6
"""Of a diphthong's time, its first half; the glide is the shorter."""
CLOSURE_S = 0.06
"""Before a plosive, whose synthesiser calls its closure silence, the mouth is closed this long."""

_OF = {letter: VISEMES.index(shape) for shape, letters in SHAPES.items() for letter in letters}
_SIL = VISEMES.index("sil")
_PLOSIVES = ("p", "b", "t", "d", "k", "ɡ", "g")


class Shown(NamedTuple):
    """A stretch of one viseme; seconds, and an index in `VISEMES`."""

    begin_s: float
    end_s: float
    viseme: int


def shapes(phoneme: str) -> tuple[int, ...]:
    """The visemes of a phoneme, in order.

    Args:
        phoneme: In IPA; marks of stress, length and manner are passed over.

    Returns:
        Indices in `VISEMES`; empty for what has no shape of its own.

    Raises:
        EngineError: When a letter is not known.
    """
    letters = "".join(
        letter for letter in unicodedata.normalize("NFD", phoneme)
        if unicodedata.category(letter) in ("Ll", "Lo")
    )
    if not letters:
        return (_SIL,)
    found: list[int] = []
    while letters:
        part = letters[:2] if letters[:2] in _OF else letters[0]
        letters = letters[len(part) :]
        if part in SHAPELESS:
            continue
        if part not in _OF:
            raise EngineError(f'the phoneme "{phoneme}" has no viseme: "{part}" is not known')
        if not found or found[-1] != _OF[part]:
            found.append(_OF[part])
    return tuple(found)


def timeline(segments: Sequence[Segment]) -> tuple[Shown, ...]:
    """What a mouth shows while phonemes are said.

    Args:
        segments: In order, without gaps.

    Raises:
        EngineError: See `shapes`.
    """
    ahead: tuple[int, ...] = (_SIL,)
    closes = False
    made: list[Shown] = []
    for begin, end, phoneme in reversed(segments):
        found = shapes(phoneme)
        split = end
        if found == (_SIL,) and closes:
            split = max(begin, end - CLOSURE_S)
            made.append(Shown(split, end, ahead[0]))
        if found:
            ahead = found
        closes = phoneme.startswith(_PLOSIVES)
        middle = begin + FIRST_SHARE * (split - begin)
        if len(found) > 1:
            edges = np.linspace(middle, split, len(found))
            made += [
                Shown(float(edges[at - 1]), float(edges[at]), found[at])
                for at in range(len(found) - 1, 0, -1)
            ]
            made.append(Shown(begin, middle, found[0]))
        elif split > begin:
            made.append(Shown(begin, split, ahead[0]))
    return tuple(reversed(made))


def at(shown: Sequence[Shown], times_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """The viseme at each time: [n]; outside of the timeline `sil`."""
    begins = np.array([stretch.begin_s for stretch in shown])
    visemes = np.array([_SIL, *(stretch.viseme for stretch in shown)])
    found = visemes[np.searchsorted(begins, times_s, side="right")]
    last = shown[-1].end_s if shown else 0.0
    return np.where(times_s < last, found, _SIL).astype(np.int64)
