"""How well nods, shakes, tilts and leans of generated wearers are found, how soon and at what cost.

All motion is GENERATED (tests/fixtures/wearer.py says from which publications and what is our own
choice), of wearers that were held out: the figures say that the sense finds what such motion has,
not how well it knows people. Frames come at 30 to 144 Hz with noise, drift and losses.

    python tests/benchmarks/head_gestures.py [--wearers N] [--development] [--json FILE]
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from figures import Figures, percentiles

from sensorium.health import Reason
from sensorium.perception.head import Head, HeadOptions
from sensorium.perception.sense import Sample
from sensorium.records.head import HEAD_GESTURES

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fixtures import head_scenes
from fixtures.headset import START_NS, Headset, told
from fixtures.senses import no_rings
from fixtures.wearer import draw_habits

if TYPE_CHECKING:
    from fixtures.head_acts import Act
    from fixtures.wearer import Course, Habits

DEVELOPMENT, HELD_OUT = 0, 1000
"""The first wearer's seed: those that the sense was looked at with, and those of the figures."""
RATES_HZ = (30.0, 60.0, 72.0, 80.0, 90.0, 120.0, 144.0)
GESTURE_S, FREE_S = 90.0, 60.0
DIRECTIONS = ("", "left", "right", "forward", "back")
BEGIN, END = 1, 2


@dataclass
class Found:
    """A gesture as the sense told it; times in s of the scene."""

    kind: str
    begin_s: float
    end_s: float
    told_s: float
    over_s: float
    count: int
    amplitude: float
    direction: str


@dataclass
class Tally:
    """What became of one kind of gesture."""

    hits: int = 0
    misses: int = 0
    false: int = 0
    counts: int = 0
    directions: int = 0

    def __post_init__(self) -> None:
        self.latency_ms: list[float] = []
        self.after_end_ms: list[float] = []
        self.error: list[float] = []

    @property
    def precision(self) -> float:
        """Share of what was told that was so."""
        return self.hits / max(self.hits + self.false, 1)

    @property
    def recall(self) -> float:
        """Share of what was made that was told."""
        return self.hits / max(self.hits + self.misses, 1)

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2 * self.hits / max(2 * self.hits + self.false + self.misses, 1)


def find(
    course: Course, habits: Habits, random: np.random.Generator, spent_us: list[float]
) -> list[Found]:
    """Runs the sense over a scene as a headset by chance tells it."""
    headset = Headset(rate_hz=float(random.choice(RATES_HZ)))
    times, made = told(course, habits, headset, random.uniform(-180, 180), random)
    events: list[tuple[int, np.void]] = []

    def publish(channel: str, record: np.ndarray, capture_ns: int, **_: object) -> None:
        if channel == "head_gesture":
            events.append((capture_ns, record[0].copy()))

    stream = Head(HeadOptions(), {}, no_rings()).streams()[0]
    samples = [
        Sample(made[n : n + 1], capture_ns, True, Reason.NONE, n + 1)
        for n, capture_ns in enumerate(times)
    ]
    start_ns = time.thread_time_ns()
    for sample in samples:
        stream.process(sample, publish)
    spent_us.append((time.thread_time_ns() - start_ns) / 1000 / len(samples))
    found: list[Found] = []
    for capture_ns, event in events:
        at_s = (capture_ns - START_NS) / 1e9
        kind = event["name"].decode()
        if event["event"] == BEGIN:
            began_s = (int(event["begin_ns"]) - START_NS) / 1e9
            found.append(Found(kind, began_s, course.time[-1], at_s, course.time[-1], 0, 0.0, ""))
            continue
        open_one = next(each for each in reversed(found) if each.kind == kind)
        open_one.end_s, open_one.over_s = (int(event["end_ns"]) - START_NS) / 1e9, at_s
        open_one.count, open_one.amplitude = int(event["count"]), float(event["amplitude"])
        open_one.direction = DIRECTIONS[event["direction"]]
    return found


