"""Frames of a sound, as the sense `viseme` hears them, and what a mouth shows in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.viseme_features import CENTRE, RATE_HZ, STEP, VisemeFeatures
from sensorium_tools.samples.mouth_shapes import Shown, at

if TYPE_CHECKING:
    from numpy.typing import NDArray


def heard(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features of a whole sound, from a stream's begin: [frames, bands]."""
    return VisemeFeatures().push(sound[: len(sound) // STEP * STEP])


def known(shown: NDArray[np.float64], frames: int) -> NDArray[np.int64]:
    """The viseme of each of so many frames, by a sample's truth "visemes"."""
    times = (np.arange(1, frames + 1) * STEP - CENTRE) / RATE_HZ
    stretches = [Shown(begin, end, int(viseme)) for begin, end, viseme in shown.tolist()]
    return at(stretches, times)
