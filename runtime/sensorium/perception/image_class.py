"""The sense of image classes: which of the classes that a model knows a picture shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sensorium.inference import store
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import picture_stream
from sensorium.perception.finite import finite
from sensorium.perception.image_classes import ImageClasses
from sensorium.perception.picture_stream import PictureOptions, PictureStream, Seen, interval
from sensorium.records import IMAGE_CLASS, encode_text
from sensorium.records.vision import GUESSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.card import Card
    from sensorium.inference.engine import Engine
    from sensorium.perception.picture_stream import Picture
    from sensorium.perception.sense import Rings

CHANNEL = "image_class"
_NAME_BYTES = 64


@dataclass(frozen=True)
class ImageClassOptions(PictureOptions):
    """Which model, and how often."""

    interval_ms: int = interval(1000)
    engine: str = field(
        default="efficientnet-lite0", metadata={"doc": "The classifier, by the name of its card."}
    )


class ImageClass:
    """The sense; see `perception.sense.Sense`."""

    Options = ImageClassOptions
    ENGINES: tuple[str, ...] = (ImageClassOptions.engine,)
    ENGINE_KEYS = ("engine",)
    READS = (picture_stream.FRAME,)
    WRITES = (CHANNEL, f"app_{CHANNEL}")
    TEMPO = Tempo(Slowing.THINNED, 10, 2000)

    def __init__(
        self, options: ImageClassOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._engine = engines[options.engine]
        self._rings = rings
        self._card = store.with_ports(store.find_card(options.engine))

    @staticmethod
    def engines(options: ImageClassOptions) -> tuple[str, ...]:
        """See `perception.sense`."""
        return (options.engine,)

    @staticmethod
    def writes(options: ImageClassOptions) -> tuple[str, ...]:
        """The camera's channel, and that of apps where their pictures are looked at."""
        return picture_stream.outputs(CHANNEL, options)

    def streams(self) -> tuple[PictureStream, ...]:
        """See `Sense.streams`: one, with a state for the camera and one for each app."""
        make = partial(ImageClassLook, self._engine, self._card)
        return (PictureStream(CHANNEL, IMAGE_CLASS.zeros(), make, self._options, self._rings),)


class ImageClassLook:
    """Classifies the pictures of one stream, each by itself."""

    def __init__(self, engine: Engine, card: Card) -> None:
        self._engine = engine
        self._classes = ImageClasses(card)
        self._output = card.outputs[0].name
        self._record = IMAGE_CLASS.zeros()

    def __call__(self, picture: Picture) -> Seen:
        """See `picture_stream.Look`."""
        results = self._engine.run(self._classes.feeds(picture.image))
        scores = finite(results[self._output][0], self._engine.name)
        best = np.argsort(-scores, kind="stable")[:GUESSES].tolist()
        record = self._record
        record["frame"] = picture.sequence
        record["height"], record["width"] = picture.image.shape[:2]
        record["count"] = len(best)
        for place, label in enumerate(best):
            guess = record["guesses"][0, place]
            guess["label"], guess["score"] = label, scores[label]
            guess["name"] = encode_text(self._engine.labels[label], _NAME_BYTES)[0]
        return Seen(record, float(scores[best[0]]), self._engine)
