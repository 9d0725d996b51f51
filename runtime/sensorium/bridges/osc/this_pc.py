"""Keeps mDNS within this PC: other hosts are neither answered nor heard.

Multicast arrives at no socket that is bound to a loopback address, so that zeroconf binds
0.0.0.0:5353 whatever the interface. Queries and answers of the network come to that socket, too.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, cast

from sensorium.bridges.listening import is_loopback

if TYPE_CHECKING:
    from zeroconf import Zeroconf

_FLAGS = 2
"""Index of the byte that says whether a message is a query."""
_RESPONSE = 0x80


def keep_within(zeroconf: Zeroconf) -> None:
    """Drops, before it is looked at, what does not come from this PC.

    A query is answered from loopback alone. An announcement is heard from any address of this PC:
    VRChat makes its own at the network's interfaces.

    Args:
        zeroconf: Started, with nothing registered yet: so nothing was answered before.
    """
    for reader in zeroconf.engine.readers:
        transport = reader.transport
        inner = cast("asyncio.DatagramProtocol", transport.get_protocol())
        transport.set_protocol(_Within(inner))


class _Within(asyncio.DatagramProtocol):
    """Hands on to another protocol what comes from this PC."""

    def __init__(self, inner: asyncio.DatagramProtocol) -> None:
        self._inner = inner

    def datagram_received(self, data: bytes, addr: Any) -> None:
        response = len(data) > _FLAGS and bool(data[_FLAGS] & _RESPONSE)
        if is_loopback(addr[0]) or (response and _is_own(addr[0])):
            self._inner.datagram_received(data, addr)

    def error_received(self, exc: Exception) -> None:
        self._inner.error_received(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)


def _is_own(address: str) -> bool:
    """Whether an address is one of this PC's, now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
