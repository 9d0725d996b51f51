"""The cores of the PC: which of them processes of ours keep to beside an app."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

PART = 4
"""Of the cores, the so many-eth part is ours, one at least."""
_CPUS = Path("/sys/devices/system/cpu")
_SPEEDS = ("cpufreq/cpuinfo_max_freq", "cpu_capacity")


class Core(NamedTuple):
    """A physical core.

    Attributes:
        cpus: The numbers of its logical processors.
        speed: Higher is faster; comparable within one PC. 0: not known.
    """

    cpus: frozenset[int]
    speed: int


def cores() -> tuple[Core, ...]:
    """Those that this process may use; none where the system does not tell (other than Linux)."""
    if sys.platform != "linux":
        return ()
    return _cores(frozenset(os.sched_getaffinity(0)))


@functools.lru_cache(maxsize=1)
def _cores(allowed: frozenset[int]) -> tuple[Core, ...]:
    found: dict[frozenset[int], int] = {}
    for cpu in sorted(allowed):
        folder = _CPUS / f"cpu{cpu}"
        siblings = frozenset({cpu})
        with contextlib.suppress(OSError, ValueError):
            siblings = _numbers((folder / "topology/thread_siblings_list").read_text())
        found.setdefault(siblings & allowed | {cpu}, _speed(folder))
    return tuple(Core(*each) for each in found.items())


def corner(there: Sequence[Core], apart: Collection[int], busy: int) -> frozenset[int]:
    """The logical processors that ours keep to, so that an app has all others to itself.

    Cores that the app may not use come first, then the slowest ones, of equals those with the
    highest numbers: apps and the system's own work begin with the lowest.

    Args:
        there: See `cores`.
        apart: Logical processors that the app may not use.
        busy: How many threads of the app run at a time.

    Returns:
        Empty where the app needs them all: it would wait for those that ours are on.
    """
    wanted = max(1, len(there) // PART)
    free = [core for core in there if core.cpus <= set(apart)]
    most = max(len(free), len(there) - busy)
    if len(there) < 2 or most < 1:
        return frozenset()
    order = sorted(
        there, key=lambda core: (core not in free, core.speed, -max(core.cpus))
    )
    return frozenset().union(*(core.cpus for core in order[: min(wanted, most)]))


def kept_from(pid: int) -> frozenset[int]:
    """Logical processors that this process may use and another one may not."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return frozenset(os.sched_getaffinity(0) - os.sched_getaffinity(pid))
    return frozenset()


def _speed(folder: Path) -> int:
    for name in _SPEEDS:
        with contextlib.suppress(OSError, ValueError):
            return int((folder / name).read_text())
    return 0


def _numbers(text: str) -> frozenset[int]:
    """Of a list as the kernel writes it: 0-3,8."""
    found: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)
