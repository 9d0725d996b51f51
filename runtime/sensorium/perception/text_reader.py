"""Texts as an engine reads them: by the tokeniser that travels with it, else by its list of words.

Who serves an engine and who judges it read with this, so that what was judged is what is served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensorium.errors import EngineError
from sensorium.inference.text_metadata import TOKENIZER, WORDS
from sensorium.perception.hub_tokens import HubTokens
from sensorium.perception.word_list import WordList

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.inference.card_tables import Port
    from sensorium.inference.manifest import Tensor
    from sensorium.perception.sentence_tokens import Carrier


class Fed(NamedTuple):
    """What an engine is fed with of a text.

    Attributes:
        feeds: By the input's name.
        truncated: Whether the text has more.
    """

    feeds: dict[str, NDArray[np.generic]]
    truncated: bool


class TextReader:
    """What reads for one engine.

    Args:
        engine: Which carries its tokeniser or its list of words.
        port: Its input.
        length: Most tokens or words that it takes; so many where its size does not vary.

    Raises:
        EngineError: It carries neither, or what it carries is damaged.
    """

    def __init__(self, engine: Carrier, port: Port | Tensor, length: int) -> None:
        self.port = port.name
        self._length = length
        self._varies = isinstance(port.shape[-1], str)
        self.tokens: HubTokens | None = None
        self._words: WordList | None = None
        if TOKENIZER in engine.metadata:
            self.tokens = HubTokens(engine.metadata[TOKENIZER], engine.name, length)
        elif WORDS in engine.metadata:
            self._words = WordList(engine.metadata[WORDS], engine.name)
        else:
            raise EngineError(
                f"{engine.name}: carries no {TOKENIZER} and no {WORDS}, so it cannot read a text",
                "put tokenizer.json or vocab.txt into its folder, then: "
                f"sensorium-engines build {engine.name}",
            )

    def __call__(self, text: str) -> Fed:
        """What the engine is fed with; what is beyond its length is left out.

        Raises:
            EngineError: The tokeniser's rules are damaged.
        """
        if self._words is None:
            assert self.tokens is not None
            read = self.tokens(text)
            return Fed({self.port: read.ids}, read.truncated)
        numbers = self._words.as_long(text, self._length + 1)
        truncated = numbers.shape[1] > self._length
        if not self._varies:
            numbers = self._words(text, self._length)
        return Fed({self.port: numbers[:, : self._length]}, truncated)
