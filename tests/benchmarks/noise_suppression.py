"""Noise suppression: the words that are heard with and without it, and what else it changes.

    python tests/benchmarks/noise_suppression.py [--json FILE] [--clips N] [--noises KIND ...]

Recorded and synthesised sentences of four words and more, each with pink noise, a babble of six
other voices or music 20, 10, 5 and 0 dB softer behind it. Both sides, and the one whose suppression
is limited to 6 dB, hear the same mixtures through the recogniser of the sense `speech`. Differences
are paired, clip by clip, with a bootstrap interval of 95 %. The ratio of signal to distortion (Le
Roux et al., arXiv 1811.02508) is for what is sent on as sound; no person has listened.

The last part plays a minute of each noise through voice activity, on real regions.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import jiwer
import numpy as np
from figures import Figures
from fixtures import engines, noises, speech
from fixtures.senses import Desk
from speech_accuracy import synthesised
from whisper_sides import names

from sensorium.inference import store
from sensorium.perception.noise_suppression import (
    DELAY,
    ENGINE,
    NO_LIMIT_DB,
    RATE_HZ,
    NoiseSuppression,
)
from sensorium.perception.recogniser import Recogniser
from sensorium.perception.utterances import Event
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.records.sensors import AUDIO_BLOCK
from sensorium_tools.evaluate.english_words import words
from sensorium_tools.evaluate.interval import bootstrap
from sensorium_tools.samples import synthesisers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

    Sound = NDArray[np.float32]

LEVELS = (20, 10, 5, 0)
NOISES = ("pink noise", "babble", "music")
LIMITS = {"suppressed": NO_LIMIT_DB, "at most 6 dB": 6.0}
LONGEST_S = 7
OTHERS = (
    "en-gb", "en-gb-scotland", "en-029", "en-us+f2", "en-us+m3", "en-gb+f5", "en-us+m7",
    "en-gb-x-rp",
)
NOISE_S = 60


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--noises", nargs="+", choices=NOISES, default=NOISES)
    options, _ = parser.parse_known_args()
    columns = [f"{name}: {what}" for name in LIMITS for what in ("", "difference", "interval")]
    figures = Figures("noise suppression", ("what", "plain", *(x.rstrip(": ") for x in columns)))
    for name in (*names("tiny-en"), ENGINE):
        engines.ensure_built(name)
    encoder, decoder, engine = (
        store.load(name, threads=1) for name in (*names("tiny-en"), ENGINE)
    )
    recogniser = Recogniser(encoder, decoder)
    said = clips(options.clips)
    verdicts: dict[str, list[int]] = {name: [0, 0, 0] for name in LIMITS}
    for kind in options.noises:
        for decibels in LEVELS:
            compare(figures, recogniser, engine, said, (kind, decibels), verdicts)
    for name, (fewer, unclear, more) in verdicts.items():
        figures.row(
            f"{name}: fewer errors, undecided, more errors (of the levels above)",
            "", f"{fewer}, {unclear}, {more}", *[""] * 5,
        )
        figures.goal(f"{name}: levels with fewer errors for sure", fewer, 1, at_most=False)
        figures.goal(f"{name}: levels with more errors for sure", more, 0)
    for kind in options.noises:
        begun(figures, engine, kind)
    cost(figures, engine, said)
    figures.show()


def clips(count: int) -> list[tuple[Sound, str]]:
    """Sentences with their texts, evenly from what there is; the synthesised ones are all in."""
    every = [
        (sound, text) for _, sound, text in speech.recorded()
        if text[0].isalpha() and len(words(text)) > 3 and len(sound) <= LONGEST_S * RATE_HZ
    ]
    made = synthesised()
    wanted = max(1, count - len(made))
    return [*every[:: max(1, len(every) // wanted)][:wanted], *made][:count]


def mixed(said: Sound, kind: str, decibels: float, seed: int) -> Sound:
    """A sentence with noise so much softer behind it."""
    other = noise(kind, len(said), seed)
    gain = np.sqrt(np.mean(said**2) / (np.mean(other**2) + 1e-12) / 10 ** (decibels / 10))
    return (said + gain * other).astype(np.float32)


def noise(kind: str, count: int, seed: int) -> Sound:
    """A piece of a noise, float32 [count]."""
    seconds = count / RATE_HZ + 0.01
    if kind == "pink noise":
        return noises.coloured(seconds, 1, seed)[:count]
    return babble(count, seed) if kind == "babble" else noises.music(seconds, seed)[:count]


def babble(count: int, seed: int) -> Sound:
    """Six synthetic voices at once, each as loud and with a text of its own."""
    random = np.random.default_rng(seed)
    texts = [text for _, _, text in speech.recorded() if len(words(text)) > 6]
    total = np.zeros(count)
    for voice in random.choice(OTHERS, 6, replace=False):
        read = " ".join(texts[at] for at in random.choice(24, 3, replace=False))
        sound = synthesisers.speak("espeak-ng", str(voice), 150, 50, read)
        total += np.resize(np.roll(sound, int(random.integers(len(sound)))), count) / sound.std()
    return (0.05 * total).astype(np.float32)


def suppressed(engine: Engine, sound: Sound, limit_db: float) -> Sound:
    """A sound as the stream gives it, its delay taken off."""
    stream = NoiseSuppression(engine, limit_db)
    padded = np.append(sound, np.zeros(DELAY + -(len(sound) + DELAY) % AUDIO_BLOCK, np.float32))
    blocks = [
        stream.process(padded[at : at + AUDIO_BLOCK]) for at in range(0, len(padded), AUDIO_BLOCK)
    ]
    return np.concatenate(blocks)[DELAY : DELAY + len(sound)]


def compare(
    figures: Figures, recogniser: Recogniser, engine: Engine, said: list[tuple[Sound, str]],
    behind: tuple[str, int], verdicts: dict[str, list[int]],
) -> None:
    """Adds the errors of all sides in one noise at one level, and the distortion."""
    kind, decibels = behind
    errors: list[list[int]] = []
    ratios: list[list[float]] = []
    for seed, (sound, text) in enumerate(said):
        plain = mixed(sound, kind, decibels, seed)
        sides = [plain, *(suppressed(engine, plain, limit) for limit in LIMITS.values())]
        right = " ".join(words(text))
        errors.append([len(right.split()), *(wrong(recogniser, right, one) for one in sides)])
        ratios.append([distortion(sound, one) for one in sides])
    counts, level = np.array(errors, float), np.array(ratios)
    cells: list[str | float] = []
    gains: list[str | float] = []
    for at, name in enumerate(LIMITS, start=2):
        low, high = bootstrap(counts[:, [0, 1, at]], _difference, 1)
        cells += [_rate(counts, at), _difference(counts[:, [0, 1, at]]), _span(low, high)]
        verdicts[name][0 if high < 0 else 2 if low > 0 else 1] += 1
        gain = level[:, at - 1] - level[:, 0]
        gains += [level[:, at - 1].mean(), gain.mean(), _span(*bootstrap(gain, np.mean, 1))]
    label = f"{kind}, {decibels} dB"
    total = int(counts[:, 0].sum())
    figures.row(
        f"{label}: word error rate, {len(said)} clips, {total} words", _rate(counts, 1), *cells
    )
    figures.row(f"{label}: signal to distortion, dB", level[:, 0].mean(), *gains)


def wrong(recogniser: Recogniser, right: str, sound: Sound) -> int:
    """Wrong words in what is heard."""
    found = jiwer.process_words(right, " ".join(words(recogniser.hear(sound).text)))
    return int(found.substitutions + found.deletions + found.insertions)


def distortion(said: Sound, sound: Sound) -> float:
    """Scale-invariant signal to distortion ratio, dB."""
    part = said * (said @ sound) / (said @ said)
    rest = sound - part
    return float(10 * np.log10((part @ part) / (rest @ rest)))


def begun(figures: Figures, engine: Engine, kind: str) -> None:
    """Adds how many utterances voice activity finds in a noise where the wearer says nothing."""
    counts: list[int] = []
    plain = noise(kind, NOISE_S * RATE_HZ // AUDIO_BLOCK * AUDIO_BLOCK, 100)
    plain *= np.float32(0.05) / plain.std()
    for sound in (plain, *(suppressed(engine, plain, limit) for limit in LIMITS.values())):
        rig = Desk({VoiceActivity: VoiceOptions()})
        rig.sound(sound)
        counts.append(sum(int(told["event"] == Event.BEGIN) for told in rig.all("utterance")))
    first, *others = counts
    figures.row(
        f"{kind}, {NOISE_S} s alone at -26 dBFS: utterances begun", first,
        *(cell for count in others for cell in (count, count - first, "")),
    )


def cost(figures: Figures, engine: Engine, said: list[tuple[Sound, str]]) -> None:
    """Adds the processor's time and the delay."""
    sound = np.concatenate([each for each, _ in said[:8]])
    used = time.process_time()
    suppressed(engine, sound, NO_LIMIT_DB)
    share = (time.process_time() - used) / (len(sound) / RATE_HZ)
    figures.row("processor time, ms for a second of sound", "", 1e3 * share, *[""] * 5)
    figures.row("delay, ms", "", 1e3 * DELAY / RATE_HZ, *[""] * 5)
    figures.goal("delay, ms", 1e3 * DELAY / RATE_HZ, 20)


def _rate(counts: NDArray[np.float64], at: int) -> float:
    return float(counts[:, at].sum() / counts[:, 0].sum())


def _difference(rows: NDArray[np.float64]) -> float:
    """Of two sides' word error rates; rows of words, errors plain, errors suppressed."""
    return float((rows[:, 2].sum() - rows[:, 1].sum()) / rows[:, 0].sum())


def _span(low: float, high: float) -> str:
    return f"{low:+.3f} to {high:+.3f}"


if __name__ == "__main__":
    main()
