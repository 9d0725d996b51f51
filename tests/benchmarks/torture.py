"""100 million reads against writers at full speed that are killed with -9 and started again.

Run from the checkout: python tests/benchmarks/torture.py [--json FILE]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for _room in ("runtime", "tools", "tests", "tests/benchmarks"):
    sys.path.insert(0, str(ROOT / _room))

from figures import Figures  # noqa: E402 - after the path is set
from fixtures import torture  # noqa: E402 - the path is set above
from fixtures.live_regions import LiveRegions  # noqa: E402 - the path is set above

CASES = (
    ("gesture_right", False, 60_000_000),
    ("gesture_event", True, 20_000_000),
    ("frame_timing", True, 10_000_000),
    ("scene", False, 10_000_000),
)
"""Channel (Python writes the public ones, C those of the app), cursor or newest, reads."""

COLUMNS = (
    "reads", "new", "torn", "backward", "unaccounted", "written", "kills", "in_write", "p99_ns",
    "max_ns", "over_1ms", "stalls",
)


def main() -> None:
    """Measures and prints."""
    figures = Figures(
        "Reads against writers that are killed in mid-write; over_1ms: reads that took longer, "
        "stalls: those of them in which the system ran nothing else",
        ("channel", *COLUMNS),
    )
    wrong = stalls = reads = 0
    with tempfile.TemporaryDirectory() as temporary:
        command = torture.reader("c", Path(temporary))
        for channel, follow, count in CASES:
            run = Path(temporary) / channel
            run.mkdir()
            with LiveRegions(run) as live:
                seen = torture.run(command, live, channel, follow=follow, reads=count, kill_s=0.1)
            figures.row(channel, *(seen[column] for column in COLUMNS))
            wrong += seen["torn"] + seen["backward"] + seen["unaccounted"]
            stalls += seen["stalls"]
            reads += seen["reads"]
    figures.goal(f"torn, backward or unaccounted in {reads:,} reads", wrong, 0)
    figures.goal("reads longer than 1 ms in which the reader kept the processor", stalls, 0)
    figures.show()


if __name__ == "__main__":
    main()
