"""Embeddings of whole sounds at once: the same numbers as step by step, in a quarter of the time.

The graph of speech-embedding has no padding along time and moves by 8 frames, so it may be given
all frames of a sound and makes all embeddings of it. Mel frames are still made step by step: what
is quiet in them is told by the loudest of a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from sensorium.inference import manifest as manifests
from sensorium.inference import store
from sensorium.inference.onnxruntime_engine import PROVIDER, session_options
from sensorium.perception.speech_embedding import (
    BANDS,
    BEFORE,
    EMBEDDING_ENGINE,
    FRAMES,
    MEL_ENGINE,
    STEP,
    STEP_FRAMES,
    WARM_STEPS,
    WIDTH,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

_FULL_SCALE = np.float32(32_768)
_SKIPPED = WARM_STEPS * STEP_FRAMES - FRAMES
"""Frames before those of the first embedding."""


class WholeSounds:
    """The installed front end, on sounds that are there to their end.

    Raises:
        EngineMissing: When an engine of it was not built.
        EngineError: When its file cannot be opened.
    """

    def __init__(self) -> None:
        self._mel = store.load(MEL_ENGINE, 1)
        store.load(EMBEDDING_ENGINE, 1).close()
        graph = onnx.load_model_from_string(_file(EMBEDDING_ENGINE))
        self._input = graph.graph.input[0].name
        self._session: Any = onnxruntime.InferenceSession(
            unbound(graph).SerializeToString(), session_options(1), providers=[PROVIDER]
        )

    def embeddings(self, sound: Sound) -> Sound:
        """What `speech_embedding.embeddings` makes of a sound.

        Args:
            sound: float32 [n], -1..1, 16 kHz.

        Returns:
            float32 [n // 1280 - 9, 96].
        """
        steps = len(sound) // STEP
        if steps < WARM_STEPS:
            return np.zeros((0, WIDTH), np.float32)
        padded = np.concatenate([np.zeros(BEFORE, np.float32), sound]) * _FULL_SCALE
        frames = np.empty((steps * STEP_FRAMES, BANDS), np.float32)
        for step in range(steps):
            given = padded[None, step * STEP : (step + 1) * STEP + BEFORE]
            made = self._mel.run({"input": given})["output"][0, 0]
            frames[step * STEP_FRAMES : (step + 1) * STEP_FRAMES] = made
        frames *= np.float32(0.1)
        frames += np.float32(2.0)
        (found,) = self._session.run(None, {self._input: frames[None, _SKIPPED:, :, None]})
        whole: Sound = found.reshape(-1, WIDTH)
        return whole


def installed() -> list[str]:
    """What decides the numbers: sha256 of the files of the front end."""
    return [_manifest(name).sha256 for name in (MEL_ENGINE, EMBEDDING_ENGINE)]


def unbound(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph of speech-embedding for any number of frames.

    Args:
        model: For 76: its two Reshapes bring the frames to [1, 1, 76, 32] and the last map, which
            is [1, 96, 1, 1], to [1, 1, 1, 96].
    """
    graph = model.graph
    first, last = (node for node in graph.node if node.op_type == "Reshape")
    for constant in graph.initializer:
        if constant.name == first.input[1]:
            shape = np.array([1, 1, -1, BANDS], np.int64)
            constant.CopyFrom(numpy_helper.from_array(shape, constant.name))
    place = list(graph.node).index(last)
    turned = helper.make_node("Transpose", [last.input[0]], ["by_step"], perm=[0, 2, 3, 1])
    last.input[0] = "by_step"
    graph.node.insert(place, turned)
    del graph.value_info[:]
    for port, axis in ((graph.input[0], 1), (graph.output[0], 0)):
        dimension = port.type.tensor_type.shape.dim[axis]
        dimension.ClearField("dim_value")
        dimension.dim_param = f"any_{axis}"
    return model


def _manifest(name: str) -> manifests.Manifest:
    return manifests.read(
        store.built_folder(name) / manifests.FILE_NAME, f"sensorium-engines build {name}"
    )


def _file(name: str) -> bytes:
    return (store.built_folder(name) / _manifest(name).file).read_bytes()
