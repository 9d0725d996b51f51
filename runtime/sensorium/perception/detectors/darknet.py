"""The head darknet: boxes and scores apart, as `sensorium_tools.convert.darknet` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sensorium.perception.detectors.candidates import choose, found, probability
from sensorium.perception.detectors.head import Settings
from sensorium.perception.detectors.ports import Ports
from sensorium.perception.finite import finite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.perception.boxes import Found
    from sensorium.perception.detectors.ports import Picture

THRESHOLD = 0.25
"""Smallest score that is shown ("By default, YOLO only displays objects detected with a confidence
of .25 or higher", the author's page on YOLO)."""
OVERLAP = 0.45
"""Largest overlap of two objects of one class (`nms` in examples/detector.c of darknet)."""


class Darknet:
    """See `Head`: boxes [1, n, 4] (left, top, right, bottom) and scores [1, n, classes]."""

    defaults: ClassVar = Settings(
        # letterbox_image in src/image.c fills with 0.5 of 0..1.
        fit="middle", pad=127.5, resampling="bilinear", channels="rgb", divisor=255.0,
        boxes="shares", scores="probability", suppression="every-label",
        threshold=THRESHOLD, overlap=OVERLAP,
    )

    def __init__(self, card: Card, settings: Settings) -> None:
        ports = Ports(
            card, "a picture float32 [1, 3, height, width]",
            "boxes float32 [1, boxes, 4] and scores float32 [1, boxes, classes]",
        )
        self.picture: Picture = ports.picture()
        boxes, scores = ports.outputs(("boxes", "scores"))
        ports.check(boxes, (1, "boxes", 4))
        ports.check(scores, (1, "boxes", len(card.engine.labels)))
        self._boxes, self._scores = boxes.name, scores.name
        self._name, self._settings = card.name, settings

    def more(self) -> Mapping[str, NDArray[Any]]:
        """See `Head.more`."""
        return {}

    def candidates(self, results: Mapping[str, NDArray[Any]], threshold: float) -> Found:
        """See `Head.candidates`."""
        settings = self._settings
        scores = probability(results[self._scores][0], settings.scores, self._name)
        chosen = choose(scores, threshold, settings.suppression)
        boxes = finite(results[self._boxes][0][chosen.rows], self._name)
        return found(boxes, chosen, settings.boxes, self.picture)
