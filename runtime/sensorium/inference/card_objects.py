"""The table [objects] of an engine card: what a detector takes of a picture, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

HEADS = ("darknet", "rtdetr", "yolov8", "yolox")
"""Forms of what detectors give; `sensorium.perception.detectors` has one module for each."""
OWN = "as the head's maker does"


def _key(doc: str, default: Any, **limits: Any) -> Any:
    return field(default=default, metadata={"doc": doc, **limits})


@dataclass(frozen=True)
class Objects:
    """Table [objects]: that it detects objects: what it takes of a picture, and what it gives."""

    head: str = _key(
        "The form of what it gives, by whose export has it: darknet, boxes [1, n, 4] and scores "
        "[1, n, classes], as our conversion writes them; rtdetr, RT-DETR's and D-FINE's labels, "
        "boxes and scores, or logits and pred_boxes; yolov8, [1, 4 + classes, n]; yolox, "
        "[1, n, 5 + classes]. Empty: it detects no objects.",
        "", choices=("", *HEADS),
    )
    outputs: tuple[str, ...] = _key(
        "Names of the outputs that the head reads, in the order in which it is described; none: "
        f"{OWN}.", (),
    )
    fit: str = _key(
        "How a picture is brought to the input's size: in proportion, in the middle or in the "
        f"upper left corner, with grey around it; or stretched. Empty: {OWN}.",
        "", choices=("", "middle", "corner", "stretch"),
    )
    pad: float = _key(f"That grey, 0 to 255; -1: {OWN}.", -1.0, min=-1.0, max=255.0)
    resampling: str = _key(
        "How its size is changed: bilinear, as OpenCV does; antialiased, as Pillow does. Empty: "
        f"{OWN}.", "", choices=("", "bilinear", "antialiased"),
    )
    channels: str = _key(
        f"Order of the colours: red first or blue first. Empty: {OWN}.",
        "", choices=("", "rgb", "bgr"),
    )
    divisor: float = _key(
        f"What pixels of 0 to 255 are divided by; 0: {OWN}.", 0.0, min=0.0, max=65_535.0
    )
    mean: tuple[float, ...] = _key(
        "What is then taken from each channel, in their order; none: nothing.", ()
    )
    deviation: tuple[float, ...] = _key(
        "What each channel is then divided by, in their order; none: nothing.", ()
    )
    boxes: str = _key(
        f"Unit of the boxes: pixels or shares of the input. Empty: {OWN} in that export.",
        "", choices=("", "pixels", "shares"),
    )
    scores: str = _key(
        "What the scores are: probabilities, or what becomes one by a sigmoid. Empty: "
        f"{OWN} in that export.", "", choices=("", "probability", "logit"),
    )
    decoded: bool = _key(
        "Whether the graph itself adds the grid to the boxes (yolox): of an export with "
        "--decode_in_inference, and of YOLOv5 and YOLOv7.", False,
    )
    strides: tuple[int, ...] = _key(
        f"Pixels of a cell of each grid, in order (yolox); none: {OWN}.", (), min=1, max=1024
    )
    suppression: str = _key(
        "Which of the boxes that overlap stay: every-label, the surest of each label; best-label, "
        "the same, of the surest label of each box alone; across-labels, the surest whatever its "
        f"label; none, all. With rtdetr the others need an overlap. Empty: {OWN}.",
        "", choices=("", "every-label", "best-label", "across-labels", "none"),
    )
    threshold: float = _key(
        f"Smallest score of an object, 0 to 1; -1: {OWN}.", -1.0, min=-1.0, max=1.0
    )
    overlap: float = _key(
        "Largest overlap (intersection over union) of two boxes that both stay, 0 to 1; of which "
        "boxes, suppression says: with none it has no meaning, as with rtdetr where suppression "
        f"is not written. -1: {OWN}.", -1.0, min=-1.0, max=1.0,
    )

    def __post_init__(self) -> None:
        changed = [item.name for item in fields(self) if getattr(self, item.name) != item.default]
        if not self.head and changed:
            raise ValueError(f"{changed[0]} has no meaning without head, one of {', '.join(HEADS)}")
        for name in ("decoded", "strides"):
            if name in changed and self.head != "yolox":
                raise ValueError(f"{name} has a meaning only with yolox, not with {self.head}")
        for name in ("mean", "deviation"):
            if len(getattr(self, name)) not in (0, 3):
                raise ValueError(f"{name} needs three numbers, one for each channel")
        if any(value <= 0 for value in self.deviation):
            raise ValueError("deviation needs numbers above 0")
