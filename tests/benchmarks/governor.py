"""What the governor's own thinking costs a frame, as CPU time of the thread that does it.

    python tests/benchmarks/governor.py [--seconds N] [--json FILE]

Twelve senses. `calm`: one app at 60 % of its frames. `two apps`: two of them in turn. `steps`:
every fifth second the app is late ten times, else it has room, so that much is taken and given back
all the time. Each once frame after frame without a pause, and once as the frames come: the thread
sleeps until each one, or until each second one, which costs a wake-up and finds the caches cold.
What it takes is counted from one sleep's begin to the next, so the system's part in waking is in
it; `nothing` is what waking alone takes. Reading the frame from the app's memory and publishing
the decision are the supervisor's and not in it. Other work on the machine empties the caches: the
5th percentile (p5) is of the frames that were disturbed least.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from figures import Figures, percentiles

from sensorium.inference.governor.decision import Governed
from sensorium.inference.governor.frame import Frame
from sensorium.inference.governor.governor import Governor
from sensorium.inference.governor.tempo import Slowing, Tempo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RATE_HZ = 144
PERIOD_NS = round(1e9 / RATE_HZ)
SENSES = tuple(
    Governed(
        f"sense {place}",
        Tempo(
            Slowing.THINNED if place % 4 else Slowing.DEFERRED, place * 8,
            (100, 500, 1000)[place % 3],
        ),
        "engine",
        smaller=place % 2 == 0,
    )
    for place in range(12)
)  # fmt: skip
LIMIT = 0.5


def calm(second: int, place: int) -> float:
    """Share of its period that a frame takes."""
    return 0.6 + 0.002 * (place % 7)


def steps(second: int, place: int) -> float:
    """As `calm`; late at the begin of each fifth second."""
    return 1.1 if second % 5 == 0 and place < 10 else 0.3


def told(
    governor: Governor, apps: tuple[str, ...], load: Callable[[int, int], float]
) -> Iterator[Callable[[], None]]:
    """Calls that tell one frame each."""
    now_ns, number = 10**9, 0
    governor.costs({sense.name: 50_000_000 for sense in SENSES})

    def tell() -> None:
        took = round(load(number // RATE_HZ, number % RATE_HZ) * PERIOD_NS)
        frame = Frame(number, now_ns, now_ns + took, 0, PERIOD_NS, took, 0, 0)
        governor.frame(apps[number % len(apps)], frame, now_ns + took)
        if number % 36 == 0:
            governor.tick(now_ns + took)
        if number % RATE_HZ == 0:
            governor.take_changes()

    while True:
        yield tell
        number += 1
        now_ns += PERIOD_NS if number % len(apps) == 0 else 0


def nothing() -> Iterator[Callable[[], None]]:
    """Calls that do nothing."""
    while True:
        yield lambda: None


def at_once(calls: Iterator[Callable[[], None]], seconds: int) -> list[float]:
    """Mean us of each block of a second's frames."""
    found = []
    for _ in range(seconds):
        begun = time.thread_time_ns()
        for _ in range(RATE_HZ):
            next(calls)()
        found.append((time.thread_time_ns() - begun) / RATE_HZ / 1e3)
    return found


def paced(calls: Iterator[Callable[[], None]], seconds: int, frames: int) -> list[float]:
    """us of each frame, of so many a wake-up, with the sleep before them."""
    found = []
    due = time.perf_counter()
    before = time.thread_time_ns()
    for _ in range(seconds * RATE_HZ // frames):
        due += frames / RATE_HZ
        time.sleep(max(0.0, due - time.perf_counter()))
        for _ in range(frames):
            next(calls)()
        now = time.thread_time_ns()
        found.append((now - before) / frames / 1e3)
        before = now
    return found


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=10)
    options, _ = parser.parse_known_args()
    figures = Figures(
        f"The governor's thinking at {RATE_HZ} Hz, us of CPU a frame",
        ("load", "wake-ups", "p5", "p50", "p99", "mean", "% of a core", "changes a minute"),
    )
    loads = (
        ("nothing", (), calm), ("calm", ("game",), calm), ("two apps", ("game", "other"), calm),
        ("steps", ("game",), steps),
    )  # fmt: skip
    for name, apps, load in loads:
        for frames, woken in ((0, "none"), (1, "each frame"), (2, "each second frame")):
            governor = Governor(SENSES, processors=2)
            calls = told(governor, apps, load) if apps else nothing()
            at_once(calls, 10)
            before = governor.decision.changes
            if frames:
                took = paced(calls, options.seconds, frames)
            else:
                took = at_once(calls, options.seconds)
            mean = sum(took) / len(took)
            share = mean * RATE_HZ / 1e4
            found = percentiles(took)
            figures.row(
                name, woken, sorted(took)[len(took) // 20], found["p50"], found["p99"], mean, share,
                (governor.decision.changes - before) * 60 / options.seconds,
            )  # fmt: skip
            if apps and frames != 1:
                figures.goal(f"{name}, wake-ups: {woken}, % of a core", share, LIMIT)
    figures.show()


if __name__ == "__main__":
    main()
