"""mDNS: tells where a bridge's OSC and OSCQuery are, and finds VRChat's."""

from __future__ import annotations

import asyncio
import logging
import socket
from functools import partial
from typing import TYPE_CHECKING

from zeroconf import Error as ZeroconfError
from zeroconf import IPVersion, ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from sensorium.bridges.listening import is_loopback
from sensorium.bridges.osc.probe import ASK_S, host_info, osc_port
from sensorium.bridges.osc.this_pc import keep_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from zeroconf import Zeroconf

OSCQUERY, OSC = "_oscjson._tcp.local.", "_osc._udp.local."
VRCHAT = "VRChat-Client"
"""How the names of VRChat's own services begin."""
_MOST_ASKED = 8
"""Services that are asked at a time: anybody may announce any number."""
_log = logging.getLogger(__name__)


class Discovery:
    """Announces one program and looks for VRChat.

    Args:
        name: Of the program, unique on the PC.
        listen: Address that it listens at. What is announced is sent on that interface alone; where
            it is loopback, nobody beyond this PC is heard or answered.
        host: Where VRChat is to be: what is announced of other hosts is not believed.
        found: Takes the port at which VRChat hears OSC; None: it has gone.
    """

    def __init__(
        self, name: str, listen: str, host: str, found: Callable[[int | None], None]
    ) -> None:
        self._name = name
        self._listen = listen
        self._host = host
        self._found = found
        self._known: dict[str, int] = {}
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._announced: list[AsyncServiceInfo] = []
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def open(self, osc_port: int, query_port: int) -> None:
        """Announces and begins to look; takes a second or two, as names are claimed first.

        Raises:
            OSError: There is no multicast on this interface.
            zeroconf.Error: The name is another's.
        """
        self._zeroconf = AsyncZeroconf(
            interfaces=[self._listen], ip_version=IPVersion.V4Only
        )
        zeroconf = self._zeroconf.zeroconf
        await zeroconf.async_wait_for_start()
        if not zeroconf.engine.senders:
            raise OSError(f"no multicast at {self._listen}")
        if is_loopback(self._listen):
            keep_within(zeroconf)
        self._browser = AsyncServiceBrowser(zeroconf, [OSCQUERY], handlers=[self._changed])
        await asyncio.gather(self._announce(OSCQUERY, query_port), self._announce(OSC, osc_port))

    async def _announce(self, kind: str, port: int) -> None:
        assert self._zeroconf is not None
        service = AsyncServiceInfo(
            kind, f"{self._name}.{kind}", addresses=[socket.inet_aton(self._listen)], port=port,
            server=f"{self._name}.local.",
        )
        await (await self._zeroconf.async_register_service(service))
        self._announced.append(service)

    async def close(self) -> None:
        """Says goodbye; nothing is found afterwards. `open` has ended."""
        if self._browser is not None:
            await self._browser.async_cancel()
        asking = tuple(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        if self._zeroconf is not None:
            try:
                await self._zeroconf.async_unregister_all_services()
            finally:
                await self._zeroconf.async_close()

    def _changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if not name.startswith(VRCHAT):
            return
        # What an earlier question still brings is no longer so.
        earlier = self._asking.pop(name, None)
        if earlier is not None:
            earlier.cancel()
        if state_change is ServiceStateChange.Removed:
            if self._known.pop(name, None) is not None:
                self._found(next(reversed(self._known.values()), None))
        elif len(self._asking) < _MOST_ASKED:
            task = asyncio.get_running_loop().create_task(self._ask(zeroconf, service_type, name))
            self._asking[name] = task
            task.add_done_callback(partial(self._asked, name))

    def _asked(self, name: str, task: asyncio.Task[None]) -> None:
        if self._asking.get(name) is task:
            del self._asking[name]

    async def _ask(self, zeroconf: Zeroconf, service_type: str, name: str) -> None:
        try:
            service = AsyncServiceInfo(service_type, name)
            await service.async_request(zeroconf, ASK_S * 1000)
            if service.port is None or self._host not in service.parsed_addresses():
                return
            info = await asyncio.to_thread(host_info, self._host, service.port)
        except (OSError, ValueError, ZeroconfError) as error:
            _log.debug("OSCQuery of %s: %s", name, error)
            return
        port = osc_port(info, self._host)
        if port is None:
            return
        self._known.pop(name, None)
        self._known[name] = port
        self._found(port)
        # It may have asked who is there where it is not answered, so it is told.
        for announced in self._announced:
            await (await zeroconf.async_update_service(announced))
