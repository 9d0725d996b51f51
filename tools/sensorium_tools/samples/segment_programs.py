"""Programs that speak and tell when each phoneme of theirs ends: flite and festival."""

from __future__ import annotations

import re
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium.sensors.resampler import Resampler
from sensorium_tools.samples.checks import RATE_HZ
from sensorium_tools.samples.phoneme_times import Segment, Spoken
from sensorium_tools.samples.synthesisers import SYNTHESISERS, TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_USUAL_WPM = 160
_TOLD = re.compile(r"([A-Za-z]+):([0-9.]+)")

CMU_IPA = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "axr": "ɚ", "ay": "aɪ",
    "b": "b", "ch": "tʃ", "d": "d", "dh": "ð", "dx": "ɾ", "eh": "ɛ", "el": "əl", "em": "m",
    "en": "ən", "er": "ɚ", "ey": "eɪ", "f": "f", "g": "ɡ", "hh": "h", "hv": "h", "ih": "ɪ",
    "iy": "i", "jh": "dʒ", "k": "k", "l": "l", "m": "m", "n": "n", "ng": "ŋ", "nx": "ŋ",
    "ow": "oʊ", "oy": "ɔɪ", "p": "p", "pau": "", "h#": "", "sil": "", "brth": "", "ssil": "",
    "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t", "th": "θ", "uh": "ʊ", "uw": "u", "v": "v",
    "w": "w", "y": "j", "z": "z", "zh": "ʒ",
}
"""Phonemes of CMU's dictionary and of festival's radio phone set, in lower case, as IPA."""


def flite(voice: str, speed: int, _pitch: int, text: str) -> Spoken:
    """A text in a voice of flite's; see `phoneme_times.speak`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.wav"
        told = _run("flite", [
            "-voice", voice, "--setf", f"duration_stretch={_USUAL_WPM / speed:.2f}", "-psdur",
            "-t", text, "-o", str(out),
        ])
        rows = [(float(end), phone) for phone, end in _TOLD.findall(told)]
        return Spoken(_read(out), _segments(rows, "flite"))


def festival(voice: str, speed: int, _pitch: int, text: str) -> Spoken:
    """A text in a voice of festival's; see `phoneme_times.speak`."""
    plain = text.replace("\\", " ").replace('"', " ")
    with tempfile.TemporaryDirectory() as folder:
        out, segments, script = (Path(folder) / name for name in ("o.wav", "o.seg", "o.scm"))
        script.write_text(
            f"(voice_{voice})\n(Parameter.set 'Duration_Stretch {_USUAL_WPM / speed:.2f})\n"
            f'(set! said (utt.synth (Utterance Text "{plain}")))\n'
            f'(utt.save.segs said "{segments}")\n(utt.save.wave said "{out}" \'riff)\n'
        )
        _run("festival", ["-b", str(script)])
        rows = []
        for line in segments.read_text().splitlines() if segments.exists() else ():
            parts = line.split()
            if len(parts) == 3:
                rows.append((float(parts[0]), parts[2]))
        return Spoken(_read(out), _segments(rows, "festival"))


def _segments(rows: Sequence[tuple[float, str]], program: str) -> tuple[Segment, ...]:
    if not rows:
        raise EngineError(f"{program} told no phonemes", SYNTHESISERS[program].install)
    unknown = sorted({phone for _, phone in rows} - set(CMU_IPA))
    if unknown:
        raise EngineError(f"{program} tells phonemes that are not known: {' '.join(unknown)}")
    begins = [0.0, *(end for end, _ in rows)]
    return tuple(
        Segment(begin, end, CMU_IPA[phone])
        for begin, (end, phone) in zip(begins, rows, strict=False)
        if end > begin
    )


def _read(path: Path) -> NDArray[np.float32]:
    try:
        with wave.open(str(path), "rb") as file:
            rate, data = file.getframerate(), file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise EngineError(f"nothing was spoken: {error}", "name another voice") from error
    sound = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
    return Resampler(rate, RATE_HZ).process(sound) if rate != RATE_HZ else sound


def _run(name: str, arguments: Iterable[str]) -> str:
    try:
        done = subprocess.run(
            [name, *arguments], check=True, capture_output=True, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"{name} does not speak: {error}", SYNTHESISERS[name].install) from error
    return done.stdout.decode(errors="replace")
