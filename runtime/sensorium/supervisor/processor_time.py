"""How long the threads of another process ran, and how long they waited for a processor."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Time(NamedTuple):
    """Of one thread, ns since it began.

    Attributes:
        ran_ns: On a processor.
        waited_ns: Ready to run. The wait that it is in is not counted before it has ended.
    """

    ran_ns: int
    waited_ns: int


def times(pid: int) -> dict[str, Time]:
    """Of each thread of a process, by its id; empty where the system does not tell.

    The first two numbers of `schedstat` (Linux, Documentation/scheduler/sched-stats.rst).
    """
    folder = f"/proc/{pid}/task"
    found = {}
    with contextlib.suppress(OSError):
        for thread in os.listdir(folder):
            # One that ends meanwhile waits for nothing.
            with contextlib.suppress(OSError, ValueError):
                ran, waited, _ = _read(f"{folder}/{thread}/schedstat").split()
                found[thread] = Time(int(ran), int(waited))
    return found


def _read(path: str) -> bytes:
    """As `Path.read_bytes`, in a third of its time: an app may have hundreds of threads."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 96)
    finally:
        os.close(file)


def spent(
    pid: int, before: Mapping[str, Time], after: Mapping[str, Time], span_ns: int
) -> tuple[int, int]:
    """What a process did between two looks.

    Args:
        pid: Of the process, now.
        before: Its times at the first look.
        after: And now.
        span_ns: From the one to the other.

    Returns:
        How long its threads ran, in all; how long the one waited that waited longest, as others may
        wait for what it holds. Both ns.
    """
    ran = longest = 0
    for thread, time in after.items():
        first = before.get(thread, Time(0, 0))
        ran += time.ran_ns - first.ran_ns
        if time != first:
            longest = max(longest, min(time.waited_ns - first.waited_ns, span_ns))
        elif longest < span_ns and _is_ready(pid, thread):
            longest = span_ns
    return ran, longest


def _is_ready(pid: int, thread: str) -> bool:
    """Whether a thread runs or would: one that has not run meanwhile has waited all the time."""
    try:
        said = Path(f"/proc/{pid}/task/{thread}/stat").read_text()
    except OSError:
        return False
    return said.rpartition(")")[2].split()[0] == "R"
