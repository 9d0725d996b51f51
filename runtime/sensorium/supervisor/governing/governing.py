"""The governor as the daemon uses it: begun, told of apps and engines, asked, ended."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from sensorium.channels import mapping
from sensorium.channels.region import Region
from sensorium.clock import now_ns
from sensorium.errors import SensoriumError
from sensorium.health import OwnerState, Reason
from sensorium.supervisor.governing.account import Account
from sensorium.supervisor.governing.app_frames import AppFrames
from sensorium.supervisor.governing.background import Background
from sensorium.supervisor.governing.history import History
from sensorium.supervisor.governing.loop import Loop
from sensorium.supervisor.governing.outlet import CHANNELS, Outlet
from sensorium.supervisor.governing.senses import governed
from sensorium.supervisor.governing.watch import program_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensorium.channels.region import Waiters
    from sensorium.config import Config
    from sensorium.supervisor.clients import AppRegion
    from sensorium.supervisor.governing.background import Lowerable

_log = logging.getLogger(__name__)


class Governing:
    """Runs the governor's thread while the configuration has it.

    Args:
        region: The public one, mapped for writing.
        waiters: Its page.
    """

    def __init__(self, region: Region, waiters: Waiters) -> None:
        self._region, self._waiters = region, waiters
        self._history = History()
        self._account = Account()
        self._background = Background()
        self._loop: Loop | None = None
        self._thread: threading.Thread | None = None

    @property
    def owned(self) -> tuple[str, ...]:
        """The channels that it writes now."""
        return CHANNELS if self._loop is not None else ()

    def configure(self, config: Config, apps: Iterable[AppRegion]) -> None:
        """Does as a configuration says from now on: begins, goes on with other wishes, or ends.

        Args:
            config: The configuration.
            apps: Who is connected, with a region of its own.
        """
        if not config.governor.enabled:
            self.close()
            return
        senses = governed(config)
        if self._loop is not None:
            self._loop.post(partial(self._loop.configure, senses, config.governor))
            return
        outlet = Outlet(self._region, self._waiters)
        self._loop = Loop(
            outlet, self._history, self._account, self._background, senses, config.governor
        )
        for app in apps:
            self.meet(app)
        self._thread = threading.Thread(target=self._loop.run, name="governor", daemon=True)
        self._thread.start()

    def meet(self, app: AppRegion) -> None:
        """Has an app's frames read, through a mapping of its own: it outlives the app's."""
        if self._loop is None:
            return
        try:
            handle = mapping.new_handle(app.region.mapping, writable=False)
            mapped = mapping.map_handle(handle, writable=False, keep_handle=False)
        except (OSError, SensoriumError) as error:
            _log.warning("the frames of %s cannot be read: %s", app.name, error)
            return
        frames = AppFrames(Region(mapped, app.region.entries))
        names = (app.name, program_name(app.executable))
        self._loop.post(partial(self._loop.meet, app.session, names, app.pid, frames))

    def part_from(self, session: int) -> None:
        """An app is gone."""
        if self._loop is not None:
            self._loop.post(partial(self._loop.part_from, session))

    def tell_engines(
        self, engines: Iterable[Mapping[str, Any]], processes: Iterable[int]
    ) -> None:
        """What the engines of the senses take, and the numbers of the daemon's processes."""
        if self._loop is not None:
            self._loop.tell_engines(engines, processes)

    def tell_processes(self, processes: tuple[Lowerable, ...]) -> None:
        """Who is live and may go to the background."""
        if self._loop is not None:
            self._loop.tell_processes(processes)

    def background(self) -> dict[str, dict[str, Any]]:
        """Which processes are in the background now, for `status`; by their names."""
        return self._background.shown

    def status(self) -> dict[str, Any]:
        """What holds now, for `status`."""
        return self._account.told(now_ns(), enabled=self._loop is not None)

    def told(self, most: int) -> dict[str, Any]:
        """What holds, for whom and where, what was done since the start, and the newest steps."""
        return {
            "governor": self.status(),
            "processes": [
                {"process": name, **held} for name, held in self.background().items()
            ],
            "steps": self._history.newest(most, now_ns()),
            "counts": self._history.counts(),
        }

    def close(self) -> None:
        """Ends it; all senses take what they need. A second call does nothing."""
        if self._loop is None or self._thread is None:
            return
        self._loop.stop()
        self._thread.join()
        self._loop = self._thread = None
        self._background = Background()
        for name in CHANNELS:
            self._region.set_owner_state(name, OwnerState.VACANT, Reason.NOT_CONFIGURED)
