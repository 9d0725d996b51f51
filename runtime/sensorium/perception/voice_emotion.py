"""An estimate of the emotion in an utterance's voice, by a model of the user's own.

Off by default. It is an estimate and never a fact, its record says so, and where the configuration
says `workplace_or_education` it does not start at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.errors import CardError
from sensorium.inference import manifest as manifests
from sensorium.inference import store
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import ended
from sensorium.perception.sense import input_reason
from sensorium.perception.softmax import softmax
from sensorium.perception.voice_measures import measure
from sensorium.records.senses import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.inference.manifest import Manifest
    from sensorium.perception.ended import Spoken
    from sensorium.perception.sense import Publish, Rings, Sample

ENGINE = "voice-emotion"
VOICE = 2
"""The record's field `source`."""
_PROBABLE = 1e-3
_QUIET = 1e-7


@dataclass(frozen=True)
class EmotionOptions:
    """How the model wants its sound."""

    normalise: bool = field(
        default=True,
        metadata={"doc": "Brings the sound to mean 0 and deviation 1, as wav2vec 2.0 wants it."},
    )


@dataclass(frozen=True)
class Ports:
    """The model's input and output.

    Attributes:
        sound: Name of the input, [1, samples].
        scores: Name of the output, [1, labels].
        shortest: Samples that the input takes at least; shorter speech is not judged.
        longest: At most; of longer speech the begin is judged.
    """

    sound: str
    scores: str
    shortest: int
    longest: int


class VoiceEmotion:
    """The sense; see `perception.sense.Sense`."""

    Options = EmotionOptions
    ENGINES = (ENGINE,)
    READS = ("utterance", "audio")
    WRITES = ("emotion",)
    TEMPO = Tempo(Slowing.DEFERRED, 20, 8000)

    def __init__(
        self, options: EmotionOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._engine = engines[ENGINE]
        self._rings = rings
        path = store.built_folder(ENGINE) / manifests.FILE_NAME
        self._ports = ports(manifests.read(path, f"sensorium-engines build {ENGINE}"))

    def streams(self) -> tuple[EmotionStream, ...]:
        """See `Sense.streams`: one, the microphone's."""
        return (EmotionStream(self._options, self._engine, self._rings, self._ports),)


class EmotionStream:
    """Estimates once for each utterance that ends while it runs."""

    trigger = "utterance"
    outputs = VoiceEmotion.WRITES

    def __init__(
        self, options: EmotionOptions, engine: Engine, rings: Rings, ports: Ports
    ) -> None:
        self._options = options
        self._engine = engine
        self._rings = rings
        self._ports = ports
        self._record = records.EMOTION.zeros()
        self._record["source"], self._record["label_count"] = VOICE, len(engine.labels)

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one record of the channel `utterance`: see `Stream.process`."""
        if not sample.valid:
            publish(
                "emotion", self._record, sample.capture_ns,
                valid=False, reason=input_reason(sample.reason),
            )
            return
        spoken = ended.spoken(sample, self._rings)
        if spoken is None or spoken.sound is None:
            return
        speech = spoken.sound[spoken.first : min(spoken.last, spoken.first + self._ports.longest)]
        if len(speech) < self._ports.shortest or float(np.ptp(speech)) < _QUIET:
            return
        self._fill(self._scores(speech), spoken)
        publish(
            "emotion", self._record, sample.capture_ns,
            confidence=float(self._record["score"][0]), engine=self._engine,
        )

    def lost(self, records: int) -> None:
        """See `Stream.lost`: nothing spans two utterances."""

    def _scores(self, speech: NDArray[np.float32]) -> NDArray[np.float64]:
        sound = speech.astype(np.float64)
        if self._options.normalise:
            sound = (sound - sound.mean()) / np.sqrt(sound.var() + _QUIET)
        given = np.ascontiguousarray(sound[None], np.float32)
        return probabilities(self._engine.run({self._ports.sound: given})[self._ports.scores][0])

    def _fill(self, scores: NDArray[np.float64], spoken: Spoken) -> None:
        record = self._record[0]
        best = int(np.argmax(scores))
        record["label"], record["score"] = best, scores[best]
        record["scores"][: len(scores)] = scores
        record["name"] = self._engine.labels[best].encode()[:31]
        assert spoken.sound is not None
        plain = measure(spoken.sound[spoken.first : spoken.last])
        for name in ("loudness", "pitch", "tempo"):
            record[name] = getattr(plain, name)


def ports(manifest: Manifest) -> Ports:
    """The ports of a classifier of sound.

    Raises:
        CardError: It is none; says what one is.
    """
    inputs, outputs = manifest.inputs, manifest.outputs
    remedy = f"see engines/{ENGINE}/README.md for the models that serve"
    if len(inputs) != 1 or len(inputs[0].shape) != 2 or inputs[0].shape[0] != 1:
        raise CardError(f"{ENGINE}: a model of [1, samples] is wanted, this takes {inputs}", remedy)
    if not 0 < len(manifest.labels) <= LABELS:
        raise CardError(
            f"{ENGINE}: its card has {len(manifest.labels)} labels, 1 to {LABELS} are wanted",
            remedy,
        )
    if not outputs or outputs[0].shape != (1, len(manifest.labels)):
        raise CardError(
            f"{ENGINE}: its first output is not [1, {len(manifest.labels)}], one for each label",
            remedy,
        )
    (shortest, *_), (longest, *_) = (
        manifest.sizes(inputs[0], which)[1:] for which in ("min", "max")
    )
    return Ports(inputs[0].name, outputs[0].name, shortest, longest)


def probabilities(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logits as probabilities; what already is a distribution stays as it is.

    Args:
        scores: [labels], finite.
    """
    values = np.asarray(scores, np.float64)
    if (values >= 0.0).all() and abs(values.sum() - 1.0) < _PROBABLE:
        return values
    return softmax(values)
