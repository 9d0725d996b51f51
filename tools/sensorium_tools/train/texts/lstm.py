"""A text classifier in plain numpy: embedding, LSTM, the largest of its states, linear.

The LSTM is that of Hochreiter and Schmidhuber with a forget gate (Gers, Schmidhuber, Cummins,
2000), its gates in ONNX's order: input, output, forget, cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sensorium.perception.softmax import softmax
from sensorium_tools.train.temporal_network import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

WIDE = STATES = 64
"""Numbers of a word, and of the LSTM's state."""
_KEEP, _KNOWN = 0.6, 0.9
"""Share of a word's and a text's numbers that stay in training, and of words that stay known."""
_TINY = 1e-37


class Batch(NamedTuple):
    """Texts of about one length.

    Attributes:
        words: int64 [texts, longest]; 0 behind a text's end.
        lengths: int64 [texts], 1 or more.
    """

    words: NDArray[np.int64]
    lengths: NDArray[np.int64]


class Masks(NamedTuple):
    """What dropout leaves, scaled so that the mean stays (Srivastava et al., 2014).

    Attributes:
        words: [longest, texts, wide].
        text: [texts, states].
    """

    words: Array
    text: Array


class _Seen(NamedTuple):
    """What a run leaves for the way back: steps first."""

    given: Array
    gates: Array
    cells: Array
    states: Array
    largest: NDArray[np.int64]
    text: Array


