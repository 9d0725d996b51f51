"""A process without senses leaves the GPU to an app, as the governor says, in a thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sensorium.inference.gpu_sharing import EVERY
from sensorium.process.governed import Board

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from sensorium.process.outputs import Outputs

_LOOK_S = 0.5
"""So often at least it is looked whether a governor is still there, and whether this is to end."""
_STOP_S = 2.0
_NONE: frozenset[str] = frozenset()


class Obeying:
    """What callers ask for comes below all senses: it leaves the GPU with the first step.

    That is for an app that waits for the GPU, or with the policy `pause`; see `Decision`.

    Args:
        outputs: The process's regions; the public one is read.
        give_way: See `GpuEngines.give_way`; called from the thread.
    """

    def __init__(
        self, outputs: Outputs, give_way: Callable[[Container[str], int], None]
    ) -> None:
        self._outputs = outputs
        self._give_way = give_way
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="obeying", daemon=True)

    def start(self) -> None:
        """Begins to read what the governor says."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._ended.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        board = Board(self._outputs)
        while not self._ended.is_set():
            if board.look(self._outputs.clock()):
                self._give_way(EVERY if board.gpu_spared else _NONE, board.risk)
            board.sleep_news(_LOOK_S)
        board.close()
