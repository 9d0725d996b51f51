"""The way to VRChat: what is sent where, and what it and others can ask."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

from zeroconf import Error as ZeroconfError

from sensorium.bridges.listening import is_loopback, warn_of
from sensorium.bridges.osc import tree
from sensorium.bridges.osc.discovery import Discovery
from sensorium.bridges.osc.endpoint import Endpoint, open_endpoint
from sensorium.bridges.osc.parameter import Outbox
from sensorium.bridges.osc.probe import PROBE
from sensorium.bridges.osc.query_server import QueryServer
from sensorium.clock import now_ns
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from pythonosc.osc_message import OscMessage

    from sensorium.bridges.bridge import Host
    from sensorium.bridges.osc.options import OscOptions
    from sensorium.bridges.osc.parameter import Parameter

_REFRESH_NS = 5_000_000_000
"""How often all is told again while nothing says when VRChat starts."""


class OscLink:
    """An asynchronous context manager.

    Args:
        name: As which it is announced.
        options: Of the bridge.
        host: Of the bridge.
        parameters: All that it may send.
    """

    def __init__(
        self, name: str, options: OscOptions, host: Host, parameters: Iterable[Parameter]
    ) -> None:
        self.outbox = Outbox(parameters)
        self._name = f"{name}-{secrets.token_hex(3)}"
        self._options = options
        self._host = host
        self._to = (options.host, options.port)
        self._found = False
        self._told_ns = 0
        self._mdns = self._note = ""
        self._endpoint: Endpoint | None = None
        self._server: QueryServer | None = None
        self._discovery: Discovery | None = None
        self._announcing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> OscLink:
        options = self._options
        warn_of(self._host.name, options.listen)
        try:
            self._endpoint = await open_endpoint(options.listen, self._heard)
            if options.oscquery:
                self._server = QueryServer(lambda: tree.tree(self.outbox), self._info)
                await self._server.serve(options.listen)
        except OSError as error:
            await self._close()
            raise SensoriumError(
                f"bridges.{self._host.name} cannot listen at {options.listen}: {error.strerror}",
                "set listen to an address of this PC; 127.0.0.1 always is",
            ) from error
        if self._server is not None:
            self._announcing = asyncio.create_task(self._announce())
        self._report()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.flush({})
            if self._announcing is not None:
                self._announcing.cancel()
                await asyncio.gather(self._announcing, return_exceptions=True)
            if self._discovery is not None:
                await self._discovery.close()
        finally:
            await self._close()

    def flush(self, values: dict[str, Any]) -> None:
        """Sends what has changed.

        Args:
            values: Parameter's name to value; those that are not named are neutral.
        """
        now = now_ns()
        if not self._found and now - self._told_ns > _REFRESH_NS:
            self._told_ns = now
            self.outbox.forget()
        self.outbox.set(values)
        for parameter, value in self.outbox.take():
            self.send(parameter.address, value)

    def send(self, address: str, *values: Any) -> None:
        """Sends one message to VRChat."""
        if self._endpoint is not None:
            self._endpoint.send(self._to, address, *values)

    def note(self, text: str) -> None:
        """Tells the owner something beside where it sends to."""
        if text != self._note:
            self._note = text
            self._report()

    def _heard(self, message: OscMessage, sender: tuple[str, int]) -> None:
        if message.address == tree.AVATAR_CHANGE:
            self.outbox.forget()
        elif message.address == PROBE and self._endpoint is not None and self._is_near(sender[0]):
            public = [one for one in self.outbox.parameters if one.region == "public"]
            self._endpoint.send(sender, PROBE, len(public))
            for one in public:
                self._endpoint.send(sender, one.address, self.outbox.value(one))

    def _is_near(self, address: str) -> bool:
        """Whether a sender is a program of this PC, which reaches `listen` from there."""
        return is_loopback(address) or address == self._options.listen

    def _moved(self, port: int | None) -> None:
        """VRChat was found at a port, or has gone."""
        self._found = port is not None
        self._to = (self._options.host, port or self._options.port)
        self.outbox.forget()
        self._report()

    async def _announce(self) -> None:
        assert self._server is not None
        assert self._endpoint is not None
        options = self._options
        self._discovery = Discovery(self._name, options.listen, options.host, self._moved)
        try:
            await self._discovery.open(self._endpoint.port, self._server.port)
        except (OSError, ZeroconfError, RuntimeError) as error:
            self._mdns = f"; not announced: {error or type(error).__name__}"
            self._report()

    def _info(self) -> dict[str, Any]:
        assert self._endpoint is not None
        return tree.host_info(self._name, self._options.listen, self._endpoint.port)

    def _report(self) -> None:
        found = "VRChat" if self._found else "OSC"
        detail = f"{found} at {self._to[0]}:{self._to[1]}"
        if self._server is not None:
            detail += f", OSCQuery http://{self._options.listen}:{self._server.port}/{self._mdns}"
        if self._note:
            detail += f"; {self._note}"
        self._host.report("live", detail, "")

    async def _close(self) -> None:
        if self._server is not None:
            await self._server.close()
        if self._endpoint is not None:
            self._endpoint.close()