def judge(acts: list[Act], found: list[Found], tallies: dict[str, Tally]) -> None:
    """Gives each act the first told one of its kind that overlaps it; all others are false."""
    left = list(found)
    for act in acts:
        tally = tallies[act.kind]
        hit = next((
            each for each in left if each.kind == act.kind
            and each.begin_s < act.end_s and each.end_s > act.start_s
        ), None)
        if hit is None:
            tally.misses += 1
            continue
        left.remove(hit)
        tally.hits += 1
        tally.counts += hit.count == act.count
        tally.directions += hit.direction == act.direction
        tally.latency_ms.append(1000 * (hit.told_s - act.decidable_s))
        tally.after_end_ms.append(1000 * (hit.told_s - act.end_s))
        tally.error.append(abs(hit.amplitude - act.amplitude))
    for each in left:
        tallies[each.kind].false += 1


def p95(values: list[float]) -> float:
    """95th percentile; NaN of none."""
    return float(np.percentile(values, 95)) if values else float("nan")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--wearers", type=int, default=40)
    parser.add_argument("--development", action="store_true")
    options, _ = parser.parse_known_args()
    first = DEVELOPMENT if options.development else HELD_OUT
    seeds = range(first, first + options.wearers)
    spent_us: list[float] = []
    tallies: dict[str, dict[str, Tally]] = {
        scene: defaultdict(Tally) for scene in ("standing", "walking")
    }
    false: dict[str, Counter[str]] = defaultdict(Counter)
    for seed in seeds:
        random = np.random.default_rng(seed)
        habits = draw_habits(random)
        for scene in tallies:
            course, acts = head_scenes.gestures(
                habits, GESTURE_S, random, walking=scene == "walking"
            )
            judge(acts, find(course, habits, random, spent_us), tallies[scene])
        for name, scene in {**head_scenes.FREE, "stepping": head_scenes.stepping}.items():
            course = scene(habits, FREE_S, random)
            false[name].update(each.kind for each in find(course, habits, random, spent_us))
    kept = "development" if options.development else "held out"
    show(tallies, false, spent_us, f"{options.wearers} generated wearers, {kept}")


def show(
    tallies: dict[str, dict[str, Tally]], false: dict[str, Counter[str]], spent_us: list[float],
    whose: str,
) -> None:
    """Prints the table."""
    figures = Figures(
        f"Gestures of the head, GENERATED motion: {whose}",
        ("scene", "gesture", "made", "precision", "recall", "F1", "count right", "direction right",
         "off by, p50", "begin after decidable ms, p50", "p95", "begin after end ms, p95"),
    )
    for (scene, tally), kind in itertools.product(tallies.items(), HEAD_GESTURES):
        if kind not in tally:
            continue
        one = tally[kind]
        hits = max(one.hits, 1)
        figures.row(
            scene, kind, one.hits + one.misses, one.precision, one.recall, one.f1,
            one.counts / hits, one.directions / hits, float(np.median(one.error or [np.nan])),
            float(np.median(one.latency_ms or [np.nan])), p95(one.latency_ms),
            p95(one.after_end_ms),
        )
        figures.goal(f"{scene}, {kind}: F1", one.f1, 0.93, at_most=False)
        if kind in ("nod", "shake"):
            figures.goal(f"{scene}, {kind}: begin after its end, p95, ms", p95(one.after_end_ms),
                         150.0)
    minutes = float(whose.split()[0]) * FREE_S / 60.0
    for name, counter in false.items():
        told_of = ", ".join(f"{kind} {count}" for kind, count in counter.items()) or "none"
        figures.row(f"free: {name}", f"false: {told_of}", f"{minutes:g} min", *[""] * 9)
    free = sum(sum(false[name].values()) for name in head_scenes.FREE)
    figures.goal("false a minute of free motion", free / minutes / len(head_scenes.FREE), 1.0)
    cost = percentiles(spent_us)
    cpu = f"CPU: {cost['p50']:.1f} us, most {cost['max']:.1f}"
    figures.row("a frame, by scenes", cpu, "", *[""] * 9)
    figures.goal("CPU a frame, mean, ms", float(np.mean(spent_us)) / 1000, 0.1)
    figures.show()


if __name__ == "__main__":
    main()
