"""Writes the clients' files, or checks that they are fresh.

Usage: python -m sensorium_tools.clients [--check] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sensorium import folders
from sensorium_tools.clients import LANGUAGES


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0, or 1 when `--check` found a file that is not what the records say.
    """
    parser = argparse.ArgumentParser("python -m sensorium_tools.clients", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--out", type=Path, default=folders.data_room("clients"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    stale = 0
    for language in LANGUAGES:
        path: Path = options.out / language.PATH
        fresh = language.text()
        if path.is_file() and path.read_text(encoding="utf-8") == fresh:
            continue
        if options.check:
            stale += 1
            sys.stderr.write(f"{path} is stale: run python -m sensorium_tools.clients\n")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fresh, encoding="utf-8", newline="\n")
        sys.stdout.write(f"wrote {path}\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
