"""An app's frames of the last minute, whoever tells them."""

import numpy as np
import pytest
from fixtures.layer_file import NOW_NS, Game, good_frame

from sensorium import records
from sensorium.channels.catalogue import in_region
from sensorium.channels.region import Region
from sensorium.channels.writer import Writer
from sensorium.cli import app_frames
from sensorium.clock import now_ns
from sensorium.control.frames import encode
from sensorium.sensors.frame_history import MOST, SECONDS, FrameHistory
from sensorium.sensors.openxr_layer import layout
from sensorium.sensors.openxr_layer.timing import GameFrames, timing
from sensorium.supervisor.intake import AppIntake

MS = 1_000_000
SECOND = 1000 * MS
PERIOD = 10 * MS


def told(end, took=4 * MS, missed=0, **more):
    frame = records.FRAME_TIMING.zeros()
    frame["begin_ns"], frame["end_ns"], frame["missed"] = end - took, end, missed
    frame["period_ns"], frame["source"] = PERIOD, 1
    for name, value in more.items():
        frame[name] = value
    return frame[0]


def test_figures_are_of_the_last_minute_and_totals_of_all():
    history = FrameHistory()
    begun = NOW_NS
    for number in range(12_000):
        end = begun + number * PERIOD
        history.add(told(end, missed=number // 1000, display_ns=end + (-1 if number % 2 else 1)))
    figures = history.figures(end)
    assert (figures["frames"], figures["missed"], figures["late"]) == (12_000, 11, 6000)
    assert (figures["rate_hz"], figures["period_ms"]) == (100, 10.0)
    assert figures["frame_ms"] == {"p50": 4.0, "p95": 4.0, "p99": 4.0}
    assert figures["interval_ms"]["p99"] == 10.0
    assert figures["cpu_ms"] is figures["gpu_ms"] is None
    assert figures["minute"]["frames"] == [100] * SECONDS
    assert sum(figures["minute"]["missed"]) == 6
    assert figures["minute"]["late"] == [50] * SECONDS
    later = history.figures(end + 59 * SECOND)["minute"]["frames"]
    assert later == [100] + [0] * 59
    empty = history.figures(end + 70 * SECOND)
    assert (empty["rate_hz"], empty["frame_ms"], sum(empty["minute"]["frames"])) == (0, None, 0)


def test_what_is_known_of_cpu_and_gpu_is_told():
    history = FrameHistory()
    for number in range(100):
        history.add(told(NOW_NS, cpu_ns=2 * MS, gpu_ns=(number + 1) * MS if number % 2 else 0))
    figures = history.figures(NOW_NS)
    assert figures["cpu_ms"]["p50"] == 2.0
    assert figures["gpu_ms"] == {"p50": 51.0, "p95": 95.1, "p99": 99.02}
    assert figures["late"] is None


def test_an_app_that_talks_nonsense_costs_only_its_own_figures():
    history = FrameHistory()
    random = np.random.default_rng(2)
    for missed in [5, 4, 1 << 63, 7, (1 << 64) - 1, 9]:
        end = NOW_NS + int(random.integers(-9, 9)) * SECOND
        history.add(told(end, missed=missed, took=9 * SECOND, cpu_ns=9 * SECOND))
    figures = history.figures(NOW_NS)
    assert (figures["frames"], figures["missed"]) == (6, 0)
    assert sum(figures["minute"]["frames"]) == 6


def test_whatever_numbers_pass_as_a_frame_give_figures_that_can_be_told():
    region = Region.create("app", in_region("app"), 1)
    writer, intake = Writer(region, "frame_timing", None), AppIntake(region)
    random = np.random.default_rng(7)
    odd = np.array([0, 1, 1 << 31, 1 << 32, 1 << 63, (1 << 64) - 1], np.uint64)
    for _ in range(600):
        now = now_ns()
        frame = records.FRAME_TIMING.zeros()
        for name in ("frame", "display_ns", "missed"):
            frame[name] = random.choice(odd)
        for name in ("cpu_ns", "gpu_ns", "period_ns"):
            frame[name] = random.integers(0, 11 * SECOND) if random.random() < 0.2 else 0
        begin, end = now + np.sort(random.integers(-11 * SECOND, 11 * SECOND, 2))
        frame["begin_ns"], frame["end_ns"], frame["source"] = begin, end, random.integers(0, 4)
        writer.publish(frame, now)
        intake.take(now_ns())
    taken = intake.history.frames
    assert taken > 30
    assert taken + intake.refused == 600
    figures = intake.history.figures(now_ns())
    encode({"apps": [{"app": "\ufffd" * 127, **figures}] * 16})
    region.close()


def test_a_fast_app_keeps_less_than_a_minute():
    history = FrameHistory()
    for number in range(MOST + 1000):
        history.add(told(NOW_NS + number * MS))
    assert sum(history.figures(NOW_NS + number * MS)["minute"]["frames"]) == MOST


def test_the_layers_frames_are_told_by_the_same_record():
    wait, begin, end = ((NOW_NS - one * MS, NOW_NS - two * MS) for one, two in
                        ((9, 8), (7, 5), (1, 0)))
    frame = good_frame(500, wait_ns=wait, begin_ns=begin, end_ns=end, number=3)[0]

    def plain() -> layout.LayerFrame:
        return layout.LayerFrame._make(layout.FRAME_ROW.unpack(frame.tobytes()))

    record = timing(plain(), 4, PERIOD, NOW_NS)[0]
    assert {name: int(record[name]) for name in record.dtype.names} == {
        "frame": 3, "begin_ns": NOW_NS - 7 * MS, "end_ns": NOW_NS - MS, "display_ns": NOW_NS + 500,
        "period_ns": PERIOD, "cpu_ns": 5 * MS, "gpu_ns": 0, "missed": 4, "source": 2, "reserved": 0,
    }  # fmt: skip
    assert timing(plain(), 4, PERIOD, None)[0]["display_ns"] == 0
    frame["flags"] = layout.UNMATCHED
    assert timing(plain(), 4, PERIOD, NOW_NS)[0]["display_ns"] == 0


def test_a_games_file_gives_the_figures(tmp_path):
    game = Game(tmp_path / "1-1")
    game.header["pid"] = 7
    for number in (1, 2, 3, 4, 5, 8):
        game.add_frame(number * PERIOD, PERIOD)
    mapping = game.open()
    frames = GameFrames(mapping)
    frames.take(NOW_NS)
    frames.take(NOW_NS)
    figures = frames.figures(NOW_NS)
    mapping.close()
    assert (figures["app"], figures["pid"], figures["source"]) == ("game", 7, "layer")
    assert (figures["frames"], figures["missed"], figures["late"]) == (6, 2, None)
    (line,) = app_frames.lines([figures], history=True)
    assert line.plain.startswith(
        "frames of game (process 7, told by the OpenXR layer): 6/s, 2 missed in a minute; frame "
    )
    assert line.plain.endswith("GPU not known  " + "▁" * 59 + "▃")
    figures["late"] = 1
    assert "2 missed and 0 late in a minute" in app_frames.lines([figures])[0].plain


@pytest.mark.parametrize("display", [0, NOW_NS])
def test_late_is_not_known_without_display_times(display):
    history = FrameHistory()
    history.add(told(NOW_NS + 1, display_ns=display))
    assert history.figures(NOW_NS)["late"] == (1 if display else None)
    history.add(told(NOW_NS + 2))
    assert history.figures(NOW_NS)["late"] == (1 if display else None)
