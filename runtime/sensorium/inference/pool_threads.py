"""The threads that a backend made for its own: they run parts of an engine, and no Python."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_made: set[int] = set()


def ids() -> tuple[int, ...]:
    """The system's ids of those that live; none where the system does not list threads."""
    _made.intersection_update(_all())
    return tuple(_made)


@contextlib.contextmanager
def noted() -> Iterator[None]:
    """What threads a backend makes meanwhile are its own."""
    before = _all()
    try:
        yield
    finally:
        own = {thread.native_id for thread in threading.enumerate()}
        _made.update(_all() - before - own)


def _all() -> set[int]:
    if sys.platform != "linux":
        return set()
    return {int(name) for name in os.listdir("/proc/self/task")}
