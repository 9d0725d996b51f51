"""The wake word and its peers as things that listen to a sound and say how often they woke."""

from __future__ import annotations

import importlib.util
import time
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import onnxruntime
from figures import percentiles

from sensorium.inference import store
from sensorium.inference.onnxruntime_engine import PROVIDER, session_options
from sensorium.perception.phrase_check import DECODER, ENCODER, PhraseCheck
from sensorium.perception.speech_embedding import (
    EMBEDDING_ENGINE,
    FRAMES,
    MEL_ENGINE,
    STEP,
    STEP_FRAMES,
    WARM_STEPS,
    WIDTH,
)
from sensorium.perception.wake_head import Head
from sensorium.perception.wake_trigger import WINDOW
from sensorium_tools import build, fetch
from sensorium_tools.archive import read_member
from sensorium_tools.train.whole_sounds import WholeSounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.wake_trigger import Heard
    from sensorium_tools.progress import Progress

    Sound = NDArray[np.float32]

OPENWAKEWORD = fetch.Pinned(
    "openWakeWord", "openwakeword", "openwakeword-0.4.0-py3-none-any.whl",
    "2c353f49a35d384507403efde3db439353d8281a52d08a0e42a5b493e5145075",
)
_MODELS = "openwakeword/resources/models/"
_BEFORE = 480
_REST_S = 1.0
"""After it woke, a listener is not counted again for so long."""
CHECKS = (ENCODER, DECODER)
SOUNDS = {"sensorium": "S EH N S AO R IY AH M"}
"""Words that pocketsphinx's dictionary lacks."""


class Listener(Protocol):
    """Hears whole sounds."""

    name: str
    phrase: str

    def wakes(self, sound: Sound) -> int:
        """How often it woke in a sound that nothing came before."""
        ...


class Ours:
    """An installed head as the sense runs it, on embeddings that are made of whole sounds at once.

    They are the sense's own numbers (a test compares them), in a quarter of its time.

    Attributes:
        checks: How many doubts were checked.
    """

    def __init__(self, name: str, progress: Progress, *, checked: bool = True) -> None:
        for needed in (MEL_ENGINE, EMBEDDING_ENGINE, name, *(CHECKS if checked else ())):
            build.build(store.find_card(needed), progress)
        self.name = f"ours ({name})" if checked else f"its head alone ({name})"
        self._front_end = WholeSounds()
        self._engine = store.load(name, 1)
        self._check = PhraseCheck(*(store.load(one, 1) for one in CHECKS)) if checked else None
        self.phrase = self._engine.metadata["phrase"]
        self.checks = 0

    def wakes(self, sound: Sound) -> int:
        head = Head(self._engine, 0.0, self._check)
        made = self._front_end.embeddings(sound)
        count = 0
        for start in range(len(made) - WINDOW + 1):
            end = (WARM_STEPS + WINDOW - 1 + start) * STEP
            count += self._confirmed(head, head.hears(made[start : start + WINDOW], end), sound)
        return count + self._confirmed(head, head.stages.close(), sound)

    def _confirmed(self, head: Head, heard: Heard | None, sound: Sound) -> bool:
        if heard is None:
            return False
        self.checks += heard.in_doubt
        return head.confirms(heard, lambda first, last: sound[first:last], len(sound))[0]


class OpenWakeWord:
    """A head of openWakeWord 0.4.0 on its own graphs in fp32, fed as its `Model.predict` does.

    Its own rule: one score of 0.5 wakes it.
    """

    def __init__(self, head: str, phrase: str, progress: Progress) -> None:
        self.name, self.phrase = f"openWakeWord {head}", phrase
        archive = fetch.fetch_pinned(OPENWAKEWORD, progress)
        self._mel, self._embedding, self._head = (
            onnxruntime.InferenceSession(
                read_member(archive, f"{_MODELS}{file}"), session_options(1), providers=[PROVIDER]
            )
            for file in ("melspectrogram.onnx", "embedding_model.onnx", f"{head}_v0.1.onnx")
        )

    def wakes(self, sound: Sound) -> int:
        padded = np.concatenate([np.zeros(_BEFORE, np.float32), sound]) * np.float32(32768)
        frames = np.zeros((0, 32), np.float32)
        window: list[Any] = []
        count, rests = 0, 0
        for start in range(0, len(sound) - STEP + 1, STEP):
            block = padded[None, start : start + _BEFORE + STEP]
            made = self._mel.run(None, {"input": block})[0].reshape(-1, 32) / 10 + 2
            frames = np.concatenate([frames, made[-STEP_FRAMES:]])[-FRAMES:]
            if len(frames) < FRAMES:
                continue
            found = self._embedding.run(None, {"input_1": frames[None, :, :, None]})[0]
            window = [*window[-WINDOW + 1 :], found.reshape(WIDTH)]
            rests -= 1
            if len(window) < WINDOW:
                continue
            name = self._head.get_inputs()[0].name
            score = float(self._head.run(None, {name: np.stack(window)[None]})[0].reshape(-1)[0])
            if score >= 0.5 and rests <= 0:
                count, rests = count + 1, round(_REST_S * 16_000 / STEP)
        return count


class PocketSphinx:
    """Keyword spotting of pocketsphinx 5.1.1 with its own English model."""

    def __init__(self, phrase: str, threshold: float) -> None:
        from pocketsphinx import Decoder

        self.name, self.phrase = f"pocketsphinx {threshold:.0e}", phrase
        self._decoder = Decoder(lm=None, logfn="/dev/null")
        for word in phrase.split():
            if self._decoder.lookup_word(word) is None:
                self._decoder.add_word(word, SOUNDS[word], True)
        self._decoder.config["kws_threshold"] = threshold
        self._decoder.add_keyphrase("wake", phrase)
        self._decoder.activate_search("wake")

    def wakes(self, sound: Sound) -> int:
        data = (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
        count = 0
        self._decoder.start_utt()
        for start in range(0, len(data), 2 * STEP):
            self._decoder.process_raw(data[start : start + 2 * STEP], False, False)
            if self._decoder.hyp() is not None:
                count += 1
                self._decoder.end_utt()
                self._decoder.start_utt()
        self._decoder.end_utt()
        return count


def peers(phrase: str, progress: Progress) -> list[Listener]:
    """Those that can be had here."""
    found: list[Listener] = []
    try:
        found.append(OpenWakeWord("hey_jarvis", "hey jarvis", progress))
    except Exception as error:  # noqa: BLE001 - a peer that cannot be had is left out, and named
        progress.say(f"without openWakeWord: {error}")
    if importlib.util.find_spec("pocketsphinx"):
        known = set(SOUNDS) | {"hey"}
        if set(phrase.split()) <= known:
            found += [PocketSphinx(phrase, threshold) for threshold in (1e-20, 1e-35)]
    else:
        progress.say("without pocketsphinx: it is not installed")
    return found


def timed(listener: Listener, sound: Sound) -> tuple[int, float]:
    """How often it woke, and the CPU time of it in seconds."""
    begun = time.process_time()
    count = listener.wakes(sound)
    return count, time.process_time() - begun


def cost_us(call: Any, calls: int) -> float:
    """Median time of a call in us."""
    spent = []
    for _ in range(calls):
        begun = time.perf_counter_ns()
        call()
        spent.append((time.perf_counter_ns() - begun) / 1000)
    return percentiles(spent)["p50"]
