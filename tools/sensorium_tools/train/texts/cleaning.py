"""What is learned from: rows without copies, contradictions and classes of too few."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.train.texts import similar
from sensorium_tools.train.texts.split import FEWEST, commonest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium_tools.train.texts.table import Row

MOST_LABELS = 100


class Texts(NamedTuple):
    """Texts whose classes are known.

    Attributes:
        texts: No two the same, whatever their capitals.
        labels: Names of the classes, in alphabetic order.
        truth: int64 [n], places in `labels`.
        groups: int64 [n]; texts that are alike are in one.
        found: What was found, counted: "duplicates" and "contradictory", which were left out, and
            "near-duplicates".
        too_few: Labels that were left out, and of how many groups each was the commonest.
    """

    texts: list[str]
    labels: tuple[str, ...]
    truth: NDArray[np.int64]
    groups: NDArray[np.int64]
    found: dict[str, int]
    too_few: dict[str, int]


def clean(rows: Sequence[Row]) -> Texts:
    """Makes texts of rows.

    Copies of a text count once, with the label that most of them have; where no label has the most
    they contradict one another and are left out. Near-duplicates stay, in one group, which counts
    for the label that most of them have. A class with fewer than `FEWEST` groups is left out.

    Raises:
        EngineError: When less than two classes are left, or there are over `MOST_LABELS`.
    """
    labels = Counter(row.label for row in rows)
    if len(labels) > MOST_LABELS:
        often = ", ".join(repr(name[:40]) for name, _ in labels.most_common(3))
        raise EngineError(
            f"the labels' column holds {len(labels)} different ones ({often}, ...), "
            f"{MOST_LABELS} are allowed",
            "name the column that holds the class of each text: --label COLUMN",
        )
    kept, duplicates, contradictory = _without_copies(rows)
    grouped = similar.groups([row.text for row in kept])
    few = _too_few(kept, grouped, sorted(labels))
    names = tuple(sorted(labels.keys() - few.keys()))
    if len(names) < 2:
        raise EngineError(_too_little(len(rows), labels, few), _REMEDY)
    places = [at for at, row in enumerate(kept) if row.label not in few]
    own = grouped[places]
    return Texts(
        [kept[at].text for at in places], names,
        np.array([names.index(kept[at].label) for at in places], np.int64), own,
        {
            "duplicates": duplicates, "contradictory": contradictory,
            "near-duplicates": len(own) - len(np.unique(own)),
        },
        few,
    )


def _too_few(
    rows: Sequence[Row], groups: NDArray[np.int64], names: Sequence[str]
) -> dict[str, int]:
    """The labels of fewer than `FEWEST` groups, in the order of `names`, and how many each has.

    They are left out one after the other, the rarest first: a group without one counts for the
    commonest of the others.
    """
    place = {name: at for at, name in enumerate(names)}
    truth = np.array([place[row.label] for row in rows], np.int64)
    few: dict[int, int] = {}
    while len(few) < len(names):
        left = ~np.isin(truth, list(few))
        counts = np.bincount(commonest(truth[left], groups[left]), minlength=len(names))
        rarest = min((at for at in range(len(names)) if at not in few), key=counts.__getitem__)
        if counts[rarest] >= FEWEST:
            break
        few[rarest] = int(counts[rarest])
    return {names[at]: few[at] for at in sorted(few)}


_REMEDY = f"give each of two or more classes {FEWEST} texts and more that are not alike"


def _too_little(count: int, labels: Counter[str], few: dict[str, int]) -> str:
    if len(labels) == 1:
        return f"all {count} rows have one label, {next(iter(labels))[:40]!r}"
    said = ", ".join(f"{name[:40]!r} {number}" for name, number in list(few.items())[:10])
    return f"{count} rows with a text and a label are too few; of different texts have: " + (
        said or "no class any"
    )


def _without_copies(rows: Sequence[Row]) -> tuple[list[Row], int, int]:
    """One row for each text, copies left out, and contradictory texts left out."""
    labels: dict[str, Counter[str]] = {}
    first: dict[str, str] = {}
    for row in rows:
        key = row.text.casefold()
        labels.setdefault(key, Counter())[row.label] += 1
        first.setdefault(key, row.text)
    kept = []
    for key, counted in labels.items():
        (best, most), *rest = counted.most_common(2)
        if not rest or rest[0][1] < most:
            kept.append(type(rows[0])(first[key], best))
    return kept, len(rows) - len(labels), len(labels) - len(kept)
