"""Head and both hands in motion, as a real OpenXR runtime gives them."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from fixtures.remote_driver import LEFT, RIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.remote_driver import Remote


@contextlib.contextmanager
def moving(remote: Remote) -> Iterator[None]:
    """Head and both hands move, fingers close and open, with a new state every 11 ms."""
    ended = threading.Event()

    def move() -> None:
        while not ended.wait(1 / 90):
            t = time.perf_counter()
            x, curl = 0.2 + 0.1 * math.sin(3 * t), 0.5 + 0.5 * math.sin(2 * t)
            closing = (curl, curl, curl, curl, curl)
            remote.send(
                position=(0.05 * math.sin(t), 1.6, 0.0),
                left=replace(LEFT, position=(-x, 1.3, -0.5), curl=closing),
                right=replace(RIGHT, position=(x, 1.3, -0.5), curl=closing),
            )

    thread = threading.Thread(target=move, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
