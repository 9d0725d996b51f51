"""How Windows wakes sleepers; run by Python for Windows, see tests/system/test_windows.py."""

from __future__ import annotations

import contextlib
import sys
import threading
import time

import pytest

from sensorium.channels.catalogue import CHANNELS, in_region
from sensorium.channels.layout import FIRST_SEAT, SEATS, Entry
from sensorium.channels.reader import Reader
from sensorium.channels.region import Region, Waiters
from sensorium.channels.wait import Sleeper
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.health import RegionState

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="Windows alone has no futex")

STILL_S = 0.5
POLLS = 100
"""Who polls every 2 ms looks more often in that time; a sleeper looks again every 50 ms."""


class Counted(Reader):
    """Counts how often it is looked at."""

    looks = 0

    def latest(self) -> int:
        self.looks += 1
        return super().latest()


class Asleep:
    """A thread that sleeps on a channel until it is woken."""

    def __init__(self, region: Region, page: Waiters, channel: str) -> None:
        self.reader = Counted(region, channel)
        self.sleeper = Sleeper([self.reader], [page])
        self.woken: bool | None = None
        self._seen = region.words[(region.entry(channel).base + Entry.LATEST) // 8]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.woken = self.sleeper.wait([self._seen], 60)

    def end(self) -> bool | None:
        self._thread.join(90)
        self.sleeper.close()
        return self.woken


@pytest.fixture
def place():
    region = Region.create("public", in_region("public"), 1)
    page = Waiters.create("public")
    yield region, page
    region.close()
    page.close()


def publish(region: Region, page: Waiters, channel: str) -> None:
    record = CHANNELS[channel].record.zeros()
    Writer(region, channel, page).publish(record, now_ns())


def leased(page: Waiters) -> int:
    return sum(page.words[FIRST_SEAT + seat] > now_ns() for seat in range(SEATS))


def until_leased(page: Waiters, count: int) -> None:
    end = time.monotonic() + 60
    while leased(page) < count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_record_wakes_all_who_sleep_on_its_channel(place):
    asleep = [Asleep(*place, "gesture_right") for _ in range(3)]
    until_leased(place[1], 3)
    publish(*place, "gesture_right")
    assert [one.end() for one in asleep] == [True] * 3


def test_sleeper_sleeps_and_does_not_poll(place):
    asleep = Asleep(*place, "gesture_right")
    until_leased(place[1], 1)
    time.sleep(STILL_S)
    assert asleep.woken is None
    assert asleep.reader.looks < POLLS
    publish(*place, "gesture_right")
    assert asleep.end()


def test_record_of_another_channel_does_not_end_the_sleep(place):
    asleep = Asleep(*place, "gesture_right")
    until_leased(place[1], 1)
    for _ in range(5):
        publish(*place, "gesture_left")
    time.sleep(STILL_S)
    assert asleep.woken is None
    publish(*place, "gesture_right")
    assert asleep.end()


def test_end_of_a_region_wakes_its_sleepers(place):
    asleep = Asleep(*place, "gesture_right")
    until_leased(place[1], 1)
    place[0].set_state(RegionState.REPLACED)
    assert asleep.end()


def test_seats_are_given_back_and_whoever_finds_none_looks_often(place):
    region, page = place
    with contextlib.ExitStack() as kept:
        for _ in range(SEATS):
            sleeper = Sleeper([Reader(region, "gesture_right")], [page])
            kept.enter_context(contextlib.closing(sleeper))
        late = Asleep(region, page, "gesture_right")
        time.sleep(0.05)
        publish(region, page, "gesture_right")
        assert late.end()
    again = Asleep(region, page, "gesture_right")
    until_leased(page, 1)
    publish(region, page, "gesture_right")
    assert again.end()
