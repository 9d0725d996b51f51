"""A picture of an app is used only where its numbers make sense."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from sensorium import records
from sensorium.channels.catalogue import in_region
from sensorium.channels.reader import Reader
from sensorium.channels.region import Region, Waiters
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.health import Reason
from sensorium.perception import pictures
from sensorium.process.outputs import Outputs
from sensorium.records.vision import PICTURE_BYTES


def picture(width: int, height: int, form: int) -> np.ndarray:
    record = records.PICTURE.zeros()
    record["width"], record["height"], record["format"] = width, height, form
    record["pixels"][0] = np.arange(PICTURE_BYTES) % 251
    return record


@pytest.mark.parametrize(
    ("width", "height", "form"), [(640, 480, 1), (480, 640, 1), (16, 16, 2), (4096, 56, 2)]
)
def test_what_keeps_the_rules_is_shown(width: int, height: int, form: int) -> None:
    image = pictures.read(picture(width, height, form))
    assert image is not None
    assert image.shape == (height, width, 3)
    step = 3 if form == 1 else 4
    assert image[0, 1].tolist() == [step, step + 1, step + 2]
    assert image[1, 0, 0] == width * step % 251


@pytest.mark.parametrize(
    ("width", "height", "form"),
    [
        (0, 0, 1), (15, 16, 1), (16, 15, 1), (4097, 16, 1), (16, 4097, 1), (641, 480, 1),
        (640, 480, 2), (4096, 4096, 1), (0xFFFFFFFF, 0xFFFFFFFF, 2), (65536, 65536, 1),
        (640, 480, 0), (640, 480, 3), (640, 480, 0xFFFFFFFF),
    ],
)
def test_what_breaks_one_is_not(width: int, height: int, form: int) -> None:
    assert pictures.read(picture(width, height, form)) is None


def test_noise_is_never_an_error() -> None:
    noise = np.random.default_rng(6)
    for _ in range(50):
        record = records.PICTURE.zeros()
        record.view(np.uint8)[:64] = noise.integers(0, 256, 64)
        image = pictures.read(record)
        assert image is None or image.nbytes <= PICTURE_BYTES


def test_that_there_is_no_picture_is_told_without_making_one() -> None:
    region, page = Region.create("camera", in_region("camera"), 1), Waiters.create("camera")
    outputs = Outputs(("frame",), now_ns)
    outputs.map(region, page)
    reader = Reader(region, "frame", live=False)
    tracemalloc.start()
    try:
        for reason in (Reason.CLOSED, Reason.MUTED, Reason.CLOSING):
            outputs.refuse(("frame",), reason)
            outputs.publish("frame", None, 7, valid=False, reason=reason)
        assert tracemalloc.get_traced_memory()[1] < records.PICTURE.size / 10
    finally:
        tracemalloc.stop()
    assert reader.read(now_ns()) is Status.INVALID
    assert (reader.sample.reason, reader.sample.capture_ns) == (Reason.CLOSING, 7)
    assert reader.sample.record == records.PICTURE.zeros().tobytes()
    region.close()
    page.close()
