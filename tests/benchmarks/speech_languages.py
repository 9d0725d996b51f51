"""Whisper base in other languages beside faster-whisper with the same weights: errors, language.

    python tests/benchmarks/speech_languages.py [--json FILE] [--clips N]

The clips are recorded prompts of Debian's asterisk-core-sounds-fr, -es, -it and -ru with their
-g722 packages, of four words and more, one speaker a language; German is a few sentences of
espeak-ng's. Numbers are compared as they are written, and accents are left out. "Told": the
language stands in the configuration; else it is heard. Both sides have two threads and take turns.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import jiwer
from figures import Figures
from fixtures import engines, other_languages, speech
from fixtures.other_languages import plain
from whisper_sides import names, weights_in

from sensorium.inference import store
from sensorium.perception.recogniser import Recogniser

if TYPE_CHECKING:
    import numpy as np

LANGUAGES = ("de", "es", "fr", "it", "ru")
GERMAN = (
    "Bitte öffne die Tür und mach das Licht in der Küche aus.", "Wie spät ist es jetzt?",
    "Zeig mir die Karte von dieser Stadt.", "Stell die rote Kiste auf den Tisch.",
)
MODEL, THREADS, FEWEST_WORDS, LONGEST_S = "base", 2, 4, 14
OURS, PEER = "ours", "faster-whisper, int8, beam 1"


def clips(language: str, count: int) -> list[tuple[np.ndarray, str]]:
    """What is heard of a language."""
    if language == "de":
        return [(speech.espeak(text, language), text) for text in GERMAN]
    every = [
        (sound, text) for sound, text in other_languages.recorded(language)
        if len(plain(text).split()) >= FEWEST_WORDS and text[0] not in "[(<"
        and len(sound) <= LONGEST_S * speech.RATE_HZ
    ]
    return every[:: max(1, len(every) // count)][:count]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=60, help="of each language, at most")
    options, _ = parser.parse_known_args()
    import faster_whisper

    for name in names(MODEL):
        engines.ensure_built(name)
    encoder, decoder = (store.load(name, threads=THREADS) for name in names(MODEL))
    figures = Figures(f"Whisper {MODEL} in other languages", ("what", OURS, PEER))
    with tempfile.TemporaryDirectory() as folder:
        peer = faster_whisper.WhisperModel(
            weights_in(Path(folder), names(MODEL)[1]), compute_type="int8", cpu_threads=THREADS
        )
        hearing = Recogniser(encoder, decoder)
        for language in LANGUAGES:
            said = clips(language, options.clips)
            if not said:
                figures.row(f"{language}: its recordings are not installed", "", "")
                continue
            told = Recogniser(encoder, decoder, language)
            found: dict[str, list[str]] = {OURS: [], PEER: []}
            spent = dict.fromkeys(found, 0.0)
            right = {OURS: 0, PEER: 0}
            for sound, _ in said:
                begun = time.perf_counter()
                found[OURS].append(plain(told.hear(sound).text))
                spent[OURS] += time.perf_counter() - begun
                begun = time.perf_counter()
                segments, _ = peer.transcribe(sound, language=language, beam_size=1)
                found[PEER].append(plain("".join(segment.text for segment in segments)))
                spent[PEER] += time.perf_counter() - begun
                right[OURS] += hearing.hear(sound).language == language
                right[PEER] += peer.transcribe(sound, beam_size=1)[1].language == language
            texts = [plain(text) for _, text in said]
            rates = {name: float(jiwer.wer(texts, heard)) for name, heard in found.items()}
            count = sum(len(text.split()) for text in texts)
            figures.row(f"{language}: word error rate, told; {len(said)} clips, {count} words",
                        rates[OURS], rates[PEER])
            figures.row(f"{language}: language heard right, of {len(said)}", right[OURS],
                        right[PEER])
            figures.row(f"{language}: s for all", spent[OURS], spent[PEER])
            if language != "de":
                figures.goal(f"{language}: word error rate above {PEER}", rates[OURS] - rates[PEER],
                             0.02)
    figures.show()


if __name__ == "__main__":
    main()
