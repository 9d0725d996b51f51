"""Speech to text beside faster-whisper in int8: errors, time, parts, words for no speech.

    python tests/benchmarks/speech_accuracy.py [--json FILE] [--model tiny-en|base] [--clips N]
        [--prompts N] [--sounds FOLDER --texts FILE]

The clips are prompts of Debian's asterisk-core-sounds-en-g722 (recorded, one in two of one to three
words), and sentences of espeak-ng's and flite's. Each is heard as it is, and with noise or music
20, 10 and 5 dB softer behind it. faster-whisper has the same weights, 30 s windows, and once beam 1
and once its default, 5; both have two threads, and take turns clip by clip. Ours is what the sense
does at the end of an utterance that it did not guess in the pause before: its worst case. It has a
beam of 5 where the model is in doubt.

Then the halves apart, in fp32 and INT8, call by call, and the error rate of each on prompts of four
words and more, without guards. There a call differs in one point: keys and values of the
cross-attention are our encoder's work and the first token's of CTranslate2's decoder, so its
encoder does less and its tokens do more. An opt-in model is built by `sensorium-engines build`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import jiwer
import numpy as np
from figures import Figures, percentiles
from fixtures import engines, noises, speech
from fixtures.synthesised import synthesised
from whisper_sides import LANGUAGE, ONE_HALF, PEER, Sides, names, weights_in

from sensorium.inference import store
from sensorium.perception.recogniser import Recogniser
from sensorium.perception.whisper import Whisper
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_text import Vocabulary
from sensorium_tools.evaluate.english_words import words
from sensorium_tools.evaluate.word_errors import compare, rate

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = (None, 20, 10, 5)
OURS, FP32, BEAM_1, BEAM_5 = "ours, int8", "ours, fp32", PEER, "faster-whisper, beam 5"
UNGUARDED = "ours without guards"
SECONDS = (8, 10, 15, 30)
FEWEST_WORDS = 4
THREADS = 2

Prompts = tuple[tuple[str, np.ndarray, str], ...]
Hearers = dict[str, "Callable[[np.ndarray], str]"]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="tiny-en", help="of the cards whisper-MODEL-encoder")
    parser.add_argument("--clips", type=int, default=100, help="recorded clips")
    parser.add_argument("--prompts", type=int, default=10_000, help="for the halves, at most")
    parser.add_argument("--sounds", type=Path, default=speech.SOUNDS)
    parser.add_argument("--texts", type=Path, default=speech.TEXTS)
    options, _ = parser.parse_known_args()
    figures = Figures(
        f"speech to text, Whisper {options.model}",
        ("what", OURS, FP32, BEAM_1, BEAM_5, f"{FP32} / ours", f"{BEAM_1} / ours",
         f"{BEAM_5} / ours"),
    )  # fmt: skip
    prompts = speech.recorded(None, options.sounds, options.texts)
    said = [*recorded(prompts, options.clips), *synthesised()]
    with tempfile.TemporaryDirectory() as folder:
        sides = Sides(options.model, weights_in(Path(folder), names(options.model)[1]), THREADS)
        hears = hearers(options.model, sides)
        spent = {name: [] for name in hears}
        for decibels in LEVELS:
            accuracy(figures, hears, said, decibels, spent)
        delays(figures, spent)
        invented(figures, hears)
        halves(figures, sides, prompts, options.prompts)
    figures.show()


def hearers(model: str, sides: Sides) -> Hearers:
    """Name to what makes a text of a sound: whole products."""
    for name in names(model):
        engines.ensure_built(name)
    encoder, decoder = (store.load(name, threads=THREADS) for name in names(model))
    ours = Recogniser(encoder, decoder, LANGUAGE)
    words_of = Vocabulary.parse(decoder.metadata, decoder.name)
    bare = Whisper(encoder.run, Decoder(decoder.run, words_of, language=LANGUAGE))

    def theirs(beam: int) -> Callable[[np.ndarray], str]:
        def hear(sound: np.ndarray) -> str:
            found, _ = sides.peer.transcribe(sound, language=LANGUAGE, beam_size=beam)
            return "".join(segment.text for segment in found)

        return hear

    return {
        OURS: lambda sound: ours.hear(sound).text, BEAM_1: theirs(1), BEAM_5: theirs(5),
        UNGUARDED: lambda sound: bare.hear(sound).text,
    }


def recorded(prompts: Prompts, count: int) -> list[tuple[np.ndarray, str]]:
    """Prompts, half of them short."""
    every = [
        (sound, text) for _, sound, text in prompts
        if words(text) and text[0].isalpha() and len(sound) <= 14 * speech.RATE_HZ
    ]
    found = []
    for part in (
        [each for each in every if len(words(each[1])) <= 3],
        [each for each in every if len(words(each[1])) > 3],
    ):
        found += part[:: max(1, 2 * len(part) // max(count, 1))][: count // 2]
    return found


def accuracy(
    figures: Figures, sides: Hearers,
    said: list[tuple[np.ndarray, str]], decibels: float | None, spent: dict[str, list[float]],
) -> None:
    """Adds the word error rate of each side, by jiwer."""
    texts: list[str] = []
    heard: dict[str, list[str]] = {name: [] for name in (OURS, BEAM_1, BEAM_5)}
    for seed, (sound, text) in enumerate(said):
        mixed = noises.behind(sound, decibels, seed)
        texts.append(" ".join(words(text)))
        for name in heard:
            begun = time.perf_counter()
            found = sides[name](mixed)
            spent[name].append(1e3 * (time.perf_counter() - begun))
            heard[name].append(" ".join(words(found)))
    rates = {name: float(jiwer.wer(texts, found)) for name, found in heard.items()}
    label = "clean" if decibels is None else f"{decibels} dB"
    count = sum(len(text.split()) for text in texts)
    figures.row(
        f"word error rate, {label}, {len(texts)} clips, {count} words",
        rates[OURS], "", rates[BEAM_1], rates[BEAM_5], "",
        rates[BEAM_1] / rates[OURS], rates[BEAM_5] / rates[OURS],
    )
    for name in (BEAM_1, BEAM_5):
        figures.goal(f"word error rate, {label}: ours above {name}", rates[OURS] - rates[name], 0)


def delays(figures: Figures, spent: dict[str, list[float]]) -> None:
    """Adds the times from sound to text; the first of each side is not counted."""
    for what in ("p50", "p95"):
        share = {"p50": 50, "p95": 95}[what]
        ours, one, five = (
            float(np.percentile(spent[name][1:], share)) for name in (OURS, BEAM_1, BEAM_5)
        )
        figures.row(
            f"sound to text, ms, {what}", ours, "", one, five, "", one / ours, five / ours
        )
        figures.goal(f"sound to text, {what}: ours / {BEAM_1}", ours / one, 0.5)
        figures.goal(f"sound to text, {what}: ours / {BEAM_5}", ours / five, 0.5)
    longest = percentiles(spent[OURS][1:])["max"]
    figures.row("sound to text, ms, longest", longest, "", "", "", "", "", "")


def invented(figures: Figures, sides: Hearers) -> None:
    """Adds how many words are written down for sounds that are no speech."""
    counts: dict[str, dict[str, int]] = {}
    for kind, sound in noises.no_speech(2):
        row = counts.setdefault(kind, dict.fromkeys(sides, 0))
        for name, hear in sides.items():
            row[name] += len(words(hear(sound)))
    for kind, row in counts.items():
        figures.row(
            f"words for {kind} (without guards {row[UNGUARDED]})",
            row[OURS], "", row[BEAM_1], row[BEAM_5], "", "", "",
        )
    total = {name: sum(row[name] for row in counts.values()) for name in sides}
    figures.goal("words for no speech: ours", total[OURS], 0)


def halves(figures: Figures, sides: Sides, prompts: Prompts, most: int) -> None:
    """Adds what each half takes in each precision, and what INT8 costs in words."""
    said = [
        (sound, text) for _, sound, text in prompts
        if len(words(text)) >= FEWEST_WORDS and len(sound) <= 30 * speech.RATE_HZ
    ] or [(sound, text) for _, sound, text in speech.spoken()]
    said = said[:: -(-len(said) // most)]
    by_length = sorted((sound for sound, _ in said), key=len)
    longest, middle = by_length[-1], by_length[len(said) * 3 // 4]
    for what, seconds, spent in (
        *(("encoder, ms at", each, sides.encode(each, longest)) for each in SECONDS),
        *(("decoder, ms a token at", each, sides.decode(each, middle)) for each in (15, 30)),
    ):
        fp32, int8, theirs = (spent[name] for name in ("fp32", "int8", PEER))
        figures.row(
            f"{what} {seconds} s", int8, fp32, theirs, "", fp32 / int8, theirs / int8, ""
        )
        figures.goal(f"{what} {seconds} s: fp32 / int8", fp32 / int8, 1.0, at_most=False)
    sizes = sides.sizes
    figures.row("files, MB", sizes["int8"] / 1e6, sizes["fp32"] / 1e6, "", "", "", "", "")
    hears = sides.hearers()
    compared: dict[str, list[tuple[int, int]]] = {name: [] for name in hears}
    taken = dict.fromkeys(compared, 0.0)
    for sound, text in said:
        for name, call in hears.items():
            start = time.perf_counter()
            heard = call(sound)
            taken[name] += time.perf_counter() - start
            compared[name].append(compare(text, heard))
    count = sum(pair[1] for pair in compared["fp32"])
    rates = {name: rate(pairs) for name, pairs in compared.items()}
    shown = {name: "{:.4f} ({:.4f} to {:.4f})".format(*each) for name, each in rates.items()}
    figures.row(f"error rate without guards, {count} words", shown["int8"], shown["fp32"],
                shown[PEER], "", "", "", "")
    for name in ONE_HALF:
        figures.row(f"the same, {name}", shown[name], "", "", "", "", "", "")
    seconds = sum(len(sound) for sound, _ in said) / speech.RATE_HZ
    fp32, int8, theirs = (taken[name] for name in ("fp32", "int8", PEER))
    figures.row(f"s for {seconds:.0f} s of sound", int8, fp32, theirs, "", fp32 / int8,
                theirs / int8, "")
    for name in ("int8", *ONE_HALF):
        figures.goal(f"error rate above fp32's: {name}", rates[name][0] - rates["fp32"][0], 0.01)


if __name__ == "__main__":
    main()
