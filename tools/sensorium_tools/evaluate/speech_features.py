"""Features of speech: what the mel spectrogram and the speech embedding make of a sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium_tools import graphs
from sensorium_tools.evaluate.port_check import Wanted, check
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate.task import Metric, Run
    from sensorium_tools.samples import Sample

FRAME_SAMPLES = 160
"""Samples between two mel frames: 10 ms."""
STEP_FRAMES = 8
"""Mel frames between two embeddings: 80 ms."""
MOST_SAMPLES = 48_000
"""Of one sound: more of the same voice says little more, and each step is two calls."""
_TASK = "speech-features"
_MEL_CARD = "speech-mel"
_FULL_SCALE = 32_768
"""The mel graph takes amplitudes of 16 bit sound."""

Features = Callable[["Run", "NDArray[np.float32]"], "NDArray[np.float32]"]
"""An engine and a sound to features, float32 [steps, width]."""


class SpeechFeatures:
    """See `evaluate.task.Task`. Serves both engines: sound to mel frames, and these to embeddings.

    An outcome holds the features of a sound's first 3 s in steps of 80 ms, as a stream sees them.
    """

    def __init__(self, card: Card) -> None:
        rank = len(card.inputs[0].shape) if card.inputs else 0
        if rank not in (2, 4):
            raise EngineError(
                f"{card.name}: the task speech-features needs an input of sound [1, samples] or of "
                f"mel frames [1, frames, bands, 1]; the card has "
                f"{', '.join(f'{port.name} {list(port.shape)}' for port in card.inputs) or 'none'}",
                "state it so in the card, or take the task agreement",
            )
        self._mel = card if rank == 2 else store.find_card(_MEL_CARD)
        _check_mel(self._mel)
        self._features: Features = self._frames
        self._agreement = _closeness
        if rank == 4:
            bands = self._mel.outputs[0].shape[-1]
            check(card, _TASK, [Wanted(shape=(1, "frames", bands, 1))], [Wanted()])
            self._features = self._embeddings
            self._agreement = _cosine
            # In fp32, whether or not that engine was built.
            self._run_mel = GraphRun(self._mel.name, graphs.graph(self._mel, Progress()))
            self._window = card.sizes(card.inputs[0])[1]
        self._input, self._output = card.inputs[0].name, card.outputs[0].name

    @staticmethod
    def partners(card: Card) -> tuple[str, ...]:
        """The engine that makes mel frames, where this one takes them."""
        return (_MEL_CARD,) if card.inputs and len(card.inputs[0].shape) == 4 else ()

    def perform(self, run: Run, sample: Sample) -> NDArray[np.float32]:
        """See `Task.perform`.

        Returns:
            float32 [steps of 10 ms, bands] of a mel spectrogram, [steps of 80 ms, width] of
            embeddings.
        """
        return self._features(run, np.asarray(sample.data[:MOST_SAMPLES], np.float32))

    def agree(self, one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
        """See `Task.agree`: mean cosine of embeddings; 1 - relative error of mel frames."""
        return float(np.clip(self._agreement(one, other), 0.0, 1.0))

    def score(self, outcomes: Sequence[Any], samples: Sequence[Sample]) -> Metric | None:
        """See `Task.score`: features are right or wrong only for what is built on them."""
        del outcomes, samples
        return None

    def _frames(self, run: Run, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        return _mel(run, self._mel, sound, steps=1)

    def _embeddings(self, run: Run, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        least = -(-self._window // STEP_FRAMES)
        frames = _mel(self._run_mel, self._mel, sound, least)
        made = []
        for end in range(least * STEP_FRAMES, len(frames) + 1, STEP_FRAMES):
            window = np.ascontiguousarray(frames[end - self._window : end])
            result = run({self._input: window[None, :, :, None]})[self._output]
            made.append(np.array(result, np.float32).reshape(-1))
        return np.stack(made)


def _check_mel(card: Card) -> None:
    """Refuses a card that does not take sound and give the mel frames of a block.

    Raises:
        EngineError: Says what the ports are.
    """
    check(
        card, _TASK, [Wanted(shape=(1, "samples"))],
        [Wanted(shape=(1, 1, STEP_FRAMES, "bands"))],
    )
    least, taken = STEP_FRAMES * FRAME_SAMPLES, card.sizes(card.inputs[0])[1]
    if taken < least:
        raise EngineError(
            f"{card.name}: its input {card.inputs[0].name} takes {taken} samples, the task {_TASK} "
            f"gives blocks of {least} and more",
            "state it so in the card, or take the task agreement",
        )


def _mel(
    run: Run, card: Card, sound: NDArray[np.float32], steps: int
) -> NDArray[np.float32]:
    """Mel frames of a sound in blocks of 80 ms, each with what it needs of the block before.

    Args:
        run: The mel engine.
        card: Of it.
        sound: Mono, 16 kHz, -1..1; silence is added up to whole blocks.
        steps: Blocks at least.

    Returns:
        float32 [8 frames a block, bands], as the embedding takes them.
    """
    size, step = card.sizes(card.inputs[0])[1], STEP_FRAMES * FRAME_SAMPLES
    steps = max(steps, -(-len(sound) // step))
    padded = np.zeros(size - step + steps * step, np.float32)
    padded[size - step : size - step + len(sound)] = sound * _FULL_SCALE
    blocks = []
    for start in range(0, steps * step, step):
        block = padded[None, start : start + size]
        made = run({card.inputs[0].name: block})[card.outputs[0].name]
        blocks.append(np.array(made, np.float32).reshape(-1, made.shape[-1]) / 10 + 2)
    return np.concatenate(blocks)


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    products = (one * other).sum(axis=1)
    # Two embeddings of no length are the same; one alone is like no other.
    same = (one == other).all(axis=1).astype(np.float32)
    return float(np.divide(products, lengths, out=same, where=lengths > 0).mean())


def _closeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    size = float(np.linalg.norm(one))
    error = float(np.linalg.norm(one - other))
    return 1.0 - error / size if size else float(error == 0)
