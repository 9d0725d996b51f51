"""Sentences out of templates such as `turn (on|off) [the] {area} <light>`, from a seed.

The notation is that of Home Assistant's intents: `(a|b)` one of several, `(a;b)` all in any
order, `[a]` may be left out, `<rule>` another template by name, `{list}` or `{list:slot}` an
entry of a list. Parts stand together where no space is between them: `lamp[s]`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

MAX_DEPTH = 16
"""Rules within rules and brackets within brackets."""
_TOKEN = re.compile(r"[()\[\]|;]|<[^<>]*>|\{[^{}]*\}|[^()\[\]|;<>{}]+")
_CLOSES = {"(": ")", "[": "]"}


class Templates:
    """The rules and lists that templates refer to.

    Args:
        rules: Name to template.
        lists: Name to `{"values": [...]}`, `{"range": {"from", "to", "step"}}` or anything else.
        words: Entries of a list that `lists` does not spell out.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: When they have another form.
    """

    def __init__(
        self,
        rules: Mapping[str, str],
        lists: Mapping[str, Any],
        words: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._rules = {name: str(rule) for name, rule in rules.items()}
        own = {name: _entries(entry, name, words) for name, entry in lists.items()}
        self._lists: Mapping[str, Sequence[str | int]] = {**words, **own}

    def sentence(self, template: str, noise: np.random.Generator) -> str:
        """One of a template's sentences.

        Raises:
            EngineError: When its brackets do not close, it is nested too deeply, or refers to
                what is not there.
        """
        return " ".join(self._drawn(template, noise, 0).split())

    def _drawn(self, template: str, noise: np.random.Generator, depth: int) -> str:
        tokens = _TOKEN.findall(template)
        if depth > MAX_DEPTH or "".join(tokens) != template:
            raise _broken(template)
        text, end = self._choice(tokens, 0, "", noise, depth, template)
        if end != len(tokens):
            raise _broken(template)
        return text

    def _choice(
        self, tokens: list[str], place: int, close: str, noise: np.random.Generator, depth: int,
        template: str,
    ) -> tuple[str, int]:
        """One of the alternatives up to `close`, or all of them, and the place behind it."""
        if depth > MAX_DEPTH:
            raise _broken(template)
        alternatives, all_of_them = [""], False
        while place < len(tokens) and tokens[place] != close:
            token = tokens[place]
            place += 1
            if token in "|;":
                alternatives.append("")
                all_of_them = all_of_them or token == ";"
            elif token in _CLOSES:
                text, place = self._choice(
                    tokens, place, _CLOSES[token], noise, depth + 1, template
                )
                alternatives[-1] += text if token == "(" or noise.random() < 0.5 else ""
            elif token in ")]":
                raise _broken(template)
            else:
                alternatives[-1] += self._plain(token, noise, depth)
        if close:
            if place == len(tokens):
                raise _broken(template)
            place += 1
        if all_of_them:
            return " ".join(alternatives[at] for at in noise.permutation(len(alternatives))), place
        return alternatives[int(noise.integers(len(alternatives)))], place

    def _plain(self, token: str, noise: np.random.Generator, depth: int) -> str:
        name = token[1:-1]
        if token[0] == "<":
            if name not in self._rules:
                raise EngineError(f"there is no rule <{name}> for a template")
            return self._drawn(self._rules[name], noise, depth + 1)
        if token[0] == "{":
            return self._entry(name.split(":", 1)[0], noise, depth)
        return token

    def _entry(self, name: str, noise: np.random.Generator, depth: int) -> str:
        entries = self._lists.get(name, ())
        if not entries:
            raise EngineError(f"there are no words for the list {{{name}}} of a template")
        entry = entries[int(noise.integers(len(entries)))]
        return str(entry) if isinstance(entry, int) else self._drawn(entry, noise, depth + 1)


def _entries(
    entry: Mapping[str, Any], name: str, words: Mapping[str, tuple[str, ...]]
) -> Sequence[str | int]:
    """What a list holds; empty where only the user's own house knows."""
    if "values" in entry:
        return [
            str(value["in"] if isinstance(value, dict) else value) for value in entry["values"]
        ]
    if "range" in entry:
        reach = entry["range"]
        return range(int(reach["from"]), int(reach["to"]) + 1, int(reach.get("step", 1)))
    return words.get(name, ())


def _broken(template: str) -> EngineError:
    return EngineError(
        f'the template "{template[:80]}" cannot be read', "its brackets must close, or it is deep"
    )
