"""The programs of the operating system that speak, each run on a text of ours."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium.sensors.resampler import Resampler
from sensorium_tools.samples import cache
from sensorium_tools.samples.checks import RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Synthesiser:
    """One program.

    Attributes:
        program: Its name on the PATH.
        install: The command that brings it.
        version: The command that tells its version.
        speak: Arguments; `{voice}`, `{speed}` (words a minute), `{stretch}` (how much slower than
            usual), `{pitch}` (0 to 99), `{text}` (a file) and `{out}` (a file) are filled in.
    """

    program: str
    install: str
    version: tuple[str, ...]
    speak: tuple[str, ...]


SYNTHESISERS = {
    "espeak-ng": Synthesiser(
        "espeak-ng", "apt install espeak-ng", ("espeak-ng", "--version"),
        ("-v", "{voice}", "-s", "{speed}", "-p", "{pitch}", "-f", "{text}", "-w", "{out}"),
    ),
    "flite": Synthesiser(
        "flite", "apt install flite", ("flite", "--version"),
        ("-voice", "{voice}", "--setf", "duration_stretch={stretch}", "-f", "{text}",
         "-o", "{out}"),
    ),
    "festival": Synthesiser(
        "text2wave", "apt install festival festvox-kdlpc16k", ("festival", "--version"),
        ("-F", str(RATE_HZ), "-eval",
         "(begin (voice_{voice}) (Parameter.set 'Duration_Stretch {stretch}))",
         "-o", "{out}", "{text}"),
    ),
}
_USUAL_WPM = 160


def missing(name: str) -> str:
    """Why a synthesiser cannot be used here; empty when it can."""
    found = SYNTHESISERS[name]
    if shutil.which(found.program) is None:
        return f"the program {found.program} is not there; {found.install} brings it"
    return ""


@functools.cache
def version(name: str) -> str:
    """What a synthesiser tells of itself; empty where it is not there."""
    found = SYNTHESISERS[name]
    try:
        told = subprocess.run(
            found.version, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (told.stdout + told.stderr).decode(errors="replace").strip()


def stamp() -> str:
    """The versions of all of them."""
    return "\n".join(f"{name}: {version(name)}" for name in SYNTHESISERS)


def speak(name: str, voice: str, speed: int, pitch: int, text: str) -> NDArray[np.float32]:
    """A text as sound, from the cache where it was spoken before.

    Args:
        name: A key of `SYNTHESISERS`.
        voice: As the program calls it.
        speed: Words a minute.
        pitch: 0 to 99, where the program can.
        text: In plain words.

    Returns:
        float32 [n], mono, 16 kHz, -1..1.

    Raises:
        EngineError: When the program fails, or the cache cannot be written.
    """
    decisive = {
        "synthesiser": name, "version": version(name), "voice": voice, "speed": speed,
        "pitch": pitch, "text": text,
    }
    kept = cache.sound(decisive, lambda: _spoken(name, voice, speed, pitch, text))
    return kept.astype(np.float32) / np.float32(32768)


def _spoken(name: str, voice: str, speed: int, pitch: int, text: str) -> NDArray[np.int16]:
    found = SYNTHESISERS[name]
    with tempfile.TemporaryDirectory() as folder:
        spoken, out = Path(folder) / "text.txt", Path(folder) / "out.wav"
        spoken.write_text(text + "\n", encoding="utf-8")
        words = {
            "voice": voice, "speed": speed, "pitch": pitch, "text": spoken, "out": out,
            "stretch": f"{_USUAL_WPM / speed:.2f}",
        }
        _run(found, [part.format(**words) for part in found.speak], voice)
        try:
            with wave.open(str(out), "rb") as file:
                rate, width = file.getframerate(), file.getsampwidth()
                channels = file.getnchannels()
                data = file.readframes(file.getnframes())
        except (OSError, EOFError, wave.Error) as error:
            raise EngineError(f"{found.program} spoke nothing with the voice {voice}: {error}",
                              f"{found.install}, or name another voice") from error
    if width != 2 or channels != 1:
        raise EngineError(f"{found.program} made {channels} channels of {8 * width} bits",
                          "another version of it makes one of 16")
    sound = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
    if rate != RATE_HZ:
        sound = Resampler(rate, RATE_HZ).process(sound)
    whole: NDArray[np.int16] = np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)
    return whole


def _run(found: Synthesiser, arguments: Sequence[str], voice: str) -> None:
    try:
        subprocess.run(
            [found.program, *arguments], check=True, capture_output=True, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise EngineError(
            f"{found.program} does not speak with the voice {voice}: {error}",
            f"{found.install}, or name another voice",
        ) from error
