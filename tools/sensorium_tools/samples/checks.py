"""Whether a sample is what it says: kind, type, shape, finite; and what a task wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium.perception.hand_motion import FEATURES

if TYPE_CHECKING:
    from sensorium_tools.samples.sample import Sample

RATE_HZ = 16_000
"""Of every sound sample."""
MAX_SECONDS = 60
"""A longer sound is refused: it would be one sample where there should be many."""
JOINTS = 26
MAX_STEPS = 1 << 20
TASK_KINDS = {
    "blendshapes": "image",
    "face-emotion": "image",
    "face-landmarks": "image",
    "gesture": "hand",
    "image-class": "image",
    "movement": "motion",
    "objects": "image",
    "sentence": "text",
    "speaker": "sound",
    "speech-features": "sound",
    "text-class": "text",
    "text-emotion": "text",
    "transcription": "sound",
    "viseme": "sound",
    "voice-activity": "sound",
}
"""What a task runs on; agreement takes anything."""
MIN_SIDE = 8
MAX_SIDE = 8192


def check(sample: Sample, kind: str, where: str) -> None:
    """Refuses a sample that is not whole.

    Args:
        sample: To be judged.
        kind: The kind that its set holds.
        where: Set and source, for the message.

    Raises:
        EngineError: Names the set, the sample and what is wrong with it.
    """
    problem = _problem(sample, kind)
    if problem:
        raise EngineError(
            f"{where}: sample {sample.name}: {problem}",
            "mend or remove that file, or the source that it comes from",
        )


def require(sample: Sample, task: str) -> None:
    """Refuses a sample that a task cannot take: another kind, shape, rate or type, or NaN.

    Args:
        sample: To be judged.
        task: One of `sensorium.inference.card_tables.TASKS`.

    Raises:
        EngineError: Names the sample, the task and what it takes.
    """
    kind = TASK_KINDS.get(task)
    if kind is None:
        return
    if sample.kind != kind:
        raise EngineError(
            f"sample {sample.name} is of kind {sample.kind}, the task {task} takes {kind}",
            f"name a set of kind {kind} in the card's [evaluation] sets",
        )
    check(sample, kind, f"task {task}")


def _problem(sample: Sample, kind: str) -> str:
    data = sample.data
    if sample.kind != kind:
        return f"is of kind {sample.kind}, must be {kind}"
    if kind == "text":
        return "" if isinstance(data, str) and data.strip() else "is no text, or empty"
    if not isinstance(data, np.ndarray):
        return f"is a {type(data).__name__}, must be an array"
    if kind == "image":
        return _image_problem(data)
    if data.dtype != np.float32:
        return f"is of type {data.dtype}, must be float32"
    if not np.isfinite(data).all():
        return "holds NaN or infinity"
    if kind == "hand":
        return "" if data.shape == (JOINTS, 3) else f"has shape {data.shape}, must be (26, 3)"
    if kind == "motion":
        fits = data.ndim == 2 and 0 < len(data) <= MAX_STEPS and data.shape[1] == FEATURES
        return "" if fits else f"has shape {data.shape}, must be (steps, {FEATURES})"
    return _sound_problem(data)


def _image_problem(data: np.ndarray) -> str:
    if data.dtype != np.uint8 or data.ndim != 3 or data.shape[2] != 3:
        return f"is {data.dtype} of shape {data.shape}, must be uint8 of (height, width, 3)"
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in data.shape[:2]):
        return f"has shape {data.shape}, its sides must be {MIN_SIDE} to {MAX_SIDE}"
    return ""


def _sound_problem(data: np.ndarray) -> str:
    if data.ndim != 1 or not 0 < data.size <= MAX_SECONDS * RATE_HZ:
        return f"has shape {data.shape}, must be 1 to {MAX_SECONDS * RATE_HZ} samples at 16 kHz"
    peak = float(np.abs(data).max())
    return "" if peak <= 1.0 else f"reaches {peak:.3g}, must stay within -1..1"
