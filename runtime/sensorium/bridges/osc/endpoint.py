"""One UDP socket that sends OSC messages and hears a few."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket, ParseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pythonosc.osc_message import OscMessage

    Address = tuple[str, int]
    Heard = Callable[[OscMessage, Address], None]

_LARGEST = 8192
"""Bytes of a datagram that is looked at; what is heard here takes less than a hundred."""
_log = logging.getLogger(__name__)


class Endpoint(asyncio.DatagramProtocol):
    """Made by `open_endpoint`.

    Args:
        heard: Takes each message and its sender.
    """

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        """Where it hears."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def send(self, to: Address, address: str, *values: Any) -> None:
        """Sends a message; one that the system has no room for is lost, as on any network.

        Args:
            to: Host and port.
            address: OSC's.
            values: bool, int, float or str.
        """
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        if self._transport is not None:
            self._transport.sendto(builder.build().dgram, to)

    def close(self) -> None:
        """Closes the socket, behind what was sent."""
        if self._transport is not None:
            self._transport.close()

    # asyncio narrows it by what made it.
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """See asyncio; what is no OSC is left."""
        if len(data) > _LARGEST:
            return
        try:
            messages = [timed.message for timed in OscPacket(data).messages]
        except (ParseError, ValueError, IndexError, RecursionError):
            return
        for message in messages:
            self._heard(message, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        """See asyncio: as when nobody hears at the port."""
        _log.debug("OSC: %s", exc)


async def open_endpoint(listen: str, heard: Heard) -> Endpoint:
    """Opens a socket at a free port.

    Args:
        listen: Address of this PC.
        heard: See `Endpoint`.

    Raises:
        OSError: The address is not this PC's.
    """
    loop = asyncio.get_running_loop()
    _, endpoint = await loop.create_datagram_endpoint(
        lambda: Endpoint(heard), local_addr=(listen, 0)
    )
    return endpoint
