"""A connection's own way out, for what is sent many times a second and waits for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Outlet:
    """A request's scope has it as `state["outlet"]`.

    By ASGI a piece costs a task's step and what the server does with each message: more than the
    system call that sends it.

    Args:
        transport: Of the connection.
        is_live: Whether the answer goes on.
    """

    def __init__(self, transport: asyncio.Transport, is_live: Callable[[], bool]) -> None:
        self._transport = transport
        self._is_live = is_live

    @property
    def is_free(self) -> bool:
        """Whether all that was written is on its way, and more may be."""
        transport = self._transport
        return (
            not transport.get_write_buffer_size()
            and not transport.is_closing()
            and self._is_live()
        )

    def write(self, data: bytes) -> None:
        """Sends what is framed already, as the answer's protocol wants it."""
        self._transport.write(data)


def chunk(data: bytes) -> bytes:
    """A chunk of an HTTP answer whose length is not told (RFC 9112, section 7.1).

    Args:
        data: Not empty.
    """
    return b"%x\r\n%b\r\n" % (len(data), data)


def text_frame(text: str) -> bytes:
    """A WebSocket's message of text, from a server (RFC 6455, section 5.2)."""
    data = text.encode()
    size = len(data)
    if size < 126:
        return b"\x81%c%b" % (size, data)
    if size < 65_536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), data)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), data)