class Lstm:
    """Weights.

    Args:
        words: Rows of the table.
        classes: That are told apart.
        noise: The first weights'.
        wide: Numbers of a word.
        states: Of the LSTM.
    """

    def __init__(
        self, words: int, classes: int, noise: np.random.Generator, *,
        wide: int = WIDE, states: int = STATES,
    ) -> None:
        def drawn(rows: int, columns: int, scale: float) -> Array:
            return (noise.standard_normal((rows, columns)) * scale).astype(np.float32)

        self.table = drawn(words, wide, 0.1)
        self.input = drawn(wide, 4 * states, wide**-0.5)
        self.recurrent = drawn(states, 4 * states, states**-0.5)
        self.bias: Array = np.zeros(4 * states, np.float32)
        # A forget gate that is open at first lets a text's beginning be heard at its end
        # (Jozefowicz, Zaremba, Sutskever, 2015).
        self.bias[2 * states : 3 * states] = 1.0
        self.out = drawn(states, classes, states**-0.5)
        self.out_bias: Array = np.zeros(classes, np.float32)

    @property
    def parameters(self) -> list[Array]:
        """All weights; training changes them in place."""
        return [
            self.table, self.input, self.recurrent, self.bias, self.out, self.out_bias,
        ]

    def logits(self, batch: Batch) -> Array:
        """Scores before the softmax, [texts, classes]."""
        return self._forward(batch, None)[0]

    def drop(self, batch: Batch, noise: np.random.Generator) -> tuple[Batch, Masks]:
        """A batch some of whose words are unknown, and what dropout leaves of it."""
        unknown = (noise.random(batch.words.shape) > _KNOWN) & (batch.words > 0)
        words = np.where(unknown, len(self.table) - 1, batch.words)
        texts, longest = words.shape

        def mask(*shape: int) -> Array:
            return (noise.random(shape, np.float32) < _KEEP).astype(np.float32) / np.float32(_KEEP)

        return Batch(words, batch.lengths), Masks(
            mask(longest, texts, self.table.shape[1]), mask(texts, len(self.recurrent))
        )

    def gradients(
        self, batch: Batch, truth: NDArray[np.int64], masks: Masks | None = None
    ) -> tuple[float, list[Array | Rows]]:
        """The mean cross-entropy, and its gradient by each of `parameters`.

        Args:
            batch: Texts.
            truth: [texts], classes.
            masks: Of dropout; None: nothing is dropped.
        """
        logits, seen = self._forward(batch, masks)
        back: Array = softmax(logits)
        rows = np.arange(len(truth))
        loss = float(-np.log(np.maximum(back[rows, truth], _TINY)).mean())
        back[rows, truth] -= 1.0
        back /= len(truth)
        into_text = back @ self.out.T
        found_out = [seen.text.T @ back, back.sum(0)]
        if masks is not None:
            into_text = into_text * masks.text
        into_gates = self._back(seen, into_text)
        flat = into_gates.reshape(-1, into_gates.shape[-1])
        given = seen.given.reshape(-1, seen.given.shape[-1])
        before = np.concatenate((np.zeros_like(seen.states[:1]), seen.states[:-1]))
        into_words = flat @ self.input.T
        if masks is not None:
            into_words *= masks.words.reshape(into_words.shape)
        return loss, [
            _into_table(batch.words.T.reshape(-1), into_words), given.T @ flat,
            before.reshape(-1, before.shape[-1]).T @ flat, flat.sum(0), *found_out,
        ]

    def _forward(self, batch: Batch, masks: Masks | None) -> tuple[Array, _Seen]:
        given = self.table[batch.words.T]
        if masks is not None:
            given = given * masks.words
        steps, texts, wide = given.shape
        count = len(self.recurrent)
        gates = (given.reshape(-1, wide) @ self.input + self.bias).reshape(steps, texts, -1)
        cells = np.empty((steps, texts, count), gates.dtype)
        states = np.empty_like(cells)
        state = cell = np.zeros((texts, count), gates.dtype)
        for step, gate in enumerate(gates):
            gate += state @ self.recurrent
            # The logistic by the hyperbolic tangent, which does not overflow.
            gate[:, : 3 * count] = 0.5 + 0.5 * np.tanh(0.5 * gate[:, : 3 * count])
            gate[:, 3 * count :] = np.tanh(gate[:, 3 * count :])
            into, out, forget, new = np.split(gate, 4, axis=1)
            cell = cells[step] = forget * cell + into * new
            state = states[step] = out * np.tanh(cell)
        behind = np.arange(steps)[:, None] >= batch.lengths
        largest = np.where(behind[..., None], -np.inf, states).argmax(0)
        text = np.take_along_axis(states, largest[None], 0)[0]
        if masks is not None:
            text = text * masks.text
        return text @ self.out + self.out_bias, _Seen(given, gates, cells, states, largest, text)

    def _back(self, seen: _Seen, into_text: Array) -> Array:
        """The gradient by the gates' sums, [steps, texts, 4 states]."""
        steps, texts, count = seen.cells.shape
        into_states = np.zeros_like(seen.states)
        np.put_along_axis(into_states, seen.largest[None], into_text[None], 0)
        found = np.empty_like(seen.gates)
        later = into_cell = np.zeros((texts, count), seen.gates.dtype)
        for step in range(steps - 1, -1, -1):
            into, out, forget, new = np.split(seen.gates[step], 4, axis=1)
            bent = np.tanh(seen.cells[step])
            into_state = into_states[step] + later
            into_cell = into_cell + into_state * out * (1.0 - bent * bent)
            own = found[step]
            own[:, :count] = into_cell * new * into * (1.0 - into)
            own[:, count : 2 * count] = into_state * bent * out * (1.0 - out)
            own[:, 3 * count :] = into_cell * into * (1.0 - new * new)
            if step:
                kept = into_cell * seen.cells[step - 1]
                own[:, 2 * count : 3 * count] = kept * forget * (1.0 - forget)
            else:
                own[:, 2 * count : 3 * count] = 0.0
            into_cell = into_cell * forget
            later = own @ self.recurrent.T
        return found


def _into_table(words: NDArray[np.int64], into_words: Array) -> Rows:
    """The gradient by the table: of each word the sum over its places."""
    order = np.argsort(words, kind="stable")
    firsts = np.flatnonzero(np.diff(words[order], prepend=-1))
    return Rows(words[order][firsts], np.add.reduceat(into_words[order], firsts, axis=0))


def batch_of(texts: Sequence[NDArray[np.int64]]) -> Batch:
    """Puts texts of numbers together."""
    lengths = np.array([len(text) for text in texts], np.int64)
    words = np.zeros((len(texts), int(lengths.max())), np.int64)
    for row, text in zip(words, texts, strict=True):
        row[: len(text)] = text
    return Batch(words, lengths)
