"""A decoder step by step, Whisper's or a translator's: the cache of texts, the way back in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Run = Callable[[Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]
"""One call of the decoder's engine."""


class Steps:
    """The cache of the texts of one sound, or of one text's translations; the step that fills it.

    Args:
        run: A call of the decoder's engine.
        cross: What the encoder gave.
        capacity: Tokens of one text, those of the prompt included.
    """

    def __init__(
        self, run: Run, cross: Mapping[str, NDArray[np.float32]], capacity: int
    ) -> None:
        self._run = run
        self._capacity = capacity
        self._position = np.zeros(1, np.int64)
        self._feeds: dict[str, NDArray[Any]] = {"position": self._position, **cross}
        self._cache: dict[str, NDArray[np.float32]] = {}
        self._followed: list[tuple[Sequence[int], NDArray[np.float32]]] = []
        self._layers = sum(name.startswith("cross_k_") for name in cross)
        self._make_room(1)

    def take(self, token: int) -> NDArray[np.float32]:
        """Gives the model one token of the one text; returns the next one's logits, [vocabulary].

        Raises:
            EngineError: When the engine fails.
        """
        logits: NDArray[np.float32] = self.take_each((0,), (token,))[0]
        return logits

    def take_each(self, behind: Sequence[int], tokens: Sequence[int]) -> NDArray[np.float32]:
        """Gives the model one token of each text; they go side by side.

        Args:
            behind: Which of the texts of the step before each one goes on with.
            tokens: Theirs.

        Returns:
            Logits of the next token of each, [texts, vocabulary]; the engine may write over them
            in its next call.

        Raises:
            EngineError: When the engine fails.
        """
        count, row = len(tokens), int(self._position[0])
        self._make_room(count)
        moved = list(behind) != list(range(count))
        for name, values in self._cache.items():
            if moved:
                written = values[..., :row] if "_k_" in name else values[:, :, :row]
                written[:count] = written[list(behind)]
            self._feeds[name] = values[:count]
        self._feeds["token"] = np.array(tokens, np.int64)[:, None]
        results = self._run(self._feeds)
        for layer in range(self._layers):
            self._cache[f"cache_k_{layer}"][:count, ..., row] = results[f"new_k_{layer}"][..., 0]
            self._cache[f"cache_v_{layer}"][:count, :, row] = results[f"new_v_{layer}"][:, :, 0]
        self._position[0] = row + 1
        # The engine may write over what it gave in its next call.
        if "alignment" in results:
            self._followed.append((tuple(behind), results["alignment"].copy()))
        logits: NDArray[np.float32] = results["logits"]
        return logits

    def back(self, count: int) -> None:
        """Forgets all but the first `count` tokens that were given; the texts share those."""
        self._position[0] = count
        del self._followed[count:]
        for name, values in self._cache.items():
            (values[..., count:] if "_k_" in name else values[:, :, count:])[:1] = 0

    def alignment(self, text: int = 0, count: int | None = None) -> NDArray[np.float32]:
        """Of every token of a text that was given: [tokens, heads, positions].

        Args:
            text: Its number.
            count: Tokens, of which it was given the last in a step when it had that number; None:
                all that were given.
        """
        rows: list[NDArray[np.float32]] = []
        for behind, seen in reversed(self._followed[:count]):
            rows.append(seen[text])
            text = behind[text]
        return np.stack(rows[::-1])

    def _make_room(self, count: int) -> None:
        """For texts side by side; there is none for many before they are needed."""
        for layer in range(self._layers):
            for name, axis in (("k", 3), ("v", 2)):
                shape = list(self._feeds[f"cross_{name}_{layer}"].shape)
                shape[0], shape[axis] = count, self._capacity
                old = self._cache.get(f"cache_{name}_{layer}")
                if old is not None and len(old) >= count:
                    continue
                # Rows that were not written weigh nothing, but must be numbers.
                made = np.zeros(shape, np.float32)
                if old is not None:
                    made[: len(old)] = old
                self._cache[f"cache_{name}_{layer}"] = made
