"""Building every engine, opt-in ones too, into an empty cache on two cores; then once more.

    python tests/benchmarks/engine_bundle.py [--json FILE] [--into FOLDER] [NAME ...]

It runs `sensorium-engines build --all`. Archives are not fetched where the user's own cache has
them: links to them lie in the new one. Calibration, verdicts and the plans for RTX, where their
builder is installed, are in the time. The folder is removed afterwards unless it was named.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figures import ROOT, Figures

from sensorium import folders

CORES = 2
FIRST_S, SECOND_S = 600.0, 5.0
PROGRAM = "import sys; from sensorium_tools.cli import main; sys.exit(main(sys.argv[1:]))"
ROOMS = ("engines", "artefacts", "samples")


@dataclass(frozen=True)
class Run:
    """One run of the command.

    Attributes:
        rows: What it says of each engine.
        seconds: By the clock.
        processor_seconds: Of it and its children.
    """

    rows: list[dict[str, Any]]
    seconds: float
    processor_seconds: float


def link_downloads(cache: Path) -> None:
    """Lays links to what was downloaded before into a cache."""
    room = cache / "downloads"
    room.mkdir(parents=True, exist_ok=True)
    before = folders.cache_dir() / "downloads"
    for file in before.iterdir() if before.is_dir() else ():
        if not (room / file.name).exists():
            (room / file.name).symlink_to(file.resolve())


def build(cache: Path, names: list[str]) -> Run:
    """Runs `sensorium-engines build --all --json`.

    Raises:
        subprocess.CalledProcessError: When it was stopped; an engine that fails is in the rows.
    """
    path = os.pathsep.join(str(ROOT / room) for room in ("runtime", "tools"))
    environment = os.environ | {"SENSORIUM_CACHE_DIR": str(cache), "PYTHONPATH": path}
    before, begun = _processor_seconds(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "build", "--all", "--json", *names],
        stdout=subprocess.PIPE, text=True, check=False, env=environment,
    )
    seconds = time.perf_counter() - begun
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, done.args)
    return Run(json.loads(done.stdout)["engines"], seconds, _processor_seconds() - before)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def megabytes(folder: Path) -> float:
    """Size of the files in a folder, without what is only linked."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="engines; none: all")
    parser.add_argument("--into", type=Path, help="an empty folder for the cache, which stays")
    parser.add_argument("--json", help="see figures.py")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    figures = Figures("Building the bundle", ("engine", "seconds", "MB", "precision", "why"))
    room = nullcontext(options.into) if options.into else tempfile.TemporaryDirectory()
    with room as name:
        cache = Path(name)
        link_downloads(cache)
        first = build(cache, options.names)
        second = build(cache, options.names)
        for row in first.rows:
            figures.row(
                row["name"], row.get("seconds", ""), row.get("bytes", 0) / 1e6,
                row.get("precision", row["state"]), row.get("why", row.get("error", "")),
            )
        for what, run in (("all, first build", first), ("all, second build", second)):
            figures.row(what, run.seconds, "", "", f"{run.processor_seconds:.1f} s of processor")
        for part in ROOMS:
            figures.row(f"disk: {part}", "", megabytes(cache / part), "", "")
    figures.goal("engines that were not built", sum("error" in row for row in first.rows), 0)
    figures.goal("engines that were built twice", sum(
        row["state"] != "present" for row in second.rows if "error" not in row
    ), 0)
    figures.goal("first build, s", first.seconds, FIRST_S)
    figures.goal("second build, s", second.seconds, SECOND_S)
    figures.show()


if __name__ == "__main__":
    main()
