"""Which texts are nearly the same: groups that must not be parted between training and test.

Two texts are alike when the Jaccard index of their words and pairs of words is at least `ALIKE`:
one word changed in ten, a sign or a capital letter more. Found by prefix filtering (Chaudhuri,
Ganti, Kaushik, "A primitive operator for similarity joins in data cleaning", 2006): with features
in the order of their rarity, alike texts share one of the first few. It is exact but for features
that more than `_LISTED` texts have among their rarest.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ALIKE = 0.7
_WORDS = 64
"""Of a text, from its beginning, that are compared."""
_LISTED = 500
_WORD = re.compile(r"\w+")
_ODD = np.uint64(0x9E3779B97F4A7C15)
"""Mixes a pair's first word; the golden ratio's bits, as hash functions have it."""


def groups(texts: Sequence[str], alike: float = ALIKE) -> NDArray[np.int64]:
    """The group of each text, [n]: the place of its first text. Alike ones are in one.

    Args:
        texts: Any.
        alike: Least Jaccard index.
    """
    features, often = _ranked(texts)
    sizes = np.array([len(each) for each in features], np.int64)
    above = list(range(len(texts)))
    listed: dict[int, list[int]] = {}
    shared = np.zeros(len(often), bool)
    for at in np.argsort(sizes, kind="stable").tolist():
        own = features[at]
        prefix = own[: len(own) - math.ceil(alike * len(own)) + 1]
        # What only one text has finds no other.
        found: set[int] = set()
        keys = prefix[often[prefix] > 1].tolist()
        for key in keys:
            found.update(listed.get(key, ())[-_LISTED:])
        root = _root(above, at)
        others = [
            other for other in found
            if sizes[other] >= alike * len(own) and _root(above, other) != root
        ]
        if others:
            shared[own] = True
            parts = [features[other] for other in others]
            starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
            both = np.add.reduceat(shared[np.concatenate(parts)].astype(np.int64), starts)
            shared[own] = False
            either = len(own) + sizes[others] - both
            for place in np.flatnonzero(both >= alike * either).tolist():
                _join(above, at, others[place])
        for key in keys:
            listed.setdefault(key, []).append(at)
    return np.array([_root(above, at) for at in range(len(texts))], np.int64)


def _ranked(texts: Sequence[str]) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """The features of each text as ranks, the rarest first; and how many texts have each."""
    known: dict[str, int] = {}
    hashed = [_features(text, known) for text in texts]
    if not hashed:
        return [], np.zeros(0, np.int64)
    _, places, counts = np.unique(
        np.concatenate(hashed), return_inverse=True, return_counts=True
    )
    order = np.argsort(counts, kind="stable")
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    ends = np.cumsum([len(each) for each in hashed])[:-1]
    return [np.sort(each) for each in np.split(ranks[places], ends)], counts[order]


def _features(text: str, known: dict[str, int]) -> NDArray[np.uint64]:
    """Hashes of a text's words and pairs of words; of the text itself where it has none."""
    words = _WORD.findall(text.casefold())[:_WORDS] or [text]
    for word in words:
        if word not in known:
            digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
            known[word] = int.from_bytes(digest, "little")
    single = np.array([known[word] for word in words], np.uint64)
    return np.unique(np.concatenate((single, single[:-1] * _ODD + single[1:])))


def _root(above: list[int], at: int) -> int:
    while above[at] != at:
        above[at] = above[above[at]]
        at = above[at]
    return at


def _join(above: list[int], one: int, other: int) -> None:
    first, second = sorted((_root(above, one), _root(above, other)))
    above[second] = first
