"""The bridge to Wyoming: a server for devices that hear, as Home Assistant's satellites."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from sensorium.bridges.listening import warn_of
from sensorium.bridges.wyoming import events, info, probe
from sensorium.bridges.wyoming.engines import Engines
from sensorium.bridges.wyoming.events import BadEvent, Event
from sensorium.bridges.wyoming.options import WyomingOptions
from sensorium.bridges.wyoming.session import Session
from sensorium.errors import EngineError, SensoriumError

if TYPE_CHECKING:
    from sensorium.bridges.bridge import Host

_SLOW_S = 10.0
"""A client that takes no answer for so long is let go."""
_IDLE_S = 600.0
"""So is one that says nothing."""
_LINGER_S = 2.0
_MOST_REFUSED = 16
"""Clients beyond the allowed ones that are told so; further ones are let go without a word."""
_log = logging.getLogger(__name__)


class Wyoming:
    """See `bridge.Bridge`. It reads no channel: the sound is its clients'."""

    Options = WyomingOptions
    APP = ""

    def __init__(self, options: WyomingOptions, host: Host) -> None:
        self._options = options
        self._host = host
        self._engines = Engines(host.load, options.model)
        self._clients: set[asyncio.Task[None]] = set()
        self._served = 0

    @staticmethod
    def classes(_options: WyomingOptions) -> tuple[str, ...]:
        """See `Bridge`."""
        return ()

    @staticmethod
    def prove(detail: str) -> str:
        """See `Bridge`."""
        return probe.prove(detail)

    async def run(self) -> None:
        """See `Bridge`."""
        options = self._options
        warn_of(self._host.name, options.listen)
        try:
            server = await asyncio.start_server(
                self._connected, options.listen, options.port, limit=events.MOST_HEADER
            )
        except OSError as error:
            raise SensoriumError(
                f"bridges.{self._host.name} cannot listen at {options.listen}:{options.port}: "
                f"{error.strerror}",
                "choose another port in [bridges.wyoming], or 0 for any free one",
            ) from error
        try:
            await self._tell(server.sockets[0].getsockname()[1])
            await asyncio.Event().wait()
        finally:
            server.close()
            clients = tuple(self._clients)
            for task in clients:
                task.cancel()
            await asyncio.gather(*clients, return_exceptions=True)
            await self._engines.close()

    async def _tell(self, port: int) -> None:
        """Says where it listens, and what it can."""
        engines, options = self._engines, self._options
        lacking = await engines.call(engines.speech_missing)
        heads = await engines.call(info.wake_words, engines, options)
        missing = (*lacking, *(name for name in options.wake_words if name not in heads))
        offers = [
            *(() if lacking else ("speech to text", "voice activity")),
            *(f"wake word {name}" for name in heads),
        ]
        detail = f"tcp://{options.listen}:{port}: {', '.join(offers) or 'nothing yet'}"
        if missing:
            detail += f"; not built: {', '.join(missing)}"
        self._host.report(
            "live" if offers else "failed", detail,
            f"sensorium-engines build {' '.join(missing)}" if missing else "",
        )

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        full = self._served >= self._options.max_clients
        if full and len(self._clients) - self._served >= _MOST_REFUSED:
            writer.close()
            return
        self._clients.add(task)
        try:
            await self._attend(reader, writer, full=full)
        except (OSError, TimeoutError) as error:
            _log.debug("a Wyoming client has gone: %s", error)
        except asyncio.CancelledError:
            # The bridge ends; asyncio's streams would log it as a fault.
            pass
        finally:
            self._clients.discard(task)
            writer.close()

    async def _attend(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, full: bool
    ) -> None:
        """Serves a client, or tells it why not."""
        try:
            if full:
                raise BadEvent(f"{self._options.max_clients} clients are connected: come again")
            await self._serve(reader, writer)
        except BadEvent as error:
            await _refuse(reader, writer, str(error), "bad-request")
        except EngineError as error:
            await _refuse(reader, writer, str(error), "engine")

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        session = Session(self._engines, self._options)
        self._served += 1
        try:
            while True:
                async with asyncio.timeout(_IDLE_S):
                    event = await events.read(reader)
                if event is None:
                    return
                await _send(writer, await session.take(event))
        finally:
            # Who is being told what was wrong takes no place any more.
            self._served -= 1


async def _refuse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str, code: str
) -> None:
    """Says why, and takes a little more: else the system throws the answer away with the rest."""
    _log.debug("a Wyoming client was refused: %s", text)
    with contextlib.suppress(OSError, TimeoutError):
        await _send(writer, [Event("error", {"text": text, "code": code})])
        writer.write_eof()
        async with asyncio.timeout(_LINGER_S):
            while await reader.read(events.MOST_PAYLOAD):
                pass


async def _send(writer: asyncio.StreamWriter, answers: list[Event]) -> None:
    """Sends, and waits until the client takes it.

    Raises:
        OSError: It has gone.
        TimeoutError: It takes nothing.
    """
    for answer in answers:
        writer.write(events.encode(answer))
    async with asyncio.timeout(_SLOW_S):
        await writer.drain()
