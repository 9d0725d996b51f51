"""Frame times of the 3D example with the daemon off, idle and busy, as ratios.

    python tests/benchmarks/frame_times.py [--json FILE]

The example (runtime/clients/example) draws 480 x 270 pixels, 90 times a second, by software
OpenGL on a virtual display: all of its work competes with the daemon for the processor, which a
game's does not. It reads all channels and draws the same held pose in every case, since without a
daemon there would be no hands to draw. The OpenXR runtime (Monado) and the sound server run in
every case, and so do the motion and the speech that make the daemon busy, so that only the daemon
is told off. The cases take turns; a figure is the median of its rounds.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from figures import Figures
from fixtures import viewer
from fixtures.display import virtual_display
from fixtures.remote_driver import ABSENT
from motion import moving
from stage import Stage, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from fixtures.daemon import Daemon

ROUNDS, SECONDS = 4, 8.0
SIZE, RATE_HZ = "480x270", 90
APP = "sensorium-example"
QUANTILES = ("p50", "p99", "p999")


@dataclass
class Case:
    """One way to run the example.

    Attributes:
        name: In the table.
        daemon: Whether it runs.
        busy: Whether hands move and somebody speaks.
        reports: What the example said in each round.
    """

    name: str
    daemon: bool
    busy: bool
    reports: list[dict[str, Any]] = field(default_factory=list)

    def ms(self, quantile: str) -> float:
        """A quantile of the frame's time, in ms."""
        return statistics.median(each["frame_ns"][quantile] for each in self.reports) / 1e6

    def read_us(self) -> float:
        """The median time to read all channels, in us."""
        return statistics.median(each["read_ns"]["p50"] for each in self.reports) / 1e3

    def late_share(self) -> float:
        """Frames that were not drawn in time, of all that should have been."""
        missed = sum(each["missed"] for each in self.reports)
        return missed / (missed + sum(each["frame_ns"]["count"] for each in self.reports))


CASES = (
    Case("off, all still", daemon=False, busy=False),
    Case("idle", daemon=True, busy=False),
    Case("off, hands and speech", daemon=False, busy=True),
    Case("busy: hands and speech", daemon=True, busy=True),
)
"""Each daemon's case stands behind its own without."""


def main() -> None:
    """Measures and prints."""
    with Stage() as stage, virtual_display() as display, _gone(stage.daemon):
        program = viewer.build(stage.folder / "viewer")
        for _ in range(ROUNDS):
            for case in CASES:
                case.reports.append(_round(stage, case, program, display))
    figures = Figures(
        "Frame times of the 3D example",
        ("daemon", "p50 ms", "p99 ms", "p99.9 ms", "p50 ratio", "p99 ratio", "p99.9 ratio",
         "late %", "read us"),
    )
    for without, case in ((CASES[0], CASES[0]), (CASES[0], CASES[1]),
                          (CASES[2], CASES[2]), (CASES[2], CASES[3])):
        figures.row(
            case.name,
            *(case.ms(quantile) for quantile in QUANTILES),
            *(case.ms(quantile) / without.ms(quantile) for quantile in QUANTILES),
            100 * case.late_share(),
            case.read_us(),
        )
    figures.show()


def _round(
    stage: Stage, case: Case, program: Path, display: Mapping[str, str]
) -> dict[str, Any]:
    environment = {**stage.daemon.environment, **display}
    with contextlib.ExitStack() as running:
        if case.busy:
            running.enter_context(moving(stage.remote))
            running.enter_context(stage.talking())
        else:
            stage.remote.send(left=ABSENT, right=ABSENT)
        if case.daemon:
            daemon = running.enter_context(_started(stage.daemon))
            daemon.command("grants", "allow", APP, "motion")
            until(lambda: _is_live(daemon), "the headset and the senses")
        report = viewer.measure(
            program, environment, "--hold", "--size", SIZE, "--rate", str(RATE_HZ),
            "--samples", "0", "--seconds", str(SECONDS),
        )
    head = report["senses"]["head"]
    if head["status"] not in ({"new", "same"} if case.daemon else {"closed"}):
        raise SystemExit(f"{case.name}: the example read of the head: {head}")
    return report


def _is_live(daemon: Daemon) -> bool:
    parts = daemon.status()["parts"]
    return "gesture" in parts and parts.get("openxr", {}).get("state") == "live"


@contextlib.contextmanager
def _started(daemon: Daemon) -> Iterator[Daemon]:
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()


@contextlib.contextmanager
def _gone(daemon: Daemon) -> Iterator[None]:
    """Leaves no runtime folder behind."""
    try:
        yield
    finally:
        shutil.rmtree(daemon.runtime_dir, ignore_errors=True)


if __name__ == "__main__":
    main()
