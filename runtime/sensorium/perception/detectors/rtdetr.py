"""The head rtdetr: detection transformers, which need no suppression.

Two exports have it. That of the authors (`tools/export_onnx.py` of github.com/lyuwenyu/RT-DETR,
and D-FINE's, which is made after it) takes `images` and `orig_target_sizes` (width, height) and
gives `labels`, `boxes` (left, top, right, bottom in those sizes) and `scores`. That of Hugging
Face's transformers gives `logits` and `pred_boxes` (centre x, centre y, width, height as shares),
which `post_process_object_detection` of `image_processing_rt_detr.py` reads: a sigmoid, and every
label of every box. Both stretch the picture to the input's size and divide it by 255, with
Pillow's bilinear filter; 0.5 is the threshold of the latter. What a card says of boxes and scores
holds for both; where it says nothing, those of the former are pixels and probabilities.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sensorium.errors import OutputError
from sensorium.perception.detectors.candidates import Chosen, choose, corners, found, probability
from sensorium.perception.detectors.head import Settings
from sensorium.perception.detectors.ports import Ports
from sensorium.perception.finite import finite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.perception.boxes import Found
    from sensorium.perception.detectors.ports import Picture

_READY = ("labels", "boxes", "scores")
_RAW = ("logits", "pred_boxes")


class RtDetr:
    """See `Head`. Which of the two exports it is, the number of inputs says."""

    defaults: ClassVar = Settings(
        fit="stretch", pad=114.0, resampling="antialiased", channels="rgb", divisor=255.0,
        boxes="shares", scores="logit", suppression="none", threshold=0.5, overlap=1.0,
    )

    def __init__(self, card: Card, settings: Settings) -> None:
        labels = len(card.engine.labels)
        ports = Ports(
            card,
            "a picture float32 [1, 3, height, width] and, where the graph chooses the boxes "
            "itself, orig_target_sizes int64 [1, 2]",
            f"logits float32 [1, boxes, {labels}] (one for each label) and pred_boxes float32 "
            "[1, boxes, 4] or, where it chooses, labels int64 [1, boxes], boxes float32 "
            "[1, boxes, 4] and scores float32 [1, boxes]",
        )
        self.picture: Picture = ports.picture(others=1)
        self._name, self._settings = card.name, settings
        self._labels_count = labels
        self._sizes = [port for port in card.inputs if port.name != self.picture.name]
        self._outputs: tuple[str, ...]
        if self._sizes:
            ports.check(self._sizes[0], (1, 2), "int64", "int32", "float32")
            label, boxes, scores = ports.outputs(_READY)
            ports.check(label, (1, "boxes"), "int64", "int32")
            ports.check(boxes, (1, "boxes", 4))
            ports.check(scores, (1, "boxes"))
            self._outputs = (label.name, boxes.name, scores.name)
            # The settings are the other export's where the card leaves them open.
            said = card.objects
            self._settings = replace(
                settings, boxes=said.boxes or "pixels", scores=said.scores or "probability"
            )
        else:
            logits, boxes = ports.outputs(_RAW)
            ports.check(logits, (1, "boxes", labels))
            ports.check(boxes, (1, "boxes", 4))
            self._outputs = (logits.name, boxes.name)

    def more(self) -> Mapping[str, NDArray[Any]]:
        """The sizes that the graph multiplies its boxes by: the input's own."""
        sizes = [[self.picture.width, self.picture.height]]
        return {port.name: np.array(sizes, port.type) for port in self._sizes}

    def candidates(self, results: Mapping[str, NDArray[Any]], threshold: float) -> Found:
        """See `Head.candidates`."""
        values = [results[name][0] for name in self._outputs]
        settings = self._settings
        if self._sizes:
            labels, boxes, scores = values
            return self._ready(labels, boxes, scores, threshold)
        logits, boxes = values
        scores = probability(logits, settings.scores, self._name)
        chosen = choose(scores, threshold, settings.suppression)
        boxes = corners(finite(boxes[chosen.rows], self._name))
        return found(boxes, chosen, settings.boxes, self.picture)

    def _ready(
        self, labels: NDArray[Any], boxes: NDArray[np.float32], scores: NDArray[np.float32],
        threshold: float,
    ) -> Found:
        sure = probability(scores, self._settings.scores, self._name)
        rows = np.flatnonzero(sure > threshold)
        chosen = Chosen(rows, labels[rows].astype(np.intp), sure[rows])
        if chosen.labels.size and not (
            0 <= chosen.labels.min() <= chosen.labels.max() < self._labels_count
        ):
            raise OutputError(
                f"{self._name}: gives the label {chosen.labels.max()}, its card has "
                f"{self._labels_count}",
                "write engine.labels in the card, one for each of the model's classes",
            )
        boxes = finite(boxes[rows], self._name)
        return found(boxes, chosen, self._settings.boxes, self.picture)
