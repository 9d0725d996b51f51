"""How far a graph's numbers are from those of fp32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium_tools.evaluate import Run
    from sensorium_tools.quantise.recorder import Feeds

MOST_DB = 120.0
"""Beyond float32's own resolution: the two are the same."""


def snr_db(reference: Run, run: Run, feeds: Sequence[Feeds]) -> float:
    """Signal to noise of a graph's outputs against fp32, over all outputs and inputs together.

    10 log10 of the reference's energy over the difference's, each output divided by its own
    root mean square first, so that a large one does not hide a small one.

    Args:
        reference: The fp32 graph.
        run: The other one.
        feeds: Inputs.

    Returns:
        Decibels, at most `MOST_DB`.
    """
    signal = noise = 0.0
    for given in feeds:
        wanted = {name: values.astype(np.float64) for name, values in reference(given).items()}
        for name, values in run(given).items():
            scale = float(np.mean(wanted[name] ** 2)) or 1.0
            signal += float(np.mean(wanted[name] ** 2)) / scale
            noise += float(np.mean((wanted[name] - values) ** 2)) / scale
    if noise <= 0 or not signal:
        return MOST_DB
    return min(MOST_DB, 10 * float(np.log10(signal / noise)))
