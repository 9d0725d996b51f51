"""Processes that training runs in: one thread each, behind everything else on the machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTEXT = multiprocessing.get_context("spawn")
_NICENESS = 10
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Read by numpy when a process begins: each has one core, and the same sums come out each time."""


@contextmanager
def pool(count: int, begin: Callable[..., None], *given: Any) -> Iterator[ProcessPoolExecutor]:
    """Starts processes; Ctrl-C, an error and the end stop them.

    Args:
        count: Of them.
        begin: Called in each before its first job, with `given`; it calls `give_way`.
        given: What can be pickled, or a queue of `CONTEXT`.
    """
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    made = ProcessPoolExecutor(count, CONTEXT, begin, given)
    try:
        yield made
    finally:
        made.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def give_way() -> None:
    """Of each process: the parent alone hears Ctrl-C, and ends this one by its pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
