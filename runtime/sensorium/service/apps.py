"""What the daemon gives in the callers' names: one control connection an app and class."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.control.client import Client
from sensorium.health import RegionState

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.channels.region import Region, Waiters
    from sensorium.service.caller import Caller

_Key = tuple[str, str, str]


@dataclass(eq=False)
class Opened:
    """A region that was opened for an app.

    Attributes:
        name: The grant class, or `app`.
        region: Its memory; `app` can be written.
        waiters: The page of who sleeps on it.
        since_ns: From when on its records may be told to the app: older ones may have been
            written while it was denied.
        users: How many hold this object.
    """

    name: str
    region: Region
    waiters: Waiters
    key: _Key
    client: Client
    since_ns: int = 0
    users: int = 1

    def ended(self) -> bool:
        """Whether it was closed, replaced or withdrawn: open it again."""
        return self.region.state != RegionState.LIVE


class Apps:
    """Opens regions for callers, each under the caller's own name, program and grants.

    A connection serves one class, so that it ends with the last who reads that class: the
    microphone is open no longer than somebody needs it.

    Args:
        folder: The daemon's runtime folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[_Key, Opened] = {}
        self._turns: dict[_Key, asyncio.Lock] = {}

    async def open(self, caller: Caller, name: str) -> Opened:
        """A region, shared by all that the same app asks for; give it back with `close`.

        Args:
            caller: In whose name.
            name: A grant class, `public`, or `app` for the app's own region.

        Raises:
            DeniedError: There is no grant; the remedy is the command that gives it.
            ControlError: The daemon refused, or is gone.
        """
        key = (caller.app, caller.executable, name)
        turn = self._turns.setdefault(key, asyncio.Lock())
        async with turn:
            known = self._open.get(key)
            # What was withdrawn or replaced is left to those who hold it.
            if known is not None and not known.ended():
                known.users += 1
                return known
            try:
                opened = await asyncio.to_thread(self._connect, caller, key)
            except BaseException:
                # Nobody closes what was refused.
                self._turns.pop(key, None)
                raise
            self._open[key] = opened
            return opened

    def close(self, opened: Opened) -> None:
        """Gives a region back; with its last user it is unmapped and the connection ends."""
        opened.users -= 1
        if opened.users:
            return
        if self._open.get(opened.key) is opened:
            del self._open[opened.key]
            self._turns.pop(opened.key, None)
        _let_go(opened)

    async def ask_for(
        self, caller: Caller | None, operation: str, **fields: Any
    ) -> dict[str, Any]:
        """Asks the daemon what a caller may see by his grants; None: the owner of the PC asks.

        Raises:
            DeniedError: There is no grant; the remedy is the command that gives it.
            ControlError: The daemon refused, or is gone.
        """
        if caller is None:
            return await self.ask(operation, **fields)
        return await asyncio.to_thread(self._ask_for, caller, operation, fields)

    async def ask(self, operation: str, **fields: Any) -> dict[str, Any]:
        """Asks the daemon as the owner of the PC, whom every process of his stands for.

        Raises:
            ControlError: It refused, or is gone.
        """
        return await asyncio.to_thread(self._ask, operation, fields)

    def close_all(self) -> None:
        """Gives all back."""
        for opened in tuple(self._open.values()):
            _let_go(opened)
        self._open.clear()

    def _ask(self, operation: str, fields: dict[str, Any]) -> dict[str, Any]:
        with Client.connect("sensorium-service", self._folder, owner=True) as client:
            if operation == "grants":
                return client.grants()
            return client.request(operation, **fields)

    def _ask_for(self, caller: Caller, operation: str, fields: dict[str, Any]) -> dict[str, Any]:
        with self._client(caller) as client:
            return client.request(operation, **fields)

    def _client(self, caller: Caller) -> Client:
        return Client.connect(
            caller.app, self._folder, behalf=(caller.pid, caller.executable)
        )

    def _connect(self, caller: Caller, key: _Key) -> Opened:
        client = self._client(caller)
        try:
            region, waiters = client.open(key[2])
        except BaseException:
            client.close()
            raise
        return Opened(key[2], region, waiters, key, client, client.since_ns[key[2]])


def _let_go(opened: Opened) -> None:
    with suppress(BufferError):
        opened.region.close()
    opened.waiters.close()
    opened.client.close()
