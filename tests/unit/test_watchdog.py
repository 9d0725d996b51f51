"""When a daemon hangs, and what only looks so: a slow one, a PC that slept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sensorium.channels.catalogue import in_region
from sensorium.channels.region import Region
from sensorium.cli.autostart.watchdog import Watchdog, heartbeat

if TYPE_CHECKING:
    from pathlib import Path


def test_only_one_that_does_not_beat_for_all_looks_hangs() -> None:
    dog = Watchdog(5.0, 3)
    # It beats once in two looks, as one does that hardly comes to run.
    told = [dog.hangs(look // 2, 5.0 * look) for look in range(20)]
    assert not any(told)
    assert [dog.hangs(100, 100.0 + 5.0 * look) for look in range(5)] == [
        False, False, False, True, True
    ]


def test_a_pc_that_slept_is_no_daemon_that_hangs() -> None:
    dog = Watchdog(5.0, 3)
    assert [dog.hangs(7, at_s) for at_s in (0.0, 5.0, 10.0)] == [False] * 3
    # Eight hours later it has not beaten yet, and then it may take its time.
    woken_s = 8 * 3600.0
    assert [dog.hangs(7, woken_s + at_s) for at_s in (0.0, 5.0, 10.0)] == [False] * 3
    assert dog.hangs(7, woken_s + 15.0)


def test_one_that_cannot_be_seen_is_not_judged() -> None:
    dog = Watchdog(5.0, 2)
    assert not any(dog.hangs(None, 5.0 * look) for look in range(50))
    assert [dog.hangs(beat, 250.0 + 5.0 * n) for n, beat in enumerate((1, 1, None, 1, 1, 1))] == [
        False, False, False, False, False, True
    ]


def test_one_that_was_seen_and_does_not_end_hangs() -> None:
    dog = Watchdog(5.0, 3)
    assert not dog.hangs(1, 0.0)
    assert [dog.hangs(None, 5.0 + 5.0 * look) for look in range(3)] == [False, False, True]
    dog = Watchdog(5.0, 3)
    assert not dog.hangs(1, 0.0)
    # The PC slept while it ended, and a daemon that is slow is seen again.
    assert [dog.hangs(None, at_s) for at_s in (5.0, 10.0, 900.0, 905.0, 910.0)] == [False] * 5
    assert not dog.hangs(1, 915.0)
    assert [dog.hangs(None, 920.0 + 5.0 * look) for look in range(3)] == [False, False, True]


def test_the_heartbeat_is_that_of_the_process_and_of_its_newest_region(tmp_path: Path) -> None:
    mine = os.getpid()
    assert heartbeat(tmp_path / "nowhere", mine) is None
    assert heartbeat(tmp_path, mine) is None
    (tmp_path / "public.new").write_bytes(b"")
    for generation, beat in ((9, 5), (10, 0)):
        path = tmp_path / f"public.{generation}"
        region = Region.create("public", in_region("public"), generation, path=path)
        region.heartbeat(beat)
        assert heartbeat(tmp_path, mine) == (beat or None)
        assert heartbeat(tmp_path, mine + 1) is None
        region.heartbeat(77)
        assert heartbeat(tmp_path, mine) == 77
        region.close()
    (tmp_path / "public.11").write_bytes(b"cut short")
    assert heartbeat(tmp_path, mine) is None
