"""What is said in one segment of a longer sound, and the models that write it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.perception.pieces import around

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.perception.recogniser import Recognised, Recogniser
    from sensorium.perception.segmentation import Segment

MODELS = {
    "tiny.en": ("whisper-tiny-en-encoder", "whisper-tiny-en-decoder"),
    "base": ("whisper-base-encoder", "whisper-base-decoder"),
}
"""Model to its two engines."""


def hear(
    recogniser: Recogniser, sound: NDArray[np.float32], segment: Segment, reached: int | None
) -> Recognised:
    """Writes one segment down; its words' samples are those of the whole sound.

    Args:
        recogniser: Nobody else uses it meanwhile.
        sound: [n], mono, 16 kHz, as far as it is there.
        segment: In it.
        reached: Where the last word of the segment before ends, if this one continues it.

    Raises:
        EngineError: When an engine fails.
    """
    first, last, keep_first, keep_last = around(
        segment.first, segment.last, len(sound), reached,
        continues=segment.continues, cut=segment.cut,
    )
    heard = recogniser.hear(sound[first:last], segment.peak)
    return heard.at(first).within(keep_first, keep_last)
