"""What a read costs a game: the C client, each read timed alone, beside memcpy in the same run.

Run from the checkout: python tests/benchmarks/c_reader.py [--json FILE]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for _room in ("runtime", "tools", "tests", "tests/benchmarks"):
    sys.path.insert(0, str(ROOT / _room))

from figures import Figures  # noqa: E402 - after the path is set
from fixtures import clients  # noqa: E402 - the path is set above
from fixtures.live_regions import LiveRegions, publish  # noqa: E402 - the path is set above

READS = 1_000_000


def main() -> None:
    """Measures and prints."""
    figures = Figures(
        f"{READS:,} reads in C, hot, timed 16 at once and alone (the timer's cost is in each row)",
        ("what", "at a time", "bytes", "p50 ns", "p99 ns", "p99.9 ns", "max ns"),
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        program = clients.compile_c(
            folder / "read", [ROOT / "tests" / "benchmarks" / "programs" / "read.c"]
        )
        run = folder / "run"
        run.mkdir()
        with LiveRegions(run) as live:
            live.grant("benchmark", "motion", "audio")
            for channel in ("hand_left", "gesture_left", "audio"):
                publish(live, channel)
            said = subprocess.run(
                [str(program), str(run), str(READS)], capture_output=True, text=True, check=True
            ).stdout
    p50 = {}
    for line in said.splitlines():
        name, batch, size, *times = line.split("|")
        p50[name, int(batch)] = float(times[0])
        figures.row(name, int(batch), int(size), *map(float, times))
    read, copy = p50["read", 16], p50["memcpy", 16]
    figures.goal("read of 512 B, p50 ns, 16 at a time", read, 40.0)
    figures.goal("read of 512 B / memcpy of 512 B", read / copy, 5.0)
    figures.goal("unchanged poll alone, p50 ns; the timer's resolution is added to the limit",
                 p50["unchanged poll", 1], 15.0 + p50["timer", 1])
    figures.show()


if __name__ == "__main__":
    main()
