"""What every client reads of channels: C, C++ in two translation units, C# and Python."""

from __future__ import annotations

import sys

import pytest
from fixtures import clients
from fixtures.client_drivers import command, driver, live
from fixtures.live_regions import publish

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.health import OwnerState, Reason

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the drivers are built for Linux")
the_command = pytest.fixture(command, name="command", scope="module", params=clients.LANGUAGES)
the_regions = pytest.fixture(live, name="live")
the_driver = pytest.fixture(driver, name="driver")


def test_new_same_and_a_new_record_again(driver, live):
    assert driver("connect", "game").startswith("OK")
    assert driver("bind", "gesture_right").startswith("OK")
    assert driver("read", "gesture_right") == "INVALID 0 starting 0"
    publish(live, "gesture_right", score=0.5)
    assert driver("read", "gesture_right") == "NEW 1 none 0.5"
    assert driver("read", "gesture_right") == "SAME 1 none 0.5"
    for score in (0.25, 0.75):
        publish(live, "gesture_right", score=score)
    assert driver("read", "gesture_right") == "NEW 3 none 0.75"


def test_age_is_the_time_since_publishing(driver, live):
    driver("connect", "game")
    start = now_ns()
    publish(live, "gesture_right", score=0.5)
    driver("read", "gesture_right")
    age, foreign = driver("age", "gesture_right").split()
    assert 0 <= int(age) <= now_ns() - start
    assert foreign == "0"


@pytest.mark.parametrize("live", ["aging"], indirect=True)
def test_too_old_is_stale_and_gives_the_value(driver, live):
    driver("connect", "game")
    publish(live, "gesture_right", score=0.5)
    assert driver("later", "gesture_right") == "STALE 1 none 0.5"
    publish(live, "gesture_right", score=0.75)
    assert driver("read", "gesture_right") == "NEW 2 none 0.75"


@pytest.mark.parametrize("live", ["aging"], indirect=True)
def test_invalid_says_why(driver, live):
    driver("connect", "game")
    publish(live, "gesture_right", valid=False, reason=Reason.INACTIVE)
    assert driver("read", "gesture_right").startswith("INVALID 1 inactive")
    assert driver("read", "gesture_right").startswith("INVALID 1 inactive")
    assert driver("later", "gesture_right").startswith("STALE 1 inactive")


def test_channel_that_was_never_written_gives_the_entrys_reason(driver, live):
    live.region("public")[0].set_owner_state("wake_word", OwnerState.VACANT, Reason.NOT_IMPLEMENTED)
    live.region("public")[0].set_owner_state(
        "gesture_left", OwnerState.VACANT, Reason.ENGINE_MISSING
    )
    driver("connect", "game")
    assert driver("read", "gesture_left") == "INVALID 0 engine_missing 0"


def test_lost_owner_is_stale_until_the_next_one_writes(driver, live):
    region = live.region("public")[0]
    driver("connect", "game")
    publish(live, "gesture_right", score=0.5)
    driver("read", "gesture_right")
    region.set_owner_state("gesture_right", OwnerState.LOST, Reason.OWNER_LOST)
    assert driver("read", "gesture_right") == "STALE 1 owner_lost 0.5"
    region.new_owner("gesture_right", 1)
    region.set_owner_state("gesture_right", OwnerState.LIVE, Reason.NONE)
    assert driver("read", "gesture_right").split()[1:] == ["1", "none", "0.5"]
    publish(live, "gesture_right", score=0.75)
    assert driver("read", "gesture_right") == "NEW 2 none 0.75"


def test_channel_whose_writer_was_switched_off_is_stale_and_says_so(driver, live):
    region = live.region("public")[0]
    driver("connect", "game")
    driver("bind", "gesture_event")
    for name in ("gesture_right", "gesture_event"):
        publish(live, name, score=0.5)
        region.set_owner_state(name, OwnerState.VACANT, Reason.NOT_CONFIGURED)
    assert driver("read", "gesture_right") == "STALE 1 not_configured 0.5"
    assert driver("read", "gesture_right") == "STALE 1 not_configured 0.5"
    assert driver("next", "gesture_event") == "NEW 1 none 0.5"
    assert driver("next", "gesture_event") == "STALE 1 not_configured 0.5"


def test_record_of_another_clocks_future_is_stale_and_not_a_negative_age(driver, live):
    driver("connect", "game")
    region, waiters = live.region("public")
    record = CHANNELS["gesture_right"].record.zeros()
    for ahead_ns, says in ((500_000_000, "NEW"), (3_000_000_000, "STALE")):
        ahead = Writer(region, "gesture_right", waiters, lambda by=ahead_ns: now_ns() + by)
        ahead.publish(record, now_ns())
        assert driver("read", "gesture_right").split()[0] == says
        assert driver("age", "gesture_right") == "0 0"


def test_writer_killed_in_mid_write_leaves_the_last_whole_record(driver, live):
    driver("connect", "game")
    publish(live, "gesture_right", score=0.5)
    region = live.region("public")[0]
    entry = region.entry("gesture_right")
    region.words[(entry.offset + 2 * entry.stride) // 8] = 2 * 2 - 1
    assert driver("read", "gesture_right") == "NEW 1 none 0.5"
    assert driver("read", "gesture_right") == "SAME 1 none 0.5"


def test_supervisor_that_does_not_beat_is_stale(driver, live):
    driver("connect", "game")
    publish(live, "gesture_event", score=0.5)
    driver("oldest", "gesture_event")
    live.stop_heart()
    assert driver("ended") == "0"
    live.region("public")[0].heartbeat(now_ns() - 1_500_000_000)
    assert driver("read", "gesture_event") == "STALE 1 none 0.5"
    assert driver("ended") == "1"


def test_cursor_takes_each_record_once_and_counts_what_it_lost(driver, live):
    driver("connect", "game")
    publish(live, "gesture_event", score=0.5)
    driver("bind", "gesture_event")
    assert driver("next", "gesture_event").split()[0] == "SAME"
    for k in range(3):
        reason = Reason.INACTIVE if k == 1 else Reason.NONE
        publish(live, "gesture_event", score=k, valid=k != 1, reason=reason)
    assert driver("next", "gesture_event") == "NEW 2 none 0"
    assert driver("next", "gesture_event") == "INVALID 3 inactive 1"
    assert driver("next", "gesture_event") == "NEW 4 none 2"
    assert driver("next", "gesture_event").split()[0] == "SAME"
    assert driver("lost", "gesture_event") == "0 0"
    for k in range(300):
        publish(live, "gesture_event", score=k)
    # 304 were written; 255 of 256 slots are safe to read: 50..304.
    assert driver("next", "gesture_event").split()[:2] == ["NEW", "50"]
    assert driver("lost", "gesture_event") == "45 0"
    driver("newest", "gesture_event")
    assert driver("next", "gesture_event").split()[0] == "SAME"
    driver("oldest", "gesture_event")
    assert driver("next", "gesture_event").split()[:2] == ["NEW", "50"]
