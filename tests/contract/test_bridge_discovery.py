"""Discovery: on loopback alone, and of what is still there when it was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import socket
import struct
import threading
from typing import TYPE_CHECKING

import pytest
from fixtures.bridging import bridging
from fixtures.live_regions import LiveRegions
from fixtures.waiting import PATIENCE_S
from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from sensorium.bridges.osc.discovery import OSC, OSCQUERY, Discovery
from sensorium.bridges.osc.probe import host_info
from sensorium.bridges.vrchat.bridge import VRChat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NAME = "Sensorium-Tested-1a2b3c"
MDNS = "224.0.0.251"
HEARS = 9001
"""Port at which our game hears OSC; other tests beside this one have games of their own."""


_numbers = itertools.count(1)


def question() -> bytes:
    """Where is it? Asked from any port, it is answered to that port alone."""
    labels = b"".join(bytes([len(part)]) + part for part in f"{NAME}.{OSC}".encode().split(b"."))
    return struct.pack(">6H", next(_numbers), 0, 1, 0, 0, 0) + labels + struct.pack(">2H", 33, 1)


def own_address() -> str:
    """Of this machine in a network; where it has none, loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        try:
            link.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(link.getsockname()[0])


def outside() -> str:
    """An address of this machine that is not loopback."""
    address = own_address()
    if address.startswith("127."):
        pytest.skip("this machine has no other address than loopback")
    return address


@contextlib.asynccontextmanager
async def announced(told: list[int | None]) -> AsyncIterator[Discovery]:
    discovery = Discovery(NAME, "127.0.0.1", "127.0.0.1", told.append)
    try:
        try:
            await discovery.open(9, 10)
        except OSError as error:
            pytest.skip(f"no multicast on loopback: {error}")
        yield discovery
    finally:
        await discovery.close()


class Server:
    """Somebody's OSCQuery: it takes one connection, and tells nothing whole before `go`."""

    def __init__(self) -> None:
        self.asked, self.go = threading.Event(), threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._answer)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self._thread.join()
        self._socket.close()

    def _answer(self) -> None:
        link, _ = self._socket.accept()
        with link, contextlib.suppress(OSError):
            self.asked.set()
            link.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.go.wait(0.05):
                link.sendall(b"x")
            body = b'{"OSC_PORT":%d}' % HEARS
            link.sendall(b"\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


def test_only_this_pcs_loopback_is_answered() -> None:
    address = outside()

    async def ask() -> None:
        async with announced([]):
            with (
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as within,
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as beyond,
            ):
                within.bind(("127.0.0.1", 0))
                beyond.bind((address, 0))
                for link, here in ((within, "127.0.0.1"), (beyond, address)):
                    link.setblocking(False)
                    link.setsockopt(
                        socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(here)
                    )
                async with asyncio.timeout(PATIENCE_S):
                    for _ in range(3):
                        with contextlib.suppress(OSError):
                            beyond.sendto(question(), (MDNS, 5353))
                        beyond.sendto(question(), (address, 5353))
                        # What was asked before is answered before.
                        assert NAME.encode() in await answered(within)
                with pytest.raises(BlockingIOError):
                    beyond.recv(9000)

    asyncio.run(ask())


async def answered(link: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    while True:
        link.sendto(question(), (MDNS, 5353))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                return await loop.sock_recv(link, 9000)


def test_a_service_that_goes_while_it_is_asked_for_is_not_found() -> None:
    """It announces itself in the network, as VRChat does."""
    told: list[int | None] = []

    async def come_and_go(server: Server) -> None:
        async with announced(told) as discovery:
            mdns = AsyncZeroconf(interfaces=[own_address()], ip_version=IPVersion.V4Only)
            try:
                service = ServiceInfo(
                    OSCQUERY, f"VRChat-Client-1.{OSCQUERY}", port=server.port, server="game.local.",
                    addresses=[socket.inet_aton("127.0.0.1")],
                )
                await (await mdns.async_register_service(service))
                assert await asyncio.to_thread(server.asked.wait, PATIENCE_S)
                await (await mdns.async_unregister_service(service))
                async with asyncio.timeout(PATIENCE_S):
                    while discovery._asking:
                        await asyncio.sleep(0.02)
            finally:
                server.go.set()
                await mdns.async_close()

    with Server() as server:
        asyncio.run(come_and_go(server))
    assert HEARS not in told


def test_who_answers_a_byte_at_a_time_is_left() -> None:
    with Server() as server, pytest.raises((OSError, ValueError)):
        host_info("127.0.0.1", server.port)


def test_doctor_hears_a_bridge_at_another_address_of_this_pc(tmp_path: Path) -> None:
    address = outside()
    with contextlib.ExitStack() as silent, LiveRegions(tmp_path) as live, bridging(
        VRChat, live.folder, listen=address
    ) as bridge:
        detail = bridge.until("OSCQuery http")
        port = re.search(rf"http://{address}:(\d+)", detail)
        assert port is not None
        # It is still there when the bridge ends.
        silent.enter_context(socket.create_connection((address, int(port[1])), 5))
        assert "its OSC arrives here" in VRChat.prove(detail)
