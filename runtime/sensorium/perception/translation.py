"""Texts in another language, by an encoder and a decoder of the Marian kind.

A text is translated line by line, as such models are trained on single sentences; a line that is
longer than the model's positions is split at the ends of sentences, then anywhere. The search is
a beam with the sum of the tokens' logarithms divided by their count, as Hugging Face's
`transformers` has it with length_penalty 1 and early_stopping False; a width of 1 is greedy.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference.text_metadata import TOKENIZER, TRANSLATION, VOCABULARY
from sensorium.perception.hub_tokens import HubTokens
from sensorium.perception.softmax import log_softmax
from sensorium.perception.whisper_steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

WIDEST = 8
"""Translations that go side by side, at most."""
_BLANK = "\u2581"
_UNKNOWN_SIGN = "\u2047"
"""For a word that the vocabulary has not, as SentencePiece writes it."""
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")
_CODE = ">>{}<<"


class Translated(NamedTuple):
    """A translation of one piece of a text.

    Attributes:
        text: In the other language.
        score: Geometric mean of its tokens' probabilities, 0..1.
        tokens: Their count, without the one that ends it.
        ended: Whether the model ended it; else it was cut.
    """

    text: str
    score: float
    tokens: int
    ended: bool


class _Begun(NamedTuple):
    tokens: tuple[int, ...]
    total: float
    row: int


class Translator:
    """One pair of engines.

    Args:
        encoder: With its tokeniser and vocabulary as metadata.
        decoder: Of the same model.

    Raises:
        EngineError: They carry nothing that reads texts, or are of two models.
    """

    def __init__(self, encoder: Engine, decoder: Engine) -> None:
        self.encoder, self.decoder = encoder, decoder
        try:
            settings: dict[str, int] = json.loads(decoder.metadata[TRANSLATION])
            self._words: list[str] = json.loads(decoder.metadata[VOCABULARY])
            if encoder.metadata[VOCABULARY] != decoder.metadata[VOCABULARY]:
                raise EngineError(
                    f"{encoder.name} and {decoder.name} are of two models",
                    "name the same folder in both cards, then build both",
                )
            self._pieces = HubTokens(encoder.metadata[TOKENIZER], encoder.name)
            self._end, self._pad = settings["end"], settings["pad"]
            self._start, self._unknown = settings["start"], settings["unknown"]
            self.positions = settings["positions"]
        except (KeyError, ValueError, TypeError) as error:
            raise EngineError(
                f"{encoder.name} or {decoder.name} is no half of a translator ({error})",
                f"sensorium-engines build {encoder.name} {decoder.name}",
            ) from error
        self._numbers = {word: at for at, word in enumerate(self._words) if word}

    @property
    def targets(self) -> tuple[str, ...]:
        """The languages that are to be chosen from, by the model's own codes; empty: it has one."""
        return tuple(
            sorted(word[2:-2] for word in self._numbers if re.fullmatch(r">>[^<>]+<<", word))
        )

    def sources(self, line: str, target: str = "") -> list[list[int]]:
        """The ids of a line of text, in pieces that the model can read; none of a blank one.

        Args:
            line: Any.
            target: One of `targets`; empty: none is said.
        """
        code = [self._numbers[_CODE.format(target)]] if target else []
        most = self.positions - 1 - len(code)
        whole = self._ids(line)
        parts = [whole] if len(whole) <= most else self._packed(line, most)
        return [[*code, *part, self._end] for part in parts if part]

    def translate(self, source: list[int], width: int, most: int) -> Translated:
        """The likeliest translation of one piece.

        Args:
            source: Its ids, of `sources`.
            width: Translations that go side by side, 1 to `WIDEST`.
            most: Tokens of a translation, from 1; the model's positions bound them, too.

        Raises:
            EngineError: An engine failed.
        """
        cross = self.encoder.run({"input_ids": np.array([source], np.int64)})
        # The engine may write over what it gave in its next call.
        kept = {name: values.copy() for name, values in cross.items()}
        most = min(most, self.positions - 1)
        steps = Steps(self.decoder.run, kept, most + 1)
        tokens, score, ended = self._search(steps, width, most)
        return Translated(self.text(tokens), score, len(tokens), ended)

    def text(self, tokens: Iterable[int]) -> str:
        """The text of some tokens."""
        said = (
            f" {_UNKNOWN_SIGN} " if token == self._unknown else self._words[token]
            for token in tokens if token not in (self._end, self._pad)
        )
        return "".join(said).replace(_BLANK, " ").strip()

    def _search(self, steps: Steps, width: int, most: int) -> tuple[tuple[int, ...], float, bool]:
        live = [_Begun((), 0.0, 0)]
        ended: list[tuple[float, tuple[int, ...]]] = []
        chances = _logarithms(steps.take(self._start)[np.newaxis], self._pad)
        for count in range(1, most + 1):
            further: list[_Begun] = []
            ways = _best(live, chances, 2 * width if width > 1 else 1)
            for rank, (total, row, token) in enumerate(ways):
                if token == self._end:
                    # One that ends counts where it would have stayed among the live ones.
                    if rank < width:
                        ended.append((total / count, live[row].tokens))
                elif len(further) < width:
                    further.append(_Begun((*live[row].tokens, token), total, row))
            ended = sorted(ended, reverse=True)[:width]
            live = further
            # A longer one may still be better: each token that is likelier than the mean of those
            # before it raises that mean. It is not waited for, as `transformers` has it.
            if not live or (len(ended) == width and live[0].total / count <= ended[-1][0]):
                break
            if count < most:
                behind = [each.row for each in live]
                logits = steps.take_each(behind, [each.tokens[-1] for each in live])
                chances = _logarithms(logits, self._pad)
        if ended:
            score, tokens = ended[0]
            return tokens, float(np.exp(score)), True
        best = live[0]
        return best.tokens, float(np.exp(best.total / len(best.tokens))), False

    def _ids(self, text: str) -> list[int]:
        # What no text has stands before the pieces that a text must not make.
        plain = text.replace("\0", " ")
        if not plain.strip():
            return []
        return [self._numbers.get(piece, self._unknown) for piece in self._pieces.pieces(plain)]

    def _packed(self, line: str, most: int) -> list[list[int]]:
        """As many sentences in each piece as the model can read; what is longer is cut apart."""
        parts: list[list[int]] = [[]]
        for sentence in _SENTENCE.split(line):
            for part in _cut(self._ids(sentence), most):
                if len(parts[-1]) + len(part) > most:
                    parts.append([])
                parts[-1] += part
        return parts


def _cut(ids: list[int], most: int) -> Iterator[list[int]]:
    for first in range(0, len(ids), most):
        yield ids[first : first + most]


def _logarithms(logits: NDArray[np.float32], pad: int) -> NDArray[np.float64]:
    """Of the probabilities of the next tokens; padding never is one."""
    figures = logits.astype(np.float64)
    figures[:, pad] = -np.inf
    return log_softmax(figures)


def _best(
    live: list[_Begun], chances: NDArray[np.float64], count: int
) -> Iterator[tuple[float, int, int]]:
    """The likeliest ways on: total, row and token, the best first."""
    totals = np.array([each.total for each in live])[:, np.newaxis] + chances
    flat: NDArray[Any] = totals.reshape(-1)
    count = min(count, flat.size)
    found = np.argpartition(-flat, count - 1)[:count]
    for at in found[np.argsort(-flat[found], kind="stable")]:
        yield float(flat[at]), int(at) // chances.shape[1], int(at) % chances.shape[1]
