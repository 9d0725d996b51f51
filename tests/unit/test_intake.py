"""What apps write is hostile until every value was checked."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np
import pytest

from sensorium import records
from sensorium.channels.catalogue import in_region
from sensorium.channels.layout import Entry, Slot
from sensorium.channels.region import Region
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.supervisor.intake import AppIntake


@pytest.fixture
def region():
    made = Region.create("app", in_region("app"), 1)
    yield made
    made.close()


def good_scene(count: int = 3) -> np.ndarray:
    scene = records.SCENE.zeros()
    scene["world_orientation"] = (0, 0, 0, 1)
    scene["world_scale"] = 1
    scene["count"] = count
    scene["targets"]["id"][0, :count] = range(1, count + 1)
    scene["targets"]["orientation"] = (0, 0, 0, 1)
    scene["targets"]["radius"][0, :count] = 0.5
    scene["targets"]["name"][0, :count] = "Würfel".encode()
    return scene


def good_frame(begin: int | None = None) -> np.ndarray:
    frame = records.FRAME_TIMING.zeros()
    frame["frame"] = 1
    frame["begin_ns"] = begin or now_ns()
    frame["end_ns"] = frame["begin_ns"] + 5_000_000
    frame["source"] = 1
    return frame


def test_good_scene_and_frames_are_taken(region):
    intake = AppIntake(region)
    Writer(region, "scene", None).publish(good_scene(1024), now_ns())
    writer = Writer(region, "frame_timing", None)
    begin = now_ns()
    for i in range(5):
        writer.publish(good_frame(begin + i * 11_000_000), begin)
    intake.take(now_ns())
    assert intake.refused == 0
    assert intake.scene is not None
    assert intake.scene["count"][0] == 1024
    assert intake.frames.frames == 5
    assert intake.frames.interval_ns == 11_000_000
    assert intake.frames.frame_ns == 5_000_000


def scene_with(field: str, value: object, target: int | None = None) -> np.ndarray:
    scene = good_scene()
    if target is None:
        scene[field][0] = value
    else:
        scene["targets"][field][0, target] = value
    return scene


@pytest.mark.parametrize(
    "scene",
    [
        scene_with("count", 1025),
        scene_with("count", 0xFFFFFFFF),
        scene_with("world_scale", 0),
        scene_with("world_scale", np.nan),
        scene_with("world_scale", np.inf),
        scene_with("world_position", (0, np.nan, 0)),
        scene_with("world_orientation", (0, 0, 0, 0)),
        scene_with("world_orientation", (np.inf, 0, 0, 1)),
        scene_with("id", 0, 1),
        scene_with("id", 1, 2),
        scene_with("position", (1e30, 0, 0), 0),
        scene_with("half_extents", (-1, 1, 1), 0),
        scene_with("radius", -0.1, 0),
        scene_with("radius", 0, 2),
        scene_with("name", b"\xff\xfe", 1),
        scene_with("name", b"line\nbreak", 1),
    ],
)
def test_bad_scene_is_counted_and_the_last_good_one_stands(region, scene):
    intake = AppIntake(region)
    writer = Writer(region, "scene", None)
    writer.publish(good_scene(), now_ns())
    intake.take(now_ns())
    writer.publish(scene, now_ns())
    intake.take(now_ns())
    assert intake.refused == 1
    assert intake.scene is not None
    assert intake.scene["count"][0] == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("begin_ns", 0),
        ("begin_ns", 2**63),
        ("end_ns", 1),
        ("period_ns", 2_000_000_000),
        ("cpu_ns", 2**62),
        ("gpu_ns", 2**62),
        ("source", 9),
    ],
)
def test_bad_frame_is_counted_and_ignored(region, field, value):
    intake = AppIntake(region)
    frame = good_frame()
    frame[field] = value
    Writer(region, "frame_timing", None).publish(frame, now_ns())
    intake.take(now_ns())
    assert (intake.refused, intake.frames.frames) == (1, 0)


def test_short_record_is_refused(region):
    intake = AppIntake(region)
    Writer(region, "scene", None).publish(b"short", now_ns())
    Writer(region, "frame_timing", None).publish(b"short", now_ns())
    intake.take(now_ns())
    assert (intake.refused, intake.scene) == (2, None)


def test_garbage_all_over_the_region_is_survived(region):
    """An app that writes anything anywhere, table and counters too, breaks only its own words."""
    intake = AppIntake(region)
    noise = random.Random(1)
    timing, scene = region.entry("frame_timing"), region.entry("scene")
    for _ in range(300):
        start = noise.randrange(0, region.size - 4096, 8)
        region.view[start : start + 4096] = noise.randbytes(4096)
        for entry in (timing, scene):
            latest = noise.choice((noise.randrange(1, 600), noise.getrandbits(64)))
            region.words[(entry.base + Entry.LATEST) // 8] = latest
            slot = entry.offset + (latest % entry.slots) * entry.stride
            region.words[slot // 8] = (2 * latest) % 2**64
            region.view[slot + Slot.LENGTH : slot + Slot.LENGTH + 4] = noise.randbytes(4)
        intake.take(now_ns())
    assert intake.refused > 0
    assert intake.scene is None


@pytest.mark.parametrize(
    ("width", "height", "form", "refused"),
    [(64, 48, 1, 0), (64, 48, 2, 0), (0, 48, 1, 1), (9999, 48, 1, 1), (640, 480, 2, 1),
     (64, 48, 7, 1)],
)
def test_a_bad_picture_is_counted_once(region, width, height, form, refused):
    intake = AppIntake(region)
    picture = records.PICTURE.zeros()
    picture["width"], picture["height"], picture["format"] = width, height, form
    Writer(region, "app_frame", None).publish(picture, now_ns())
    for _ in range(3):
        intake.take(now_ns())
    assert intake.refused == refused


def test_the_pixels_of_a_picture_are_not_copied(region):
    intake = AppIntake(region)
    picture = records.PICTURE.zeros()
    picture["width"], picture["height"], picture["format"] = 640, 480, 1
    writer = Writer(region, "app_frame", None)
    writer.publish(picture, now_ns())
    tracemalloc.start()
    try:
        intake.take(now_ns())
        assert tracemalloc.get_traced_memory()[1] < records.PICTURE.size / 10
    finally:
        tracemalloc.stop()
    assert intake.refused == 0
    # One that says that it is larger than a record can be, with a good head.
    n = writer.publish(picture, now_ns())
    entry = region.entry("app_frame")
    length = entry.offset + (n % entry.slots) * entry.stride + Slot.LENGTH
    region.view[length : length + 4] = b"\xff" * 4
    intake.take(now_ns())
    assert intake.refused == 1


def test_a_picture_that_is_no_whole_record_is_counted(region):
    intake = AppIntake(region)
    Writer(region, "app_frame", None).publish(b"pixels", now_ns())
    intake.take(now_ns())
    assert intake.refused == 1
