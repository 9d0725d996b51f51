"""What the daemon costs: processor, memory and start, with a headset and a microphone.

    python tests/benchmarks/footprint.py [--json FILE]

The real daemon with the shipped default configuration on a real OpenXR runtime (Monado, remote
driver) and a real sound server (PulseAudio). Idle: no hand tracked, no controller, the headset
still, silence. Busy: two hands in motion at 90 Hz, and speech. The floor beside it is a Python
process that does nothing but sleep 90 times a second.
"""

from __future__ import annotations

import contextlib
import math
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from figures import Figures
from fixtures.remote_driver import ABSENT
from motion import moving
from processes import pss_mb, usage
from stage import Stage, until
from watch import NEW, Watch

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTS, WINDOWS, WINDOW_S, SETTLE_S = 5, 5, 6.0, 3.0
RESULTS = ("voice_activity", "gesture_left", "gesture_right")
FLOOR = "import time\nwhile True: time.sleep(1 / 90)"


def main() -> None:
    """Measures and prints."""
    figures = Figures(
        "Footprint", ("case", "process", "% of a core", "switches/s", "PSS MB", "seconds")
    )
    with Stage() as stage:
        stage.remote.send(left=ABSENT, right=ABSENT)
        with stage.daemon as daemon:
            pids = {"supervisor": daemon.process.pid, **daemon.children()}
            with _sleeper() as floor:
                time.sleep(SETTLE_S)
                idle, _ = _case(figures, "idle", {**pids, "floor": floor}, tuple(pids))
            with moving(stage.remote), stage.talking():
                time.sleep(SETTLE_S)
                busy, memory = _case(figures, "hands and speech", pids, tuple(pids))
        with stage.clocked():
            _start(figures, stage)
    figures.goal("idle, % of one core", idle, 8)
    figures.goal("two hands and speech, % of one core", busy, 22)
    figures.goal("PSS together, MB", memory, 350)
    figures.show()


def _start(figures: Figures, stage: Stage) -> None:
    stage.remote.send()
    took: dict[str, list[float]] = {name: [] for name in RESULTS}
    for _ in range(STARTS):
        with Watch(stage.folder, stage.daemon.environment, *RESULTS) as watch:
            begun = now_ns()
            stage.daemon.start()
            until(lambda: "gesture" in stage.daemon.status()["parts"], "the senses")
            time.sleep(2.0)
            stage.daemon.stop()
            for name, notes in watch.notes().items():
                seen = notes["seen_ns"][notes["status"] == NEW]
                took[name].append((int(seen[0]) - begun) / 1e9 if len(seen) else math.inf)
    for name, seconds in took.items():
        figures.row(f"start to first {name}", "", "", "", "", statistics.median(seconds))
    slowest = [max(each) for each in zip(*took.values(), strict=True)]
    figures.goal("start to first results, s, p50", statistics.median(slowest), 3)
    figures.goal("start to first results, s, max", max(slowest), 3)


def _case(
    figures: Figures, case: str, pids: dict[str, int], ours: tuple[str, ...]
) -> tuple[float, float]:
    windows = [usage(pids, WINDOW_S) for _ in range(WINDOWS)]
    memory = {name: pss_mb(pid) for name, pid in pids.items()}
    for name in pids:
        share, turns = (
            statistics.median(window[name][i] for window in windows) for i in (0, 1)
        )
        figures.row(case, name, share, turns, memory[name], "")
    together = statistics.median(
        sum(window[name][0] for name in ours) for window in windows
    )
    total = sum(memory[name] for name in ours)
    figures.row(case, "together", together, "", total, "")
    return together, total


@contextlib.contextmanager
def _sleeper() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", FLOOR])
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
