"""The text classifier computes in ONNX what plain LSTM formulas give, step by step."""

from __future__ import annotations

import contextlib
import functools
import json
import pickle
import struct

import numpy as np
import onnx
import onnxruntime
import pytest
from fixtures import engines
from scipy.special import expit, softmax

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.inference.text_metadata import WORDS
from sensorium.perception.word_list import WordList
from sensorium_tools.convert import converter
from sensorium_tools.convert.keras_tokenizer import read_words
from sensorium_tools.convert.tensor_bundle import TensorBundle

TEXTS = {
    "I am so happy today!": "joy",
    "i feel scared of the dark": "fear",
    "i feel furious about this": "anger",
    "I feel so lonely and sad.": "sadness",
    "i am amazed and surprised": "surprise",
}
UNITS = 20

class Reference:
    """One word after the other, in float64."""

    def __init__(self, bundle: TensorBundle) -> None:
        def take(name: str, *shape: int) -> np.ndarray:
            return bundle.take(f"{name}/.ATTRIBUTES/VARIABLE_VALUE", *shape).astype(np.float64)

        self.table = take("layer_with_weights-0/embeddings", 10_000, 16)
        self.dense = take("layer_with_weights-3/kernel", 40, 6)
        self.bias = take("layer_with_weights-3/bias", 6)
        self.layers = [
            [
                [
                    take(f"trainable_variables/{at}", width, 80),
                    take(f"trainable_variables/{at + 1}", UNITS, 80),
                    take(f"trainable_variables/{at + 2}", 80),
                ]
                for at in (first, first + 3)
            ]
            for first, width in ((1, 16), (7, 40))
        ]

    def __call__(self, words: np.ndarray) -> np.ndarray:
        steps = self.table[words]
        for forward, backward in self.layers:
            ahead = _lstm(steps, *forward)
            back = _lstm(steps[::-1], *backward)
            last = np.concatenate((ahead[-1], back[-1]))
            steps = np.hstack((ahead, back[::-1]))
        return softmax(last @ self.dense + self.bias)


def _lstm(steps, kernel, recurrent, bias) -> np.ndarray:
    """The state after each step; the gates in Keras's order: input, forget, cell, output."""
    state = cell = np.zeros(UNITS)
    states = []
    for step in steps:
        gates = step @ kernel + state @ recurrent + bias
        taken, kept, made, shown = (gates[UNITS * at : UNITS * (at + 1)] for at in range(4))
        cell = expit(kept) * cell + expit(taken) * np.tanh(made)
        state = expit(shown) * np.tanh(cell)
        states.append(state)
    return np.array(states)


@functools.cache
def converted():
    data = converter("bilstm")(store.find_card("text-emotion"), engines.weights("text-emotion"))
    properties = {entry.key: entry.value for entry in onnx.load_from_string(data).metadata_props}
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return data, WordList(properties[WORDS], "text-emotion"), session


def bundle() -> TensorBundle:
    index, data, _ = engines.weights("text-emotion")
    return TensorBundle(index, data, "text-emotion")


def test_probabilities_are_those_of_the_reference() -> None:
    reference = Reference(bundle())
    _, words, session = converted()
    noise = np.random.default_rng(1)
    feeds = [words(text, 50) for text in TEXTS]
    feeds += [noise.integers(0, 10_000, (1, 50)) for _ in range(20)]
    errors = []
    for ids in feeds:
        (ours,) = session.run(None, {"words": ids})
        errors.append(np.abs(ours[0] - reference(ids[0])).max())
    print(f"largest error: {max(errors):.1e}")
    assert max(errors) < 1e-6


def test_plain_sentences_have_their_emotion() -> None:
    _, words, session = converted()
    labels = store.find_card("text-emotion").engine.labels
    for text, emotion in TEXTS.items():
        (ours,) = session.run(None, {"words": words(text, 50)})
        assert labels[int(ours.argmax())] == emotion, text


def test_the_same_weights_give_the_same_bytes() -> None:
    again = converter("bilstm")(store.find_card("text-emotion"), engines.weights("text-emotion"))
    assert again == converted()[0]


def test_words_are_numbered_as_keras_numbers_them() -> None:
    """By frequency from 2 on; 1 is every word that is none of the 9,999 most frequent."""
    _, words, _ = converted()
    stored = json.loads(json.dumps(read_words(engines.weights("text-emotion")[2], "test")))
    assert stored["words"][:6] == ["<UNK>", "i", "and", "feel", "the", "to"]
    assert len(stored["words"]) == 9_999
    assert words("I, feel\tthe. zxqv", 6).tolist() == [[2, 4, 5, 1, 0, 0]]


def test_the_tensors_lie_one_behind_the_other() -> None:
    """The table, the dense layer's kernel and bias: where they must be, without the index."""
    _, data, _ = engines.weights("text-emotion")
    names = ("layer_with_weights-0/embeddings", "layer_with_weights-3/kernel",
             "layer_with_weights-3/bias")  # fmt: skip
    tensors = [
        bundle().take(f"{name}/.ATTRIBUTES/VARIABLE_VALUE", *shape).tobytes()
        for name, shape in zip(names, ((10_000, 16), (40, 6), (6,)), strict=True)
    ]
    assert data.startswith(b"".join(tensors))


class Harmful:
    def __reduce__(self):
        return (print, ("this was run",))


def test_a_pickle_that_names_anything_else_is_refused_unread(capsys) -> None:
    with pytest.raises(EngineError, match=r"names builtins\.print"):
        read_words(pickle.dumps(Harmful()), "text-emotion")
    assert not capsys.readouterr().out


def test_broken_files_are_refused() -> None:
    card = store.find_card("text-emotion")
    index, data, words = engines.weights("text-emotion")
    at = data.index(
        bundle().take("layer_with_weights-3/bias/.ATTRIBUTES/VARIABLE_VALUE", 6).tobytes()
    )
    nan = data[:at] + struct.pack("<f", float("nan")) + data[at + 4 :]
    for weights, said in (
        ((index, data), "not 2 files"),
        ((index[:-1], data, words), "damaged checkpoint index"),
        ((b"", data, words), "damaged checkpoint index"),
        ((data, index, words), "damaged checkpoint index"),
        ((index, data[:1000], words), "does not hold the tensor"),
        ((index, nan, words), "not finite"),
        ((index, data, words[:-9]), "not a Keras tokeniser"),
        ((index, data, b""), "not a Keras tokeniser"),
        ((index, data, pickle.dumps(3)), "not a Keras tokeniser"),
        ((index, data, pickle.dumps({})), "not a Keras tokeniser"),
    ):
        with pytest.raises(EngineError, match=said):
            converter("bilstm")(card, weights)


@pytest.mark.parametrize("seed", range(60))
def test_a_garbled_file_is_an_engine_error_or_another_model(seed: int) -> None:
    card = store.find_card("text-emotion")
    weights = [bytearray(data) for data in engines.weights("text-emotion")]
    noise = np.random.default_rng(seed)
    file = weights[0] if seed % 3 else weights[2]
    for place in noise.integers(0, len(file), 3):
        file[place] = noise.integers(0, 256)
    with contextlib.suppress(EngineError):
        converter("bilstm")(card, [bytes(data) for data in weights])
