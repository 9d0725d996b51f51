"""Text to the token ids of a model from a hub, by the rules of its own tokenizer.json.

By Hugging Face's `tokenizers`, with which such models are trained, whatever the kind of their
rules. It brings a client of the hub with it, so it is an extra. MiniLM, which every vocabulary of
commands needs, has `wordpiece` instead.
"""

from __future__ import annotations

import importlib.util
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_HALVES = re.compile("[\ud800-\udfff]")
_INSTEAD = "\ufffd"
_PANIC = "PanicException"
"""What a fault of code in Rust is in Python; its class cannot be imported."""


class Read(NamedTuple):
    """What a model reads of a text.

    Attributes:
        ids: int64 [1, tokens].
        places: Of each token, between which characters (code points) of the text it stands; (0, 0)
            for what is not in it.
        truncated: Whether the text has more.
    """

    ids: NDArray[np.int64]
    places: tuple[tuple[int, int], ...]
    truncated: bool


class HubTokens:
    """The tokeniser of one model.

    Args:
        text: A tokenizer.json, as it travels with the engine.
        name: What errors call it.
        limit: Most tokens of a text, with the marks of its start and end; 0: any number.

    Raises:
        EngineError: It is damaged, or the package is not installed.
    """

    def __init__(self, text: str, name: str, limit: int = 0) -> None:
        if importlib.util.find_spec("tokenizers") is None:
            raise EngineError(
                f"{name}: the package tokenizers is not installed", "pip install sensorium[text]"
            )
        from tokenizers import Tokenizer

        self._name = name
        with self._refused():
            self._tokenizer: Any = Tokenizer.from_str(text)
            self._tokenizer.no_padding()
            self._tokenizer.no_truncation()
            if limit:
                self._tokenizer.enable_truncation(limit)

    def __call__(self, text: str) -> Read:
        """What the model reads of a text; a special token in it, such as [MASK], keeps its meaning.

        Raises:
            EngineError: The rules set no marks around a text, or are damaged.
        """
        # UTF-8 has no halves of surrogate pairs.
        with self._refused():
            found = self._tokenizer.encode(_HALVES.sub(_INSTEAD, text))
        if not found.ids:
            raise EngineError(
                f"{self._name}: its tokenizer.json makes no tokens of {text[:20]!a}",
                "take one that marks a text's start and end",
            )
        return Read(
            np.array([found.ids], np.int64), tuple(found.offsets), bool(found.overflowing)
        )

    def pieces(self, text: str) -> list[str]:
        """A text's tokens as the vocabulary writes them; of an empty one none.

        Raises:
            EngineError: The rules are damaged.
        """
        with self._refused():
            found: list[str] = self._tokenizer.encode(
                _HALVES.sub(_INSTEAD, text), add_special_tokens=False
            ).tokens
        return found

    @contextmanager
    def _refused(self) -> Iterator[None]:
        """Tells what `tokenizers` says of damaged rules; some make it panic, which is no Exception.

        Raises:
            EngineError: It refused or panicked.
        """
        try:
            yield
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
                raise
            raise EngineError(
                f"{self._name}: its tokenizer.json is damaged: {str(error)[:200]}",
                f"fetch it again, then: sensorium-engines build {self._name}",
            ) from error

    def number(self, token: str) -> int | None:
        """The id of a token; None where the vocabulary has it not."""
        found: int | None = self._tokenizer.token_to_id(token)
        return found

    def token(self, number: int) -> str:
        """The token of an id; empty where there is none."""
        return self._tokenizer.id_to_token(number) or ""
