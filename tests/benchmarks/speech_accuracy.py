"""Speech to text beside faster-whisper tiny.en in int8: errors, time, and words for no speech.

    python tests/benchmarks/speech_accuracy.py [--json FILE] [--clips N] [--minutes M]

The clips are prompts of Debian's asterisk-core-sounds-en-g722 (recorded, one in two of one to three
words), and sentences of espeak-ng's and flite's. Each is heard as it is, and with noise or music
20, 10 and 5 dB softer behind it. faster-whisper has the same weights, 30 s windows, and once beam 1
and once its default, 5; both have two threads, and take turns clip by clip. Ours is what the sense
does at the end of an utterance that it did not guess in the pause before: its worst case.

The monologue is played through voice activity and the sense, on real regions, in one thread.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import jiwer
import numpy as np
from figures import Figures, percentiles
from fixtures import engines, noises, speech
from fixtures.senses import Desk
from whisper_peers import DECODER, ENCODER, weights_in

from sensorium.inference import store
from sensorium.perception.recogniser import Recogniser
from sensorium.perception.speech import LOST, Speech, SpeechOptions
from sensorium.perception.utterances import Event
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.perception.whisper import Whisper
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_text import Vocabulary
from sensorium_tools.evaluate.english_words import words

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = (None, 20, 10, 5)
OURS, BEAM_1, BEAM_5 = "ours", "faster-whisper, beam 1", "faster-whisper, beam 5"
UNGUARDED = "ours without guards"
FLITE_VOICES = ("slt", "rms", "awb")
SENTENCES = (
    "Open the menu and show me the map of this level.", "Put the red box on the table.",
    "Set the volume to twenty five.", "Take a picture of the room, please.",
    "Go back to the last place that we have seen.", "What time is it now?",
)
THREADS = 2


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=100, help="recorded clips")
    parser.add_argument("--minutes", type=float, default=30.0, help="of the monologue")
    options, _ = parser.parse_known_args()
    figures = Figures(
        "speech to text", ("what", OURS, BEAM_1, BEAM_5, f"{BEAM_1} / ours", f"{BEAM_5} / ours")
    )
    said = [*recorded(options.clips), *synthesised()]
    with tempfile.TemporaryDirectory() as folder:
        sides = hearers(weights_in(Path(folder)))
        spent = {name: [] for name in sides}
        for decibels in LEVELS:
            accuracy(figures, sides, said, decibels, spent)
        delays(figures, spent)
        invented(figures, sides)
    monologue(figures, options.minutes)
    figures.show()


def hearers(folder: str) -> dict[str, Callable[[np.ndarray], str]]:
    """Name to what makes a text of a sound."""
    import faster_whisper

    for name in (ENCODER, DECODER):
        engines.ensure_built(name)
    encoder, decoder = (store.load(name, threads=THREADS) for name in (ENCODER, DECODER))
    ours = Recogniser(encoder, decoder)
    bare = Whisper(
        encoder.run, Decoder(decoder.run, Vocabulary.parse(decoder.metadata, DECODER))
    )
    peer = faster_whisper.WhisperModel(folder, compute_type="int8", cpu_threads=THREADS)

    def theirs(beam: int) -> Callable[[np.ndarray], str]:
        def hear(sound: np.ndarray) -> str:
            found, _ = peer.transcribe(sound, language="en", beam_size=beam)
            return "".join(segment.text for segment in found)

        return hear

    return {
        OURS: lambda sound: ours.hear(sound).text, BEAM_1: theirs(1), BEAM_5: theirs(5),
        UNGUARDED: lambda sound: bare.hear(sound).text,
    }


def recorded(count: int) -> list[tuple[np.ndarray, str]]:
    """Prompts, half of them short."""
    every = [
        (sound, text) for _, sound, text in speech.recorded()
        if words(text) and text[0].isalpha() and len(sound) <= 14 * speech.RATE_HZ
    ]
    found = []
    for part in (
        [each for each in every if len(words(each[1])) <= 3],
        [each for each in every if len(words(each[1])) > 3],
    ):
        found += part[:: max(1, 2 * len(part) // max(count, 1))][: count // 2]
    return found


def synthesised() -> list[tuple[np.ndarray, str]]:
    """Sentences of the synthesisers that are installed."""
    made = [(sound, text) for _, sound, text in speech.spoken()]
    made += [(speech.espeak(text), text) for text in SENTENCES]
    if shutil.which("flite") is not None:
        made += [(flite(text, voice), text) for text in SENTENCES for voice in FLITE_VOICES]
    return made


def flite(text: str, voice: str) -> np.ndarray:
    """A sentence of flite's, whose sound has 16 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = ("flite", "-voice", voice, "-t", text, "-o", str(path))
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(str(path)) as file:
            rate, data = file.getframerate(), file.readframes(file.getnframes())
    if rate != speech.RATE_HZ:
        raise ValueError(f"flite's voice {voice} has {rate} Hz")
    return np.frombuffer(data, "<i2").astype(np.float32) / 32768


