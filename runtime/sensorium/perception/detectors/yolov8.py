"""The head yolov8: one output of boxes and scores, as Ultralytics exports YOLOv8, 9, 11 and 12.

Where the numbers come from: `ultralytics/cfg/default.yaml` (conf 0.25, iou 0.7), `LetterBox` in
`ultralytics/data/augment.py` (114, sides rounded to the nearest) and `non_max_suppression`
(one label a box, suppressed by label) of github.com/ultralytics/ultralytics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sensorium.perception.detectors.candidates import choose, corners, found, probability
from sensorium.perception.detectors.head import Settings
from sensorium.perception.detectors.ports import Ports
from sensorium.perception.finite import finite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.perception.boxes import Found
    from sensorium.perception.detectors.ports import Picture


class Yolov8:
    """See `Head`: [1, 4 + classes, n], a box as centre x, centre y, width and height."""

    defaults: ClassVar = Settings(
        fit="middle", pad=114.0, resampling="bilinear", channels="rgb", divisor=255.0,
        boxes="pixels", scores="probability", suppression="best-label",
        threshold=0.25, overlap=0.7, whole=True,
    )

    def __init__(self, card: Card, settings: Settings) -> None:
        labels = len(card.engine.labels)
        ports = Ports(
            card, "a picture float32 [1, 3, height, width]",
            f"output0 float32 [1, {4 + labels}, boxes] (4 and one for each label)",
        )
        self.picture: Picture = ports.picture()
        (output,) = ports.outputs(("output0",))
        ports.check(output, (1, 4 + labels, "boxes"))
        self._output = output.name
        self._name, self._settings = card.name, settings

    def more(self) -> Mapping[str, NDArray[Any]]:
        """See `Head.more`."""
        return {}

    def candidates(self, results: Mapping[str, NDArray[Any]], threshold: float) -> Found:
        """See `Head.candidates`."""
        settings, values = self._settings, results[self._output][0]
        scores = probability(values[4:], settings.scores, self._name).T
        chosen = choose(scores, threshold, settings.suppression)
        boxes = corners(finite(values[:4, chosen.rows].T, self._name))
        return found(boxes, chosen, settings.boxes, self.picture)
