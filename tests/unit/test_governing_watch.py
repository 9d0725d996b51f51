"""Whose frames the governor reads, when, and which of them it believes."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
from fixtures.layer_file import NOW_NS, Game
from fixtures.told_frames import PERIOD, a_frame, app_region

from sensorium.channels.layout import Entry
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.health import Reason
from sensorium.inference.governor.frame import Frame
from sensorium.records.fields import encode_text
from sensorium.supervisor.governing.app_frames import AT_ONCE, AppFrames
from sensorium.supervisor.governing.game_frames import GameFrames
from sensorium.supervisor.governing.pacing import SILENT_NS, Pace
from sensorium.supervisor.governing.watch import App, Watch, policy_of, program_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensorium.channels.region import Region


@pytest.fixture
def region() -> Iterator[Region]:
    with app_region() as made:
        yield made


def test_frames_are_told_once_in_their_order_with_all_their_numbers(region: Region) -> None:
    writer = Writer(region, "frame_timing", None)
    writer.publish(a_frame(1), 0)
    frames = AppFrames(region)
    assert frames.take(now_ns()) == []
    begin = now_ns()
    told = Frame(2, begin, begin + 5, begin + 20, PERIOD, 3, 4, 7)
    names = ("frame", "begin_ns", "end_ns", "display_ns", "period_ns", "cpu_ns", "gpu_ns", "missed")
    writer.publish(a_frame(**dict(zip(names, told, strict=True))), 0)
    for number in range(3, 6):
        writer.publish(a_frame(number), 0)
    taken = frames.take(now_ns())
    assert taken[0] == told
    assert [frame.number for frame in taken] == [2, 3, 4, 5]
    assert frames.take(now_ns()) == []


def test_of_too_many_frames_the_newest_are_taken(region: Region) -> None:
    writer, frames = Writer(region, "frame_timing", None), AppFrames(region)
    for number in range(1, 1000):
        writer.publish(a_frame(number), 0)
    taken = frames.take(now_ns())
    assert [frame.number for frame in taken] == list(range(1000 - AT_ONCE, 1000))


@pytest.mark.parametrize(
    "broken",
    [
        {"end_ns": 5}, {"begin_ns": 2**64 - 1}, {"begin_ns": 1, "end_ns": 2},
        {"period_ns": 2_000_000_000}, {"cpu_ns": 2**63}, {"gpu_ns": 2**63}, {"source": 0},
        {"source": 3},
    ],
)
def test_a_frame_that_breaks_a_rule_is_left_out(region: Region, broken: dict[str, int]) -> None:
    writer, frames = Writer(region, "frame_timing", None), AppFrames(region)
    writer.publish(a_frame(1, **broken), 0)
    writer.publish(a_frame(2)[:0], 0)
    writer.publish(a_frame(3), 0, valid=False, reason=Reason.FAILED)
    writer.publish(a_frame(4), 0)
    assert [frame.number for frame in frames.take(now_ns())] == [4]


def test_noise_gives_no_frame_and_ends_in_time(region: Region) -> None:
    frames = AppFrames(region)
    entry, chance = region.entry("frame_timing"), random.Random(7)
    latest = (entry.base + Entry.LATEST) // 8
    ring = slice(entry.offset, entry.offset + entry.slots * entry.stride)
    for turn in range(200):
        region.view[ring] = chance.randbytes(ring.stop - ring.start)
        newest = chance.choice((turn, 2**64 - 1, 2**63, chance.getrandbits(64)))
        region.words[latest] = newest
        region.words[(entry.offset + newest % entry.slots * entry.stride) // 8] = 2 * newest % 2**64
        assert frames.take(now_ns()) == []
    region.view[ring] = bytes(ring.stop - ring.start)
    region.words[latest] = 0
    assert frames.take(now_ns()) == []
    Writer(region, "frame_timing", None).publish(a_frame(9), 0)
    assert [frame.number for frame in frames.take(now_ns())] == [9]


def test_a_games_frames_are_told_with_what_it_missed(tmp_path: Path) -> None:
    game = Game(tmp_path / "1-1")
    for number in range(1, 5):
        game.add_frame(number * PERIOD)
    game.save()
    held = game.hold()
    frames = GameFrames(game.path)
    try:
        assert frames.about.app == "game"
        taken = frames.take(NOW_NS)
        assert [(one.number, one.period_ns, one.missed) for one in taken][-1] == (4, PERIOD, 0)
        game.add_frame(7 * PERIOD)
        game.update()
        (late,) = frames.take(NOW_NS)
        assert (late.number, late.missed) == (5, 2)
        assert late.begin_ns <= late.end_ns == NOW_NS - 1
        assert not frames.is_over()
    finally:
        os.close(held)
        assert frames.is_over()
        frames.close()


def test_frames_of_before_and_of_other_clocks_are_left_out() -> None:
    now = 50 * SILENT_NS

    class Ends:
        def take(self, now_ns: int) -> list[Frame]:
            ends = (now_ns - 2 * SILENT_NS, now_ns - 1, now_ns + SILENT_NS)
            return [Frame(place, end, end) for place, end in enumerate(ends)]

        def left(self) -> int:
            return 0

        def close(self) -> None: ...

    app = App("game", ("game",), 1, Ends(), Pace())
    assert [frame.number for frame in app.take(now, soon=True)] == [1]


def test_apps_of_one_name_are_told_apart_and_a_games_layer_is_believed(
    tmp_path: Path, region: Region
) -> None:
    watch = Watch()
    first = watch.add(1, ("game", "game.exe"), 100, AppFrames(region))
    second = watch.add(2, ("game", "game.exe"), 200, AppFrames(region))
    assert (first.key, second.key) == ("game", "game (200)")
    game = Game(tmp_path / "200-1")
    game.save()
    layer = watch.add(game.path, ("game", ""), 200, GameFrames(game.path))
    assert watch.told() == [first, layer]
    watch.remove(game.path)
    assert watch.told() == [first, second]
    assert watch.remove(7) is None


def test_long_names_are_told_apart_in_records_too(region: Region) -> None:
    watch, name = Watch(), "界" * 64
    keys = [
        watch.add(place, (own, ""), 4711, AppFrames(region)).key
        for place, own in enumerate((name, name, f"{name[:-1]}!", "short"))
    ]
    records_say = [encode_text(key, 64)[0].decode() for key in keys]
    assert keys[0] == name
    assert keys[1:] == ["界" * 18 + " (4711)", "界" * 18 + " (4711)+", "short"]
    assert records_say == ["界" * 21, *keys[1:]]


def test_a_policy_is_found_by_any_name_of_an_app() -> None:
    policies = {"game.exe": "pause", "HelloXR": "quality"}
    assert policy_of(("HelloXR", "hello_xr"), policies) == "quality"
    assert policy_of(("Game", program_name("C:\\games\\game.exe")), policies) == "pause"
    assert policy_of(("", program_name("/usr/bin/other")), policies) == ""
