"""Trains the engine of a hand's movements: takes, a network, its file, and a card that pins it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sensorium_tools.samples import loading
from sensorium_tools.train import movement_fit
from sensorium_tools.train.pinned_folder import keep_engine
from sensorium_tools.train.temporal_export import onnx_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sensorium_tools.progress import Progress

NAME = "hand-movement"
FILE = "hand-movement.onnx"
SET = "motions"
ROUNDS = 3500
SEED = 24


def train(
    progress: Progress, *, room: Path | None = None, rounds: int = ROUNDS, limit: int | None = None
) -> dict[str, Any]:
    """Trains on the set `motions`, writes the engine's folder and judges it.

    Args:
        progress: Told of each step.
        room: Write the folder `hand-movement` into this one, and do not build it; None: into the
            user's own engines, and build it there.
        rounds: Steps of the optimiser.
        limit: At most so many takes.

    Returns:
        "name", "folder", "takes", "steps", "seconds", "bytes", "sha256".

    Raises:
        EngineError: When the shipped card has no pin.
        CardError: When the set or the shipped card is not there.
        OSError: When it cannot be written.
    """
    begun = time.monotonic()
    takes = min(loading.count(SET, "calibration", progress), limit or 1 << 30)
    samples = []
    with progress.steps("moving", takes) as advance:
        for sample in loading.each(SET, "calibration", progress, takes):
            samples.append(sample)
            advance(1)
    data = movement_fit.steps(samples)
    made = onnx_file(movement_fit.fit(data, rounds, SEED, progress), movement_fit.PORTS)
    folder, digest = keep_engine(NAME, FILE, made, room, progress)
    return {
        "name": NAME, "folder": str(folder), "takes": takes, "steps": len(data.truth),
        "seconds": round(time.monotonic() - begun, 1), "bytes": len(made), "sha256": digest,
    }


def page(report: Mapping[str, Any]) -> str:
    """What was trained, for a person; see `train`."""
    return (
        f"{NAME}: {report['bytes']} bytes from {report['steps']} steps of {report['takes']} made "
        f"takes in {report['seconds']} s, in {report['folder']}; `sensorium-engines verify {NAME}` "
        "judges it on made wearers that it has not seen"
    )
