"""Several texts of one sound side by side, as long as each is nearly as likely as the likeliest.

Beam search: where the model is sure, one text goes on alone, as greedy decoding has it; where it
is in doubt, the next best go on beside it, and the likeliest whole text is heard. Texts that fall
behind are dropped: the relative threshold of Freitag and Al-Onaizan, "Beam Search Strategies for
Neural Machine Translation" (2017). Without it, it is the search of CTranslate2 with patience 1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.whisper_heard import Ending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.whisper_draft import Draft, Rules
    from sensorium.perception.whisper_steps import Steps

    Chances = NDArray[np.float32]

WIDTH = 5
"""Texts that go side by side, at most, as in faster-whisper and `whisper/transcribe.py`."""
NEAR = 3.0
"""Natural logarithm of how much less likely a text may be than the likeliest: chosen among 2, 3, 5
and 30, which differed in two texts of 100."""


class _Candidate(NamedTuple):
    total: float
    row: int
    token: int


class Beam:
    """A search.

    Args:
        rules: Of the model's texts.
        width: Texts that go side by side, at most, from 1.
        near: See `NEAR`.
    """

    def __init__(self, rules: Rules, width: int, near: float = NEAR) -> None:
        self._rules = rules
        self._width = width
        self._near = near

    def in_doubt(self, chances: Chances) -> bool:
        """Whether more than one text would go on behind the chances of one text's next token."""
        return self._width > 1 and int((chances >= chances.max() - self._near).sum()) > 1

    def search(self, steps: Steps, logits: Chances, begun: Draft, most: int) -> list[Draft]:
        """The likeliest texts that begin so.

        Args:
            steps: They stand behind what begins the texts.
            logits: Of the next token, [vocabulary].
            begun: What begins the texts.
            most: Tokens of a text, at most.

        Returns:
            Texts that have ended, the best first, those before the others that the model ended by
            itself: one that goes round in a loop is sure of each token.

        Raises:
            EngineError: When the engine fails.
        """
        live = [replace(begun, row=0)]
        ended: list[Draft] = []
        rows = logits[None]
        while live:
            chances = self._rules.chances(rows, bool(live[0].tokens))
            further: list[tuple[_Candidate, Draft]] = []
            for rank, each in enumerate(self._likeliest(live, chances, ended)):
                draft = self._rules.take(
                    live[each.row], each.token, float(chances[each.row, each.token]), most
                )
                if draft.ending is None:
                    further.append((each, replace(draft, row=len(further))))
                elif rank < self._width:
                    ended.append(replace(draft, row=each.row))
                if len(further) == self._width:
                    break
            if len(ended) >= self._width or not further:
                break
            live = [draft for _, draft in further]
            rows = steps.take_each(
                [each.row for each, _ in further], [each.token for each, _ in further]
            )
        return sorted(
            ended, key=lambda draft: (draft.ending is Ending.SAID, draft.score), reverse=True
        )

    def _likeliest(
        self, live: Sequence[Draft], chances: Chances, ended: Sequence[Draft]
    ) -> list[_Candidate]:
        """The likeliest next tokens of all texts, best first.

        Twice as many as go on: so there are enough, even where half of them are ends.
        """
        totals = chances + np.array([[draft.total] for draft in live], np.float32)
        best = max([float(totals.max()), *(draft.total for draft in ended)])
        flat, most = totals.ravel(), 2 * self._width
        found = np.flatnonzero((flat >= best - self._near) & (flat > -np.inf))
        if len(found) > most:
            found = found[np.argpartition(-flat[found], most - 1)[:most]]
        made = [
            _Candidate(float(flat[each]), *map(int, divmod(each, totals.shape[1])))
            for each in found
        ]
        made.sort(key=lambda each: -each.total)
        return made
