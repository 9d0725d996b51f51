"""Sound with less noise: a voice is kept, what is no voice is turned down, 16 ms later.

The engine (GTCRN, arXiv 2401.02219 and github.com/Xiaobin-Rong/gtcrn) changes one spectrum after
another; what it remembers of those before is held here. Spectra overlap by half under the root of
Hann's window, which is 1 over all when it is put on twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

    Sound = NDArray[np.float32]

ENGINE = "gtcrn"
RATE_HZ = 16_000
SPAN, STEP = 512, 256
"""Samples of a spectrum, and from one to the next."""
DELAY = SPAN - STEP
"""Samples by which the output lies behind: sample i of what goes in is sample i + 256 of what comes
out. 16 ms."""
LEAST_DB, NO_LIMIT_DB = 1.0, 60.0
"""Bounds of `limit_db`."""
_MEMORY = {
    "conv_cache": (2, 1, 16, 16, 33), "tra_cache": (2, 3, 1, 1, 16), "inter_cache": (2, 1, 33, 16),
}
_WINDOW = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SPAN) / SPAN)).astype(np.float32)
assert AUDIO_BLOCK % STEP == 0


class NoiseSuppression:
    """One stream of sound; a block that goes in gives the block that is `DELAY` samples older.

    Args:
        engine: That of the card gtcrn, or one with the same inputs and outputs.
        limit_db: By how much noise is turned down at most, 1..60: a part of the sound as it was
            stays in it, so that voices are harmed less. 60 is no limit.

    Raises:
        ValueError: When the limit is out of its bounds.
    """

    def __init__(self, engine: Engine, limit_db: float = NO_LIMIT_DB) -> None:
        if not LEAST_DB <= limit_db <= NO_LIMIT_DB:
            raise ValueError(
                f"limit_db is {limit_db}; it must be {LEAST_DB:g} to {NO_LIMIT_DB:g}"
            )
        self._engine = engine
        self._kept = np.float32(10 ** (-limit_db / 20) if limit_db < NO_LIMIT_DB else 0.0)
        self._heard = np.zeros(DELAY + AUDIO_BLOCK, np.float32)
        self._made = np.zeros(DELAY + AUDIO_BLOCK, np.float32)
        self._spectrum = np.zeros((1, SPAN // 2 + 1, 1, 2), np.float32)
        self._feeds: dict[str, Sound] = {"mix": self._spectrum}
        self._feeds |= {name: np.zeros(shape, np.float32) for name, shape in _MEMORY.items()}

    def restart(self) -> None:
        """Forgets the sound so far: what comes next does not follow it."""
        self._heard.fill(0.0)
        self._made.fill(0.0)
        for name in _MEMORY:
            self._feeds[name].fill(0.0)

    def process(self, block: Sound) -> Sound:
        """Takes one block.

        Args:
            block: float32 [512], mono, 16 kHz, -1..1. What is no number is silence.

        Returns:
            float32 [512], a new array: the sound from `DELAY` samples before the block's first to
            `DELAY` before its end.

        Raises:
            EngineError: When the engine fails; `restart` before the next block.
            ValueError: When the block has another size.
        """
        if block.shape != (AUDIO_BLOCK,):
            raise ValueError(f"the block has shape {block.shape}; it must be ({AUDIO_BLOCK},)")
        self._heard[:DELAY] = self._heard[AUDIO_BLOCK:].copy()
        np.nan_to_num(block, posinf=0.0, neginf=0.0).clip(-1.0, 1.0, out=self._heard[DELAY:])
        self._made[:DELAY] = self._made[AUDIO_BLOCK:].copy()
        self._made[DELAY:] = 0.0
        for first in range(0, AUDIO_BLOCK, STEP):
            self._made[first : first + SPAN] += self._cleaned(self._heard[first : first + SPAN])
        voice, before = self._made[:AUDIO_BLOCK], self._heard[:AUDIO_BLOCK]
        mixed: Sound = (voice + self._kept * (before - voice)).astype(np.float32, copy=False)
        return mixed

    def _cleaned(self, sound: Sound) -> Sound:
        """One spectrum's share of the output, float32 [512]."""
        heard = np.fft.rfft(sound * _WINDOW)
        self._spectrum[0, :, 0, 0], self._spectrum[0, :, 0, 1] = heard.real, heard.imag
        results = self._engine.run(self._feeds)
        for name in _MEMORY:
            self._feeds[name][:] = results[f"{name}_out"]
        made = results["enh"][0, :, 0]
        share: Sound = (np.fft.irfft(made[:, 0] + 1j * made[:, 1]) * _WINDOW).astype(np.float32)
        return share
