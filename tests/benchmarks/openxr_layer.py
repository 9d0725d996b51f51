"""What the API layer costs an app's threads in a frame, beside the same frame without it.

    python tests/benchmarks/openxr_layer.py [--json FILE]

A frame is xrPollEvent, xrSyncActions, xrWaitFrame, xrBeginFrame and xrEndFrame over a mock runtime
that answers at once, so that the difference is the layer's own. Both take turns of 2,000 frames; a
figure is the median of the turns. In the mode thread the layer's thread samples beside it at 90 Hz.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for _room in ("runtime", "tools", "tests", "tests/benchmarks"):
    sys.path.insert(0, str(ROOT / _room))

from figures import Figures  # noqa: E402 - after the path is set
from fixtures import layer  # noqa: E402 - the path is set above
from fixtures.layer import LayerHome  # noqa: E402 - the path is set above

TURNS = 60
MODES = ("off", "timing", "thread")
LIMITS_NS = {"off": 50.0, "timing": 2000.0, "thread": 3000.0}


def main() -> None:
    """Measures and prints."""
    figures = Figures(
        f"A frame's calls over a mock runtime, {TURNS} turns of 2,000 frames each",
        ("mode", "without p50 ns", "with p50 ns", "added p50 ns", "ratio p50", "without p99 ns",
         "with p99 ns"),
    )
    with tempfile.TemporaryDirectory() as temporary, LayerHome() as home:
        library = layer.build(Path(temporary) / "layer")
        added = {mode: _row(figures, mode, library, home) for mode in MODES}
    for mode, limit in LIMITS_NS.items():
        figures.goal(f"{mode}: added to a frame, p50 ns", added[mode], limit)
    figures.show()


def _row(figures: Figures, mode: str, library: Path, home: LayerHome) -> float:
    """Measures one mode; what it adds to a frame, p50 ns."""
    home.allow(mode, "mock game")
    done = layer.run(
        [str(library.with_name("layer_host")), str(library), "cost", str(TURNS)], home.environment
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
    turns = [[int(each) for each in line.split()] for line in done.stdout.splitlines()[:-1]]
    without, with_it, slow_without, slow_with = (
        statistics.median(column) for column in zip(*turns, strict=True)
    )
    added = statistics.median(turn[1] - turn[0] for turn in turns)
    figures.row(
        mode, without, with_it, added, with_it / without, slow_without, slow_with
    )  # fmt: skip
    return float(added)


if __name__ == "__main__":
    main()
