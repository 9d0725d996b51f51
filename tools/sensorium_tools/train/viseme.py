"""Trains the viseme engine: sounds, a network, its file, and a card that pins it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sensorium_tools.samples import loading
from sensorium_tools.train import viseme_data, viseme_fit
from sensorium_tools.train.pinned_folder import keep_engine
from sensorium_tools.train.temporal_export import onnx_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sensorium_tools.progress import Progress

NAME = "viseme"
FILE = "viseme.onnx"
SET = "visemes"
MAX_SOUNDS = 10_000
"""What fits into memory: 1.7 GB."""
STEPS = 2000
SEED = 5


def train(
    progress: Progress, *, room: Path | None = None, steps: int = STEPS, limit: int | None = None
) -> dict[str, Any]:
    """Trains on the set `visemes`, writes the engine's folder and judges it.

    Args:
        progress: Told of each step.
        room: Write the folder `viseme` into this one, and do not build it; None: into the user's
            own engines, and build it there.
        steps: Of the optimiser.
        limit: At most so many sounds.

    Returns:
        "name", "folder", "sounds", "frames", "seconds", "bytes", "sha256".

    Raises:
        EngineError: When a synthesiser is missing, or the shipped card has no pin.
        CardError: When the set or the shipped card is not there.
        OSError: When it cannot be written.
    """
    begun = time.monotonic()
    sounds = min(loading.count(SET, "calibration", progress), limit or MAX_SOUNDS)
    samples = loading.each(SET, "calibration", progress, sounds)
    data = viseme_data.frames(samples, sounds, progress)
    data_bytes = onnx_file(viseme_fit.fit(data, steps, SEED, progress), viseme_fit.PORTS)
    folder, digest = keep_engine(NAME, FILE, data_bytes, room, progress)
    return {
        "name": NAME, "folder": str(folder), "sounds": sounds, "frames": len(data.truth),
        "seconds": round(time.monotonic() - begun, 1), "bytes": len(data_bytes), "sha256": digest,
    }


def page(report: Mapping[str, Any]) -> str:
    """What was trained, for a person; see `train`."""
    return (
        f"viseme: {report['bytes']} bytes from {report['frames']} frames of {report['sounds']} "
        f"sounds in {report['seconds']} s, in {report['folder']}; "
        "`sensorium-engines verify viseme` judges it on voices that it has not heard"
    )

