"""What detectors take of a picture and what they give: one module a head, named as in a card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.inference.card_objects import HEADS
from sensorium.perception.detectors.darknet import Darknet
from sensorium.perception.detectors.rtdetr import RtDetr
from sensorium.perception.detectors.yolov8 import Yolov8
from sensorium.perception.detectors.yolox import Yolox

if TYPE_CHECKING:
    from sensorium.perception.detectors.head import Head

# Imported here and not when they are asked for: the builder's keys hold the code that an engine was
# judged by, and find it by its imports.
HEAD: dict[str, type[Head]] = {
    "darknet": Darknet, "rtdetr": RtDetr, "yolov8": Yolov8, "yolox": Yolox
}
"""Name of a head in a card to its class."""
assert tuple(HEAD) == HEADS
