"""`sensorium purge`: deletes what was kept of the wearer."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.errors import ConfigError, SensoriumError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from sensorium.cli.output import Output

ROOMS = ("recordings", "enrolments", "calibration")
"""Folders in the user's data folder that hold something of the wearer."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    for room in ROOMS:
        parser.add_argument(f"--{room}", action="store_true", help=f"delete the {room}")
    parser.add_argument("--all", action="store_true", help="all of these")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace, output: Output) -> int:
    """Says what would go, asks, deletes."""
    rooms = [room for room in ROOMS if args.all or getattr(args, room)]
    if not rooms:
        raise ConfigError("nothing to purge was named", f"--{', --'.join(ROOMS)} or --all")
    found = {room: _contents(folders.data_dir() / room) for room in rooms}
    for room, (files, size) in found.items():
        output.console.print(
            f"{folders.data_dir() / room}: {len(files)} files, {size / 1e6:.1f} MB", markup=False
        )
    total = sum(len(files) for files, _ in found.values())
    if total and not args.yes and not _agreed(output):
        output.document({"deleted": 0})
        output.console.print("nothing was deleted")
        return 1
    for room in rooms:
        _delete(folders.data_dir() / room)
    output.document(
        {
            "deleted": total,
            "bytes": sum(size for _, size in found.values()),
            "rooms": {room: len(files) for room, (files, _) in found.items()},
        }
    )
    output.console.print(f"{total} files deleted")
    return 0


def _contents(folder: Path) -> tuple[list[Path], int]:
    """Every file under a folder, never following a link out of it, and their bytes."""
    files = [path for path in folder.rglob("*") if path.is_symlink() or path.is_file()]
    return files, sum(path.lstat().st_size for path in files)


def _agreed(output: Output) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("nobody is there to be asked", "add --yes")
    output.console.print("delete them? [y/N] ", end="", markup=False)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _delete(folder: Path) -> None:
    try:
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise SensoriumError(
            f"{error.filename or folder} cannot be deleted: {error.strerror}",
            "delete it yourself; what was listed before it is gone",
        ) from error
