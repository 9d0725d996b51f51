"""mDNS: tells where a bridge's OSC and OSCQuery are, and finds VRChat's."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING

from zeroconf import Error as ZeroconfError
from zeroconf import IPVersion, ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from sensorium.bridges.osc.probe import ASK_S, host_info, osc_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from zeroconf import Zeroconf

OSCQUERY, OSC = "_oscjson._tcp.local.", "_osc._udp.local."
VRCHAT = "VRChat-Client"
"""How the names of VRChat's own services begin."""
_log = logging.getLogger(__name__)


class Discovery:
    """Announces one program and looks for VRChat.

    Args:
        name: Of the program, unique on the PC.
        listen: Address that it listens at; mDNS is spoken on that interface alone.
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
        self._asking: set[asyncio.Task[None]] = set()

    async def open(self, osc_port: int, query_port: int) -> None:
        """Announces and begins to look; takes a second or two, as names are claimed first.

        Raises:
            OSError: There is no multicast on this interface.
            zeroconf.Error: The name is another's.
        """
        self._zeroconf = AsyncZeroconf(
            interfaces=[self._listen], ip_version=IPVersion.V4Only
        )
        self._browser = AsyncServiceBrowser(
            self._zeroconf.zeroconf, [OSCQUERY], handlers=[self._changed]
        )
        for kind, port in ((OSCQUERY, query_port), (OSC, osc_port)):
            await (await self._zeroconf.async_register_service(AsyncServiceInfo(
                kind, f"{self._name}.{kind}", addresses=[socket.inet_aton(self._listen)],
                port=port, server=f"{self._name}.local.",
            )))

    async def close(self) -> None:
        """Says goodbye."""
        for task in self._asking:
            task.cancel()
        if self._browser is not None:
            await self._browser.async_cancel()
        if self._zeroconf is not None:
            await self._zeroconf.async_unregister_all_services()
            await self._zeroconf.async_close()

    def _changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if not name.startswith(VRCHAT):
            return
        if state_change is ServiceStateChange.Removed:
            if self._known.pop(name, None) is not None:
                self._found(next(reversed(self._known.values()), None))
            return
        task = asyncio.ensure_future(self._ask(zeroconf, service_type, name))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

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
        if port is not None:
            self._known.pop(name, None)
            self._known[name] = port
            self._found(port)