def accuracy(
    figures: Figures, sides: dict[str, Callable[[np.ndarray], str]],
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
        rates[OURS], rates[BEAM_1], rates[BEAM_5],
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
        figures.row(f"sound to text, ms, {what}", ours, one, five, one / ours, five / ours)
        figures.goal(f"sound to text, {what}: ours / {BEAM_1}", ours / one, 0.5)
        figures.goal(f"sound to text, {what}: ours / {BEAM_5}", ours / five, 0.5)
    longest = percentiles(spent[OURS][1:])["max"]
    figures.row("sound to text, ms, longest", longest, "", "", "", "")


def invented(figures: Figures, sides: dict[str, Callable[[np.ndarray], str]]) -> None:
    """Adds how many words are written down for sounds that are no speech."""
    counts: dict[str, dict[str, int]] = {}
    for kind, sound in noises.no_speech(2):
        row = counts.setdefault(kind, dict.fromkeys(sides, 0))
        for name, hear in sides.items():
            row[name] += len(words(hear(sound)))
    for kind, row in counts.items():
        figures.row(
            f"words for {kind} (without guards {row[UNGUARDED]})",
            row[OURS], row[BEAM_1], row[BEAM_5], "", "",
        )
    total = {name: sum(row[name] for row in counts.values()) for name in sides}
    figures.goal("words for no speech: ours", total[OURS], 0)


def monologue(figures: Figures, minutes: float) -> None:
    """Adds what becomes of long speech without pauses of a second."""
    said = [each for each in recorded(200) if len(words(each[1])) > 3]
    parts, texts, length = [], [], 0
    while length < minutes * 60 * speech.RATE_HZ:
        sound, text = said[len(parts) % len(said)]
        parts.append((sound * (0.4 / np.abs(sound).max())).astype(np.float32))
        texts.append(" ".join(words(text)))
        length += len(sound)
    rig = Desk({VoiceActivity: VoiceOptions()})
    loaded = {name: engines.load(name) for name in (ENCODER, DECODER)}
    # Apart from the desk: there voice activity would take a long recognition for a lost input.
    stream = Speech(SpeechOptions(partials=False), loaded, rig.rings).streams()[0]
    heard: dict[int, str] = {}
    ended: set[int] = set()
    lost = seen = told_of = 0
    begun = time.perf_counter()
    for part in parts:
        rig.sound(np.append(part, np.zeros(-len(part) % 512, np.float32)))
        while told_of < rig.rings.latest("utterance"):
            told_of += 1
            sample = rig.rings.at("utterance", told_of)
            assert sample is not None
            stream.process(sample, rig.publish)
        newest = rig.rings.latest("transcript")
        for n in range(seen + 1, newest + 1):
            sample = rig.rings.at("transcript", n)
            assert sample is not None
            told = sample.record[0]
            if told["is_final"]:
                key = int(told["utterance"])
                heard[key] = heard.get(key, "") + told["text"].decode()
                lost += int(told["outcome"] == LOST)
        seen = newest
        ended.update(
            int(told["utterance"]) for told in rig.all("utterance") if told["event"] == Event.END
        )
    took = time.perf_counter() - begun
    found = " ".join(" ".join(words(text)) for _, text in sorted(heard.items()))
    rate = float(jiwer.wer(" ".join(texts), found))
    seconds = length / speech.RATE_HZ
    name = f"monologue of {seconds / 60:.1f} minutes"
    figures.row(f"{name}: word error rate", rate, "", "", "", "")
    figures.row(f"{name}: s to hear it", took, "", "", "", "")
    figures.row(f"{name}: utterances, lost", f"{len(ended)}, {lost}", "", "", "", "")
    figures.goal(f"{name}: utterances without a final", len(ended - heard.keys()) + lost, 0)
    figures.goal(f"{name}: time to hear it / its time", took / seconds, 1.0)


if __name__ == "__main__":
    main()
