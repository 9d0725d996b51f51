"""Recognition leans towards phrases that are waited for: additions to the next token's logit.

Shallow fusion with a tree of phrases, as Zhao et al., "Shallow-Fusion End-to-End Contextual
Biasing" (Interspeech 2019), and Jung et al., "Spell My Name" (ICASSP 2022), have it: a token that
goes on with a phrase earns a weight, and what an abandoned prefix has earned is taken back. Here a
phrase has earned its weight only when the sentence ends with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.phrase_tree import closure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.phrase_tree import PhraseTree, Spelling, State

Place = tuple[int, "State"]
"""Number of the tree, and the place in it."""


class PhraseBias:
    """The phrases that are waited for now.

    Args:
        trees: Of the vocabularies.
        spelling: Of the model.
        weight: Of a token, in natural logarithms, from 0.
    """

    def __init__(self, trees: Sequence[PhraseTree], spelling: Spelling, weight: float) -> None:
        self.weight = weight
        self.trees = tuple(trees)
        self.marks = spelling.marks
        self._start = {
            (number, state): 0
            for number, tree in enumerate(trees) for state in closure([(tree.root, None)])
        }
        self._first = _tokens(self._start)

    def begin(self) -> Follower:
        """At the beginning of a text."""
        return Follower(self, self._start, self._first, 0)

    def behind(self, places: dict[Place, int], earned: int, token: int) -> Follower:
        """Behind one more token."""
        found: dict[Place, int] = {}
        for (number, state), count in places.items():
            after = self.trees[number].follow(state, token)
            if after is not None:
                gained = count + (not after[0].counts)
                for reached in closure([after]):
                    key = number, reached
                    found[key] = max(found.get(key, 0), gained)
        if token in self.marks:
            earned += completed(places)
            found = {**self._start, **found}
        return Follower(self, found, _tokens(found), earned)


class Follower:
    """What of the phrases a text so far may be.

    Args:
        bias: The phrases.
        places: Where the text may be in them, each with the tokens of the phrase so far.
        tokens: That go on with a phrase.
        earned: Tokens of the phrases that sentences ended with.
    """

    def __init__(
        self, bias: PhraseBias, places: dict[Place, int], tokens: NDArray[np.intp], earned: int
    ) -> None:
        self.earned = earned
        self.tokens = tokens
        self._bias = bias
        self._places = places

    @property
    def within(self) -> bool:
        """Whether the text ends within a phrase, or with one."""
        return any(count for count in self._places.values())

    @property
    def complete(self) -> int:
        """Tokens of the longest phrase that ends here; -1 where no phrase goes on so."""
        return completed(self._places) if self._places else -1

    def take(self, token: int) -> Follower:
        """Behind one more token."""
        return self._bias.behind(self._places, self.earned, token)

    def raised(self, chances: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logarithms of the tokens' chances with the weight added where a phrase goes on."""
        leaned = chances.copy()
        leaned[self.tokens] += np.float32(self._bias.weight)
        return leaned


def completed(places: dict[Place, int]) -> int:
    """Tokens of the longest phrase that is complete."""
    return max(
        (count for (_, (node, behind)), count in places.items() if behind is None and node.ends),
        default=0,
    )


def _tokens(places: dict[Place, int]) -> NDArray[np.intp]:
    found = {token for _, (node, _) in places for token in node.next}
    return np.fromiter(found, np.intp, len(found))
