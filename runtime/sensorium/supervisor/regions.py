"""The daemon's regions: made at start, beaten some times a second, replaced, closed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sensorium.channels import mapping
from sensorium.channels.catalogue import CHANNELS, REGIONS, in_region
from sensorium.channels.region import Region, Waiters
from sensorium.clock import now_ns
from sensorium.errors import ChannelError
from sensorium.health import OwnerState, Reason, RegionState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CURRENT_NAME = "current"
PUBLIC_NAME = "public"


class RegionSet:
    """All regions of the daemon but those of single apps.

    Attributes:
        generation: Of the public region, raised by each daemon in this runtime folder.
    """

    def __init__(self, folder: Path, started_ns: int) -> None:
        self._folder = folder
        self._started_ns = started_ns
        self.generation = _last_generation(folder) + 1
        self._remove_files(PUBLIC_NAME)
        self._regions = {name: self._create(name, self.generation) for name in REGIONS}
        _publish_generation(folder, self.generation)

    def __getitem__(self, name: str) -> tuple[Region, Waiters]:
        """A region and its waiters' page, by grant class."""
        return self._regions[name]

    def region_of(self, channel: str) -> Region:
        """The region that a channel lies in."""
        return self._regions[CHANNELS[channel].region][0]

    def heartbeat(self, time_ns: int) -> None:
        """The supervisor is alive."""
        for region, _ in self._regions.values():
            region.heartbeat(time_ns)

    def new_owner(self, channels: Iterable[str], pid: int, heartbeat_ns: int = 0) -> None:
        """A process starts that will write these channels, or moves to their new region."""
        for name in channels:
            self.region_of(name).new_owner(name, pid, heartbeat_ns)

    def set_owner_state(
        self, channels: Iterable[str], state: OwnerState, reason: Reason
    ) -> None:
        """Says what became of the owner of these channels."""
        for name in channels:
            self.region_of(name).set_owner_state(name, state, reason)

    def replace(self, name: str, *, revoked: bool) -> None:
        """Makes a new region in the place of a private one and leaves the old one behind.

        Args:
            name: Its grant class, not `public`.
            revoked: Nobody else holds it: its readers see DENIED. Otherwise they see CLOSED
                and connect again.
        """
        old, old_waiters = self._regions[name]
        new, waiters = self._create(name, old.generation + 1)
        for channel in in_region(name):
            _, state, reason = old.owner(channel.name)
            new.set_owner_state(channel.name, state, reason)
        self._regions[name] = (new, waiters)
        old.set_state(RegionState.REVOKED if revoked else RegionState.REPLACED)
        old.close()
        old_waiters.close()

    def handles(self, name: str, *, writable: bool = False) -> tuple[int, int]:
        """New handles to a region and its waiters' page; the caller closes both."""
        region, waiters = self._regions[name]
        return (
            mapping.new_handle(region.mapping, writable=writable),
            mapping.new_handle(waiters.mapping, writable=True),
        )

    def close(self) -> None:
        """Says CLOSED to all who map a region and removes the public files."""
        for region, waiters in self._regions.values():
            for name in region.entries:
                region.set_owner_state(name, OwnerState.STOPPED, Reason.STOPPED)
            region.set_state(RegionState.CLOSED)
            region.close()
            waiters.close()
        self._remove_files(PUBLIC_NAME)

    def _create(self, name: str, generation: int) -> tuple[Region, Waiters]:
        public = name == PUBLIC_NAME
        path = self._folder / f"{PUBLIC_NAME}.{generation}" if public else None
        region = Region.create(
            name, in_region(name), generation, path=path, started_ns=self._started_ns
        )
        region.heartbeat(now_ns())
        return region, Waiters.create(name)

    def _remove_files(self, name: str) -> None:
        for path in self._folder.glob(f"{name}.*"):
            # On Windows a file that a reader still maps goes with its last reader.
            with contextlib.suppress(OSError):
                path.unlink()


def _last_generation(folder: Path) -> int:
    try:
        return int((folder / CURRENT_NAME).read_text("ascii"))
    except (OSError, ValueError):
        return 0


def _publish_generation(folder: Path, generation: int) -> None:
    new = folder / f"{CURRENT_NAME}.new"
    try:
        new.unlink(missing_ok=True)
        with new.open("x", encoding="ascii") as file:
            file.write(f"{generation}\n")
        new.replace(folder / CURRENT_NAME)
    except OSError as error:
        raise ChannelError(
            f"cannot write {new}: {error.strerror}", "set SENSORIUM_RUNTIME_DIR to another folder"
        ) from error
