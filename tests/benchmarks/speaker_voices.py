"""Who speaks in `speaker.py`: people and synthesisers, some to calibrate, the others to judge."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from fixtures.speech import g722

from sensorium.errors import EngineError
from sensorium_tools.samples import synthesisers

RATE_HZ = 16_000
SECONDS = (1, 2, 4)
NOISES = {"clean": None, "20 dB": 20.0, "10 dB": 10.0}
SENTENCES = 6
CUTS = 12
_SOUNDS = Path("/usr/share/asterisk/sounds")
_TEXTS = Path(__file__).resolve().parents[2] / "calibration" / "speech"

CALIBRATION = (
    "people/it_IT_m_Carlo", "people/fr_CA_f_June", "espeak-ng/en-us", "espeak-ng/en-us+f2",
    "espeak-ng/en-us+m3", "espeak-ng/en-gb", "espeak-ng/en-gb-scotland", "espeak-ng/en-us+belinda",
    "flite/awb", "festival/ked_diphone",
)
EVALUATION = (
    "people/en_US_f_Allison", "people/ru_RU_f_IvrvoiceRU", "people/es_MX_f_Allison",
    "espeak-ng/en-us+f3", "espeak-ng/en-us+m1", "espeak-ng/en-gb+m5", "espeak-ng/en-gb+f1",
    "flite/slt", "flite/rms", "festival/cmu_us_slt_arctic_hts", "festival/kal_diphone",
)
"""Asterisk's prompts are CC-BY-SA, one person each; Allison speaks English and Spanish, which
counts as neither the same voice nor another. The synthesisers' voices are free to use."""


def same(one: str, other: str) -> bool | None:
    """Whether two names are one voice; None: it is not counted."""
    if one != other and "Allison" in one and "Allison" in other:
        return None
    return one == other


def sounds(name: str) -> list[np.ndarray]:
    """Speech of one voice, each piece without silence around it; empty where it is not there."""
    kind, _, voice = name.partition("/")
    if kind == "people":
        files = sorted(
            path for path in (_SOUNDS / voice).rglob("*.g722")
            if path.stat().st_size > 24_000 and "silence" not in path.parts
        )
        if not files:
            print(f"left out: {name}: apt install asterisk-core-sounds-*-g722", file=sys.stderr)
        return [_trim(g722(path)) for path in files[:: max(1, len(files) // 26)][:26]]
    texts = [
        line for part in ("calibration", "evaluation")
        for line in (_TEXTS / f"{part}.txt").read_text().splitlines()
    ]
    pairs = [" ".join(texts[at : at + 2]) for at in range(0, len(texts) - 1, 2)]
    try:
        return [_trim(synthesisers.speak(kind, voice, 160, 50, text)) for text in pairs[:26]]
    except EngineError as error:
        print(f"left out: {name}: {error}", file=sys.stderr)
        return []


def cuts(pieces: list[np.ndarray], seconds: int, noise: np.random.Generator) -> list[np.ndarray]:
    """Pieces of a length out of the middle of speech; short ones are joined."""
    length, found = seconds * RATE_HZ, []
    for at in range(CUTS):
        sound = pieces[at % len(pieces)]
        more = at
        while len(sound) < length:
            more += 1
            sound = np.concatenate([sound, pieces[more % len(pieces)]])
        start = int(noise.integers(0, len(sound) - length + 1))
        found.append(sound[start : start + length].astype(np.float32))
    return found


def noisy(sound: np.ndarray, below_db: float | None, noise: np.random.Generator) -> np.ndarray:
    """With white or pink noise, by chance."""
    if below_db is None:
        return sound
    made = noise.standard_normal(len(sound))
    if noise.random() < 0.5:
        spectrum = np.fft.rfft(made)
        made = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))), len(sound))
    scale = np.sqrt(np.mean(sound**2) / np.mean(made**2) / 10 ** (below_db / 10))
    return (sound + scale * made).astype(np.float32)


def _trim(sound: np.ndarray) -> np.ndarray:
    power = np.sqrt(np.convolve(sound**2, np.ones(400) / 400, "same"))
    loud = np.flatnonzero(power > 0.05 * power.max())
    return sound[loud[0] : loud[-1]].astype(np.float32)
