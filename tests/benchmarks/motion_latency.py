"""From a hand that moves to the gesture record that an app reads, and how late capture polls.

    python tests/benchmarks/motion_latency.py [--json FILE]

The real daemon with the shipped default configuration on a real OpenXR runtime (Monado, remote
driver) and a real sound server, while somebody speaks: both senses work. The right hand is closed
or opened at random moments; each time the clock runs from just before the state is sent to the
runtime until the C client, which looks every 0.2 ms, has the first record whose `grab` and raw
scores were made from it.

Begin and end of a gesture come later by the hysteresis of configs/default.toml: 3 frames in a row
are asked for, so they are told 2 frames after the first that shows it. Here another gesture is held
already: it ends 2 frames after, and the new one begins in the next frame, the third.

Lateness is each poll's time after the deadline that it was for, see `lateness`; the head's capture
times are those of the polls.
"""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from figures import Figures, percentiles
from fixtures.remote_driver import RIGHT
from lateness import RATE_HZ, lateness_ms, left_out
from stage import Stage, until
from watch import NEW, Watch, allow

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixtures.remote_driver import Remote
    from numpy.typing import NDArray

MOVES = 250
FRAME_MS = 1000 / RATE_HZ
CLOSED = 0.5
"""Of `grab`: the hand is sent either flat or as a fist."""
FIST = (1.0, 1.0, 1.0, 1.0, 1.0)


def main() -> None:
    """Measures and prints."""
    figures = Figures("Motion to gesture", ("what", "p50", "p99", "p99.9", "max", "count"))
    with Stage() as stage:
        stage.remote.send()
        with stage.daemon as daemon:
            allow(daemon, "motion")
            until(lambda: "gesture" in daemon.status()["parts"], "the senses")
            with (
                stage.talking(),
                Watch(stage.folder, daemon.environment, "gesture_right", "head") as watch,
            ):
                time.sleep(3.0)
                moves = _move(stage.remote)
                notes = watch.notes()
    _latency(figures, moves, notes["gesture_right"])
    _lateness(figures, notes["head"])
    figures.show()


def _move(remote: Remote) -> list[tuple[int, bool]]:
    """Closes and opens the hand; when, and whether it was closed."""
    moves = []
    for turn in range(MOVES):
        closed = turn % 2 == 0
        hand = replace(RIGHT, curl=FIST) if closed else RIGHT
        moves.append((now_ns(), closed))
        remote.send(right=hand)
        time.sleep(0.15 + random.random() / 10)
    return moves


def _latency(
    figures: Figures, moves: list[tuple[int, bool]], notes: NDArray[np.void]
) -> None:
    notes = notes[notes["status"] == NEW]
    seen, captured, waits, ends, begins = [], [], [], [], []
    for (sent_ns, closed), (until_ns, _) in itertools.pairwise(moves):
        after = notes[(notes["seen_ns"] > sent_ns) & (notes["seen_ns"] < until_ns)]
        made = after[(after["value"] > CLOSED) == closed]
        if not len(made):
            raise SystemExit("a move never came out")
        first = made[0]
        seen.append((int(first["seen_ns"]) - sent_ns) / 1e6)
        captured.append((int(first["capture_ns"]) - sent_ns) / 1e6)
        waits.append((int(first["seen_ns"]) - int(first["capture_ns"])) / 1e6)
        ended = made[made["state"] != first["state"]]
        begun = made[made["count"] > first["count"]]
        ends += [int(ended[0]["n"] - first["n"])] if len(ended) else []
        begins += [int(begun[0]["n"] - first["n"])] if len(begun) else []
    _row(figures, "state sent -> raw scores in the C client, ms", seen)
    _row(figures, "  of it: state sent -> poll, ms", captured)
    _row(figures, "  of it: poll -> raw scores in the C client, ms", waits)
    _row(figures, "raw scores -> old gesture no longer held, frames", ends)
    _row(figures, "raw scores -> new gesture begins, frames", begins)
    p99 = percentiles(seen)["p99"]
    figures.goal("state sent -> raw scores, ms, p99", p99, 2 * FRAME_MS)
    figures.goal("the same in display frames, p99", p99 / FRAME_MS, 2)


def _lateness(figures: Figures, notes: NDArray[np.void]) -> None:
    notes = notes[notes["status"] == NEW]
    times = notes["capture_ns"].astype(np.int64)
    late = lateness_ms(times)
    _row(figures, "poll -> head published, ms", (notes["publish_ns"] - notes["capture_ns"]) / 1e6)
    _row(figures, "lateness of capture's poll, ms", late)
    p99 = percentiles(late.tolist())["p99"]
    figures.goal("capture's lateness while both senses work, ms, p99", p99, 1)
    lost = left_out(times, notes["n"].astype(np.int64))
    figures.row("polls left out", lost, "", "", "", len(times))


def _row(figures: Figures, what: str, values: Sequence[float] | NDArray[np.float64]) -> None:
    found = percentiles([float(value) for value in values])
    figures.row(
        what, found["p50"], found["p99"], found["p99.9"], found["max"], int(found["count"])
    )


if __name__ == "__main__":
    main()
