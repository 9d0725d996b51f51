"""Words that turn round what a text says: close by letters and by meaning, and never the same."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PAIRS = (
    # `of` is what a recogniser often writes for `off`.
    ("on", "off"), ("on", "of"), ("up", "down"), ("left", "right"), ("open", "close"),
    ("in", "out"), ("start", "stop"), ("first", "last"), ("high", "low"), ("more", "less"),
    ("show", "hide"), ("big", "small"), ("bigger", "smaller"), ("louder", "quieter"),
    ("faster", "slower"), ("raise", "lower"), ("increase", "decrease"), ("add", "remove"),
    ("lock", "unlock"), ("mute", "unmute"), ("enable", "disable"), ("next", "previous"),
    ("forward", "back"), ("forward", "backward"), ("before", "after"), ("yes", "no"),
    ("with", "without"), ("all", "none"), ("take", "drop"), ("save", "delete"),
    ("pause", "resume"), ("clockwise", "counterclockwise"),
)  # fmt: skip
_NEGATIONS = frozenset(("not", "never", "no", "without", "nobody", "nothing", "neither", "nor"))
_CONTRARY: dict[str, set[str]] = defaultdict(set)
for _one, _other in _PAIRS:
    _CONTRARY[_one].add(_other)
    _CONTRARY[_other].add(_one)


def contradicts(said: Iterable[str], asked: Iterable[str]) -> bool:
    """Whether one text denies or turns round the other: "do not", or "off" in the place of "on"."""
    said, asked = set(said), set(asked)
    if bool(said & _NEGATIONS) != bool(asked & _NEGATIONS):
        return True
    return any(_CONTRARY[word] & (said - asked) for word in (asked - said) & _CONTRARY.keys())
