"""What a text is for: it asks, tells or demands, and what it demands to be done.

Sentence embeddings place "who ordered the soup" and "eat the soup" beside "taste the soup": what is
spoken of counts for more there than what is said of it. The lists are of English.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Mood(Enum):
    """Of a text."""

    QUESTION = "question"
    STATEMENT = "statement"
    DEMAND = "demand"


_ASKS = frozenset(("who", "whose", "when", "why", "how", "is", "are", "was", "were", "does", "did",
                   "has", "have"))  # fmt: skip
"""A text that begins so is a question; "can you" and "would you" begin demands."""
_MAY_ASK = frozenset(("what", "where", "which"))
"""These may ask to be shown something: "where are the statues" demands to be led there."""
_WISHES = frozenset(("want", "need", "would", "will", "like", "love", "can", "could", "should",
                     "must", "wish", "do", "am", "cannot", "have"))  # fmt: skip
"""Behind "I" and "we": "I need a plate" demands one, "I broke a plate" tells of it."""
_TELLS = frozenset(("is", "are", "was", "were", "has", "had"))
_BEFORE = frozenset(("please", "now", "okay", "so", "then", "just", "and", "well", "hey", "also"))
_ACTIONS = (
    ("begin", "start", "commence", "launch"), ("boil", "heat", "warm"), ("break", "destroy"),
    ("build", "construct", "create", "erect"), ("burn",), ("buy", "purchase", "order"),
    ("cancel", "abort"), ("catch",), ("chop", "cut", "slice", "dice", "saw"),
    ("clean", "wash", "scrub", "wipe"), ("close", "shut"), ("cook", "fry", "roast", "bake"),
    ("copy", "duplicate", "clone"), ("delete", "remove", "erase", "clear", "discard"),
    ("display", "show", "reveal"), ("download", "upload"), ("eat",), ("explain", "describe"),
    ("hide", "conceal"), ("invite",), ("load",), ("lock", "unlock"), ("measure", "weigh"),
    ("open",), ("paint", "recolor", "color"), ("peel",), ("print",), ("read",), ("record",),
    ("rename",), ("repeat", "replay"), ("restart", "reset"), ("rotate", "spin", "swivel"),
    ("save", "store"), ("sell",), ("send", "share"), ("serve",), ("skip",),
    ("stir", "mix", "blend"), ("taste", "sample", "try", "sip"), ("touch",), ("undo", "revert"),
    ("write",),
)  # fmt: skip
"""Verbs of one row may stand for one another. Those that take their meaning from what follows
(make, put, give, get, go, turn) are left out, so that nothing is concluded from them."""
_MEANS: dict[str, frozenset[int]] = {}
for _row, _verbs in enumerate(_ACTIONS):
    for _verb in _verbs:
        _MEANS[_verb] = _MEANS.get(_verb, frozenset()) | {_row}


def mood(words: Sequence[str]) -> Mood:
    """Whether a text asks, tells or demands.

    Args:
        words: Plain words, at least one.
    """
    begun = [word for word in words if word not in _BEFORE] or list(words)
    first, rest = begun[0], begun[1:]
    if first in _ASKS or first in _MAY_ASK:
        return Mood.QUESTION
    if first in ("i", "we"):
        return Mood.DEMAND if rest[:1] and rest[0] in _WISHES else Mood.STATEMENT
    if first in ("the", "a", "my", "he", "she", "they") and _TELLS & set(rest):
        return Mood.STATEMENT
    return Mood.DEMAND


def differs(said: Sequence[str], asked: Iterable[Sequence[str]]) -> bool:
    """Whether a text is for something else than every phrase of a command.

    Args:
        said: Plain words of the text.
        asked: Of each phrase.
    """
    phrases = list(asked)
    meant, action = mood(said), _action(said)
    if (
        meant is not Mood.DEMAND
        and not _MAY_ASK & set(said[:1])
        and all(mood(words) is not meant for words in phrases)
    ):
        return True
    actions = [_action(words) for words in phrases]
    return bool(action) and all(actions) and not any(action & other for other in actions)


def _action(words: Sequence[str]) -> frozenset[int]:
    """What the verb that a demand begins with may stand for; empty where that is not known."""
    begun = [word for word in words if word not in _BEFORE]
    return _MEANS.get(begun[0], frozenset()) if begun else frozenset()
