"""A child is killed with -9: how soon its channels read STALE, and how soon the senses live again.

    python tests/benchmarks/recovery.py [--json FILE]

The real daemon on the shipped recording (configs/replay.toml), and on a real OpenXR runtime and
sound server (configs/default.toml). The C client looks on and does nothing: it neither connects
nor binds again. Each kill comes at a random moment while everything is live, in a fresh daemon,
so that it is the first crash of that child.

Live is a channel that gives records, or says INVALID because a hand is out of view: the recording
has such moments. A killed `fast` owns voice activity and gestures. A killed `capture` owns the
head; what is made from its sound and hands then says INVALID ("input_lost"), or STALE.
"""

from __future__ import annotations

import math
import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from figures import Figures, percentiles
from fixtures.daemon import Daemon
from stage import INSTALLED, Stage, until
from watch import NEW, STALE, Watch, allow

from sensorium import folders
from sensorium.channels.reader import Reader
from sensorium.channels.region import Region
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.health import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

KILLS = 10
CHILDREN = ("capture", "fast")
SENSES = ("voice_activity", "gesture_left", "gesture_right")
OWNED = {"capture": ("head",), "fast": SENSES}
LIVE = (Status.NEW, Status.SAME)
STEADY_S = 0.5
"""What stays live for so long is live again."""


def main() -> None:
    """Measures and prints."""
    figures = Figures(
        "A child killed with -9", ("input", "killed", "channel", "until", "p50 ms", "max ms")
    )
    for place, daemons in (("recording", _recording()), ("headset", _headset())):
        took = _kill_often(daemons)
        for child in CHILDREN:
            _rows(figures, place, child, took)
    figures.show()


def _rows(
    figures: Figures, place: str, child: str, took: dict[tuple[str, str, str], list[float]]
) -> None:
    worst = {"STALE": 0.0, "live again": 0.0}
    for (killed, channel, what), times in took.items():
        if killed == child:
            found = percentiles(times)
            figures.row(place, child, channel, what, found["p50"], found["max"])
            worst[what] = max(worst[what], found["max"])
    figures.goal(f"{place}: {child} killed, STALE, ms, max of {KILLS}", worst["STALE"], 300)
    figures.goal(
        f"{place}: {child} killed, senses live again, ms, max of {KILLS}",
        worst["live again"], 2000,
    )


def _recording() -> Iterator[Daemon]:
    for _ in range(KILLS):
        with tempfile.TemporaryDirectory() as name:
            yield Daemon(
                Path(name), "replay", cache=folders.cache_dir(), environment=INSTALLED
            )


def _headset() -> Iterator[Daemon]:
    with Stage() as stage, stage.clocked():
        stage.remote.send()
        for _ in range(KILLS):
            yield stage.daemon


def _kill_often(daemons: Iterator[Daemon]) -> dict[tuple[str, str, str], list[float]]:
    """Killed child, channel and what is waited for, to ms."""
    took: dict[tuple[str, str, str], list[float]] = {}
    for daemon in daemons:
        daemon.start()
        try:
            for child in CHILDREN:
                for (channel, what), ms in _kill(daemon, child).items():
                    took.setdefault((child, channel, what), []).append(ms)
        finally:
            daemon.stop()
    return took


def _kill(daemon: Daemon, child: str) -> dict[tuple[str, str], float]:
    allow(daemon, "motion")
    _await_live(daemon)
    channels = (*OWNED["capture"], *SENSES)
    with Watch(daemon.folder, daemon.environment, *channels) as watch:
        pid = daemon.children()[child]
        time.sleep(STEADY_S + random.random() / 5)
        killed = now_ns()
        os.kill(pid, signal.SIGKILL)
        until(lambda: daemon.children().get(child, pid) != pid, "another process")
        _await_live(daemon)
        notes = watch.notes()
    found = {}
    for channel in OWNED[child]:
        found[channel, "STALE"] = _after(killed, notes[channel], notes[channel]["status"] == STALE)
    for channel in SENSES:
        found[channel, "live again"] = _live_again(killed, notes[channel])
    return found


def _await_live(daemon: Daemon) -> None:
    """Until every sense has been live for a while."""
    generation = (daemon.runtime_dir / "current").read_text().strip()
    region = Region.map_path(daemon.runtime_dir / f"public.{generation}")
    readers = [Reader(region, name) for name in SENSES]
    since = time.monotonic()

    def live() -> bool:
        nonlocal since
        now = now_ns()
        for reader in readers:
            status = reader.read(now)
            if status not in LIVE and reader.reason != Reason.INACTIVE:
                since = time.monotonic()
        return time.monotonic() - since > STEADY_S

    until(live, "all senses live")


def _after(start_ns: int, notes: NDArray[np.void], which: NDArray[np.bool_]) -> float:
    """Milliseconds from `start_ns` to the first of these notes after it."""
    seen = notes["seen_ns"][which & (notes["seen_ns"] > start_ns)]
    return (int(seen[0]) - start_ns) / 1e6 if len(seen) else math.inf


def _live_again(start_ns: int, notes: NDArray[np.void]) -> float:
    """Milliseconds from `start_ns` to the first record after which the channel stayed live.

    One that came back before it was called stale came back at the end of its longest pause.
    """
    notes = notes[notes["seen_ns"] > start_ns]
    live = (notes["status"] == NEW) | (notes["reason"] == Reason.INACTIVE)
    gone = notes["seen_ns"][~live]
    if len(gone):
        return _after(int(gone[-1]), notes, live) + (int(gone[-1]) - start_ns) / 1e6
    seen = np.concatenate([[start_ns], notes["seen_ns"].astype(np.int64)])
    if len(seen) == 1:
        return math.inf
    return (int(seen[np.diff(seen).argmax() + 1]) - start_ns) / 1e6


if __name__ == "__main__":
    main()
