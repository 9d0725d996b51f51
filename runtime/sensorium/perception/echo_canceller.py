"""Subtracts what a loudspeaker played from what a microphone heard: Speex's adaptive filter.

The library is `pyaec` (MIT; Speex DSP, BSD, inside): an optional extra, imported when it is needed.
The filter is a multi-delay block frequency domain one whose learning rate falls by itself while the
near end speaks: J.-M. Valin, "On Adjusting the Learning Rate in Frequency Domain Echo Cancellation
With Double-Talk", IEEE Trans. Audio, Speech and Language Processing 15(3), 2007.
"""

from __future__ import annotations

import importlib
import weakref
from ctypes import POINTER, c_int16
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import SensorError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 16_000
FRAME = 256
"""Samples that the filter takes at a time, 16 ms: half a block, so nothing waits for a rest."""
FULL_SCALE = 32_767.0
_SAMPLES = POINTER(c_int16)


def load() -> Any:
    """The library's functions.

    Raises:
        SensorError: It is not installed, or does not load here.
    """
    try:
        # A library that does not load leaves a module that fails at its first use of it.
        return importlib.import_module("pyaec").lib
    except (ImportError, OSError, AttributeError) as error:
        raise SensorError(
            "echo cancellation needs the package pyaec", "pip install 'sensorium[echo]'"
        ) from error


class EchoCanceller:
    """One filter, which learns the path from the loudspeaker to the microphone.

    Args:
        library: See `load`.
        tail_ms: How long after it was played a sound may still be heard.
    """

    def __init__(self, library: Any, tail_ms: int) -> None:
        self._library = library
        self.tail = -(-tail_ms * RATE_HZ // 1000 // FRAME) * FRAME
        self._state = library.AecNew(FRAME, self.tail, RATE_HZ, False)
        weakref.finalize(self, library.AecDestroy, self._state)

    def process(
        self, near: NDArray[np.float32], far: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """What is left of `near`, without delay.

        Args:
            near: What the microphone heard, [n * FRAME], -1..1; clipped beyond.
            far: What was played, as long; no later than it is heard.
        """
        heard, played = _pcm(near), _pcm(far)
        left = np.empty(len(heard), np.int16)
        for start in range(0, len(heard), FRAME):
            part = slice(start, start + FRAME)
            self._library.AecCancelEcho(
                self._state, _pointer(heard[part]), _pointer(played[part]), _pointer(left[part]),
                FRAME,
            )
        return left.astype(np.float32) / np.float32(FULL_SCALE)


def _pcm(sound: NDArray[np.float32]) -> NDArray[np.int16]:
    scaled: NDArray[np.int16] = np.rint(np.clip(sound, -1.0, 1.0) * FULL_SCALE).astype(np.int16)
    return scaled


def _pointer(samples: NDArray[np.int16]) -> Any:
    return samples.ctypes.data_as(_SAMPLES)
