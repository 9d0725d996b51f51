"""Commands of apps in virtual reality, other wordings of them, and what is near and is none.

A command is `name: phrase; phrase`, and below it `| another wording; another wording`. Weights and
thresholds are chosen with one side (wordings_chosen.py), and the other (wordings_evaluation.py), of
other kinds of apps, is only measured on.
"""

from __future__ import annotations

from typing import NamedTuple


class World(NamedTuple):
    """One app.

    Attributes:
        phrases: Command to its phrases, as in a vocabulary.
        others: (another wording, command).
        near: What might be said in such an app and is none of its commands.
    """

    phrases: dict[str, list[str]]
    others: list[tuple[str, str]]
    near: list[str]


def world(lines: str, near: str) -> World:
    """Reads an app as it is written down.

    Args:
        lines: Its commands, as above.
        near: A line each.
    """
    phrases: dict[str, list[str]] = {}
    others: list[tuple[str, str]] = []
    for line in lines.strip().replace("\n|", " |").splitlines():
        name, _, rest = line.partition(": ")
        own, _, other = rest.partition(" | ")
        phrases[name] = own.split("; ")
        others += [(text, name) for text in other.split("; ")]
    return World(phrases, others, near.strip().splitlines())
