"""Reads a pickled Keras Tokenizer as data: of all that a pickle may name, four things are known."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict, defaultdict
from typing import Any

from sensorium.errors import EngineError

_MOST_WORDS = 1_000_000


class _Tokenizer:
    """Stands for keras_preprocessing.text.Tokenizer: attributes and no methods."""


_KNOWN: dict[tuple[str, str], Any] = {
    ("keras_preprocessing.text", "Tokenizer"): _Tokenizer,
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): defaultdict,
    ("builtins", "int"): int,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Gives what the file may name; see `pickle.Unpickler.find_class`."""
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return _KNOWN[module, name]


def read_words(data: bytes, name: str) -> dict[str, Any]:
    """The words that a tokeniser keeps, as `sensorium.perception.word_list` takes them.

    Args:
        data: tokenizer.pickle.
        name: What errors call it.

    Returns:
        `words`: by index, from 1 on; `unknown`: the index of all others; `filters`: characters
        that part words.

    Raises:
        EngineError: When the file is damaged, names anything else, or splits text otherwise.
    """
    try:
        stored = vars(_Unpickler(io.BytesIO(data)).load())
        index = stored["word_index"]
        if (stored["lower"], stored["split"], stored["char_level"]) != (True, " ", False):
            raise ValueError("it does not split lower-case text at blanks")
        count = min(int(stored["num_words"] or len(index) + 1), len(index) + 1)
        if not 2 <= count <= _MOST_WORDS:
            raise ValueError(f"it keeps {count} words")
        words = [""] * (count - 1)
        for word, place in index.items():
            if not isinstance(word, str):
                raise TypeError(f"{word!r:.40} is no word")
            if 1 <= place < count:
                words[place - 1] = word
        unknown, filters = index[stored["oov_token"]], stored["filters"]
        if not isinstance(filters, str) or unknown not in range(1, count) or "" in words:
            raise ValueError("its words are not numbered from 1 on")
    except Exception as error:
        # A pickle can raise anything while it is read.
        raise EngineError(
            f"{name}: not a Keras tokeniser, or damaged ({type(error).__name__}: {error!s:.200})"
        ) from error
    return {"words": words, "unknown": unknown, "filters": filters}
