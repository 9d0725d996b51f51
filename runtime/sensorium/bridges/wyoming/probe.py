"""Whether the bridge answers those who hear: asked from the outside, as they would."""

from __future__ import annotations

import asyncio
import re

from sensorium.bridges.listening import EVERYWHERE, LOOPBACK
from sensorium.bridges.wyoming import events
from sensorium.bridges.wyoming.events import BadEvent, Event

_ASK_S = 30.0
"""Models may have to be loaded first."""


def prove(detail: str) -> str:
    """What it answers to `describe`, in words.

    Args:
        detail: What it told the daemon of itself.

    Raises:
        OSError: Nothing.
        ValueError: Something else.
    """
    where = re.search(r"tcp://([\d.]+):(\d+)", detail)
    if where is None:
        raise ValueError("it does not say where it listens")
    host = LOOPBACK if where[1] == EVERYWHERE else where[1]
    try:
        answer = asyncio.run(_described(host, int(where[2])))
    except BadEvent as error:
        raise ValueError(str(error)) from error
    if answer is None or answer.kind != "info":
        raise ValueError("it does not answer describe with info")
    try:
        models = [
            str(model["name"])
            for kind in ("asr", "wake")
            for program in answer.data[kind] for model in program["models"]
        ]
    except (KeyError, TypeError) as error:
        raise ValueError("its info is not as it should be") from error
    return f"answers describe at {host}:{where[2]}: {', '.join(models) or 'no model'}"


async def _described(host: str, port: int) -> Event | None:
    async with asyncio.timeout(_ASK_S):
        reader, writer = await asyncio.open_connection(host, port, limit=events.MOST_HEADER)
        try:
            writer.write(events.encode(Event("describe", {})))
            return await events.read(reader)
        finally:
            writer.close()
