"""The head yolox: one output, whose boxes lie in the cells of three grids.

Where the numbers come from: `demo_postprocess`, `multiclass_nms` and the thresholds of
`demo/ONNXRuntime/onnx_inference.py`, and `preproc` in `yolox/data/data_augment.py` (114, blue
first, 0 to 255, upper left corner) of github.com/Megvii-BaseDetection/YOLOX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sensorium.errors import CardError
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


class Yolox:
    """See `Head`: [1, n, 5 + classes]: centre x and y, width, height, objectness, classes.

    With the column and row of a cell c and the stride s of its grid: centre = (t + c) * s;
    size = exp(t) * s. Already so where the graph is `decoded`.
    """

    defaults: ClassVar = Settings(
        fit="corner", pad=114.0, resampling="bilinear", channels="bgr", divisor=1.0,
        boxes="pixels", scores="probability", suppression="across-labels",
        threshold=0.3, overlap=0.45, strides=(8, 16, 32),
    )

    def __init__(self, card: Card, settings: Settings) -> None:
        labels = len(card.engine.labels)
        ports = Ports(
            card, "a picture float32 [1, 3, height, width]",
            f"output float32 [1, boxes, {5 + labels}] (5 and one for each label)",
        )
        self.picture: Picture = ports.picture()
        (output,) = ports.outputs(("output",))
        ports.check(output, (1, "boxes", 5 + labels))
        self._output = output.name
        self._name, self._settings = card.name, settings
        self._cells, self._strides = _grids(
            self.picture.height, self.picture.width, settings.strides
        )
        count = output.shape[1]
        if not settings.decoded and isinstance(count, int) and count != len(self._cells):
            raise CardError(
                f"{card.name}: the head yolox needs {len(self._cells)} boxes of an input of "
                f"{self.picture.width} x {self.picture.height} pixels with the strides "
                f"{', '.join(map(str, settings.strides))}; its output {output.name} has {count}",
                "write strides in [objects] of the card, or decoded = true where the graph was "
                "exported with --decode_in_inference",
            )

    def more(self) -> Mapping[str, NDArray[Any]]:
        """See `Head.more`."""
        return {}

    def candidates(self, results: Mapping[str, NDArray[Any]], threshold: float) -> Found:
        """See `Head.candidates`."""
        settings, values = self._settings, results[self._output][0]
        sure = probability(values[:, 4:], settings.scores, self._name)
        chosen = choose(sure[:, :1] * sure[:, 1:], threshold, settings.suppression)
        boxes = finite(values[chosen.rows, :4], self._name)
        if not settings.decoded:
            stride = self._strides[chosen.rows, None]
            # A size that float32 cannot hold is infinite, and its box is left out.
            with np.errstate(over="ignore"):
                centres = (boxes[:, :2] + self._cells[chosen.rows]) * stride
                boxes = np.concatenate([centres, np.exp(boxes[:, 2:]) * stride], axis=1)
        with np.errstate(invalid="ignore"):
            boxes = corners(boxes)
        return found(boxes, chosen, settings.boxes, self.picture)


def _grids(
    height: int, width: int, strides: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Column and row of every cell, [n, 2], and the stride of its grid, [n]: row after row."""
    cells, sizes = [], []
    for stride in strides:
        rows, columns = np.divmod(
            np.arange((height // stride) * (width // stride)), max(1, width // stride)
        )
        cells.append(np.stack([columns, rows], axis=1))
        sizes.append(np.full(len(rows), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(sizes).astype(np.float32)
