"""The sense of objects: things of known kinds in the camera's pictures, and in those of apps."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sensorium.inference import store
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import picture_stream
from sensorium.perception.object_detection import ObjectDetection
from sensorium.perception.picture_stream import PictureOptions, PictureStream, Seen
from sensorium.perception.tracks import Tracks
from sensorium.records import OBJECTS, encode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.engine import Engine
    from sensorium.perception.picture_stream import Picture
    from sensorium.perception.sense import Rings

CHANNEL = "objects"
_MOST = 64
_NAME_BYTES = 32


@dataclass(frozen=True)
class ObjectsOptions(PictureOptions):
    """What is looked for, and how often."""

    engine: str = field(
        default="yolov3-tiny", metadata={"doc": "The detector, by the name of its card."}
    )
    threshold: float = field(
        default=0.0,
        metadata={
            "doc": "Smallest score of an object; 0: what the detector's card says.",
            "min": 0.0, "max": 1.0,
        },
    )
    overlap: float = field(
        default=0.0,
        metadata={
            "doc": "Of two boxes that share more than this (intersection over union) only the "
            "surer stays: of two of one class, or of any two where the detector's card has "
            "suppression across-labels. 0: what the card says; 1: all stay.",
            "min": 0.0, "max": 1.0,
        },
    )


class Objects:
    """The sense; see `perception.sense.Sense`."""

    Options = ObjectsOptions
    ENGINES: tuple[str, ...] = (ObjectsOptions.engine,)
    ENGINE_KEYS = ("engine",)
    READS = (picture_stream.FRAME,)
    WRITES = (CHANNEL, f"app_{CHANNEL}")
    TEMPO = Tempo(Slowing.THINNED, 15, 2000)

    def __init__(
        self, options: ObjectsOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._engine = engines[options.engine]
        self._rings = rings
        self._detection = ObjectDetection(store.with_ports(store.find_card(options.engine)))

    @staticmethod
    def engines(options: ObjectsOptions) -> tuple[str, ...]:
        """See `perception.sense`."""
        return (options.engine,)

    @staticmethod
    def writes(options: ObjectsOptions) -> tuple[str, ...]:
        """The camera's channel, and that of apps where their pictures are looked at."""
        return picture_stream.outputs(CHANNEL, options)

    def streams(self) -> tuple[PictureStream, ...]:
        """See `Sense.streams`: one, with a state for the camera and one for each app."""
        make = partial(ObjectsLook, self._options, self._engine, self._detection)
        return (PictureStream(CHANNEL, OBJECTS.zeros(), make, self._options, self._rings),)


class ObjectsLook:
    """Finds the objects in the pictures of one stream."""

    def __init__(
        self, options: ObjectsOptions, engine: Engine, detection: ObjectDetection
    ) -> None:
        self._options = options
        self._engine = engine
        self._detection = detection
        self._names = [encode_text(label, _NAME_BYTES)[0] for label in engine.labels]
        self._tracks = Tracks()
        self._record = OBJECTS.zeros()

    def __call__(self, picture: Picture) -> Seen:
        """See `picture_stream.Look`."""
        feeds, placement = self._detection.feeds(picture.image)
        found = self._detection.found(
            self._engine.run(feeds), placement, self._options.threshold or None,
            self._options.overlap or None,
        )
        told = min(len(found.scores), _MOST)
        record = self._record
        record["frame"] = picture.sequence
        record["height"], record["width"] = picture.image.shape[:2]
        record["count"], record["lost"] = told, len(found.scores) - told
        objects = record["objects"][0]
        objects[...] = 0
        objects["box"][:told] = found.boxes[:told]
        objects["score"][:told] = found.scores[:told]
        objects["label"][:told] = found.labels[:told]
        objects["name"][:told] = [self._names[label] for label in found.labels[:told].tolist()]
        objects["track"][:told] = self._tracks.follow(
            found.boxes[:told], found.labels[:told], picture.key, picture.time_ns
        )
        best = float(found.scores[0]) if told else float("nan")
        return Seen(record, best, self._engine, int(told < len(found.scores)))
