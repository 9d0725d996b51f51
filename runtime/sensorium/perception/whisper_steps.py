"""Whisper's decoder step by step: the cache of one text, and the way back in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Run = Callable[[Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]
"""One call of the decoder's engine."""


class Steps:
    """The cache of one text, and the step that fills it."""

    def __init__(
        self, run: Run, cross: Mapping[str, NDArray[np.float32]], capacity: int
    ) -> None:
        self._run = run
        self._token = np.zeros((1, 1), np.int64)
        self._position = np.zeros(1, np.int64)
        self._feeds: dict[str, NDArray[Any]] = {
            "token": self._token, "position": self._position, **cross
        }
        self._followed: list[NDArray[np.float32]] = []
        self._layers = sum(name.startswith("cross_k_") for name in cross)
        for layer in range(self._layers):
            for name, axis in (("k", 3), ("v", 2)):
                shape = list(cross[f"cross_{name}_{layer}"].shape)
                shape[axis] = capacity
                # Rows that were not written weigh nothing, but must be numbers.
                self._feeds[f"cache_{name}_{layer}"] = np.zeros(shape, np.float32)

    def take(self, token: int) -> NDArray[np.float32]:
        """Gives the model one token; returns the logits of the next, [vocabulary]."""
        self._token[0, 0] = token
        results = self._run(self._feeds)
        row = int(self._position[0])
        for layer in range(self._layers):
            self._feeds[f"cache_k_{layer}"][..., row] = results[f"new_k_{layer}"][..., 0]
            self._feeds[f"cache_v_{layer}"][:, :, row] = results[f"new_v_{layer}"][:, :, 0]
        self._position[0] = row + 1
        # The engine may write over what it gave in its next call.
        self._followed.append(results["alignment"].copy())
        logits: NDArray[np.float32] = results["logits"][0]
        return logits

    def back(self, count: int) -> None:
        """Forgets all but the first `count` tokens that were given."""
        self._position[0] = count
        del self._followed[count:]
        for layer in range(self._layers):
            self._feeds[f"cache_k_{layer}"][..., count:] = 0
            self._feeds[f"cache_v_{layer}"][:, :, count:] = 0

    def alignment(self) -> NDArray[np.float32]:
        """Of every token that was given: [tokens, heads, positions]."""
        return np.stack(self._followed)
