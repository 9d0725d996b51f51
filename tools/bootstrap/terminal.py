"""Says what goes on, on standard error, asks the one question that there is, runs what is long."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_CLEAR = "\r\x1b[K"
_WIDTH = 96


def say(text: str) -> None:
    """Writes one line, over what `progress` left on the terminal."""
    clear = _CLEAR if sys.stderr.isatty() else ""
    sys.stderr.write(f"{clear}{text}\n")
    sys.stderr.flush()


def progress(text: str) -> None:
    """Writes a line that the next one replaces; nothing where there is no terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{_CLEAR}{text[:_WIDTH]}")
        sys.stderr.flush()


def can_ask() -> bool:
    """Whether somebody sits there to answer."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def agreed(question: str) -> bool:
    """Asks `question`; anything but y or yes is a no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def run_quietly(
    command: Sequence[str | Path],
    *,
    note: Callable[[str], None] = progress,
    extra: Mapping[str, str] | None = None,
    folder: Path | None = None,
    started: Callable[[int], None] = lambda pid: None,
) -> tuple[int, str]:
    """Runs `command` without standard input and keeps what it prints.

    Args:
        command: Program and arguments.
        note: Told each line as it comes.
        extra: Environment variables beside those of this process; PYTHONPATH and PYTHONHOME of
            the user's shell are left out, they belong to another Python.
        folder: Where to run it.
        started: Told the process id once it runs.

    Returns:
        Its exit status, and all that it printed.
    """
    own = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    lines: list[str] = []
    with subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**own, **(extra or {})},
        cwd=folder,
        text=True,
        errors="replace",
    ) as process:
        started(process.pid)
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            note(line.strip())
    progress("")
    return process.returncode, "".join(lines)
