"""Records what an engine is fed while a task runs, so that ranges are those of real use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium_tools.evaluate import Run

Feeds = dict[str, "NDArray[Any]"]


class Recorder:
    """Wraps a run and keeps copies of its feeds, evenly spread over the whole.

    Args:
        name: Of the engine, in messages.
        run: What answers.
        limit: Feeds kept; when there are more, every second one goes.

    Attributes:
        feeds: What was recorded.
    """

    def __init__(self, name: str, run: Run, limit: int) -> None:
        self.feeds: list[Feeds] = []
        self._name = name
        self._run = run
        self._limit = limit
        self._every = 1
        self._count = 0

    def __call__(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Runs it once.

        Raises:
            EngineError: When a value is not finite.
        """
        if self._count % self._every == 0:
            for name, values in feeds.items():
                if values.dtype.kind == "f" and not np.isfinite(values).all():
                    raise EngineError(
                        f"{self._name}: a calibration sample gives a {name} that is not finite",
                        "remove the sample from its set",
                    )
            self.feeds.append({name: values.copy() for name, values in feeds.items()})
            if len(self.feeds) > self._limit:
                del self.feeds[1::2]
                self._every *= 2
        self._count += 1
        return self._run(feeds)
