"""An estimate of the expression of the face before the camera.

Off by default. It is an estimate of how a face looks and never a fact about a person, its record
says so, and where the configuration says `workplace_or_education` it does not start at all. Of the
pictures that apps send none is estimated: an app without a grant for emotion shall get none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.errors import OutputError
from sensorium.health import Reason
from sensorium.inference import store
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import pictures
from sensorium.perception.face_input import expression_input
from sensorium.perception.finite import Complaint, finite
from sensorium.perception.picture_stream import FRAME, due, interval
from sensorium.perception.sense import input_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Rings, Sample

ENGINE = "face-emotion"
FACE, CHANNEL = "face", "face_emotion"
_FACE_SOURCE = 1
"""The record's field `source`."""
_WITHIN = 4
"""Slots of the ring of pictures."""
_NAME_BYTES = 32


@dataclass(frozen=True)
class FaceEmotionOptions:
    """How often."""

    interval_ms: int = interval(500)


class FaceEmotion:
    """The sense; see `perception.sense.Sense`."""

    Options = FaceEmotionOptions
    ENGINES = (ENGINE,)
    READS = (FACE, FRAME)
    WRITES = (CHANNEL,)
    TEMPO = Tempo(Slowing.THINNED, 10, 2000)

    def __init__(
        self, options: FaceEmotionOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._stream = FaceEmotionStream(options, engines[ENGINE], rings)

    def streams(self) -> tuple[FaceEmotionStream, ...]:
        """See `Sense.streams`: one, of the face that is longest in sight."""
        return (self._stream,)


class FaceEmotionStream:
    """Judges the first face of the channel `face`, by the picture that it was found in."""

    trigger = FACE
    outputs = FaceEmotion.WRITES

    def __init__(self, options: FaceEmotionOptions, engine: Engine, rings: Rings) -> None:
        card = store.find_card(ENGINE)
        self._engine = engine
        self._rings = rings
        self._interval_ms = options.interval_ms
        self._judged_ns: int | None = None
        self._side = card.sizes(card.inputs[0])[1]
        self._input, self._output = card.inputs[0].name, card.outputs[0].name
        self._record = records.EMOTION.zeros()
        self._record["source"], self._record["label_count"] = _FACE_SOURCE, len(engine.labels)
        self._complains = Complaint(CHANNEL)
        for measure in ("loudness", "pitch", "tempo"):
            self._record[measure] = np.nan

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one record of the channel `face`: see `Stream.process`."""
        if not sample.valid or not sample.record["count"][0]:
            self._judged_ns = None
            self._nothing(
                publish, sample,
                Reason.INACTIVE if sample.valid else input_reason(sample.reason),
            )
            return
        if not due(sample.capture_ns, self._judged_ns, self._interval_ms):
            return
        image = self._picture(int(sample.record["frame"][0]))
        if image is None:
            # It was overwritten already: the next face is sooner there.
            return
        self._judged_ns = sample.capture_ns
        height, width = image.shape[:2]
        left, top, right, bottom = sample.record["faces"][0, 0]["box"].tolist()
        within = (left * width, top * height, right * width, bottom * height)
        values = expression_input(image, within, self._side)
        try:
            scores = finite(self._engine.run({self._input: values})[self._output][0], ENGINE)
        except OutputError as error:
            self._complains.of(error)
            self._nothing(publish, sample, Reason.ENGINE_FAILED)
            return
        self._complains.no_more()
        best = int(np.argmax(scores))
        row = self._record[0]
        row["label"], row["score"] = best, scores[best]
        row["scores"][: len(scores)] = scores
        row["name"] = records.encode_text(self._engine.labels[best], _NAME_BYTES)[0]
        publish(
            CHANNEL, self._record, sample.capture_ns, confidence=float(scores[best]),
            engine=self._engine,
        )

    def lost(self, records: int) -> None:
        """See `Stream.lost`: only the newest face counts."""

    def _nothing(self, publish: Publish, sample: Sample, reason: Reason) -> None:
        publish(CHANNEL, self._record, sample.capture_ns, valid=False, reason=reason)

    def _picture(self, sequence: int) -> NDArray[np.uint8] | None:
        """The picture of a sequence number, while it is still in its ring."""
        latest = self._rings.latest(FRAME)
        for n in range(latest, max(0, latest - _WITHIN), -1):
            sample = self._rings.at(FRAME, n)
            if sample is None or not sample.valid:
                continue
            if int(sample.record["sequence"][0]) == sequence:
                return pictures.read(sample.record)
        return None
