"""A connection of a command to a running daemon, with the regions that it reads mapped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from sensorium.cli.daemon import connect
from sensorium.clock import now_ns
from sensorium.process.outputs import Outputs

if TYPE_CHECKING:
    from sensorium.channels.region import Region, Waiters


class Attached:
    """Regions of a daemon, mapped while it lasts; a context manager.

    Args:
        app: The name under which they are asked for.
        names: Of the regions.

    Raises:
        DeniedError: There is no grant; the remedy is the command that gives it.
        ControlError: No daemon is running.
    """

    def __init__(self, app: str, *names: str) -> None:
        self._client = connect(app)
        self._regions = Outputs((), now_ns)
        try:
            for name in names:
                self._regions.map(*self._client.open(name))
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        for region, waiters in self._regions.regions.values():
            region.close()
            waiters.close()

    def _mapped(self, name: str) -> tuple[Region, Waiters]:
        return self._regions.regions[name]
