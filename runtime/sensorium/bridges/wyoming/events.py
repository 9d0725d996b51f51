"""Wyoming's events on a stream: a line of JSON, then data and payload of the lengths that it names.

See github.com/OHF-Voice/wyoming. What is longer than an event of speech is, or not as announced, is
refused before it is held.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

MOST_HEADER = 65_536
MOST_DATA = 65_536
MOST_PAYLOAD = 1 << 20
_REST_S = 10.0
"""How long the rest of an event may take that has begun."""


class Event(NamedTuple):
    """One event.

    Attributes:
        kind: As `audio-chunk`.
        data: Its fields.
        payload: Samples, mostly.
    """

    kind: str
    data: dict[str, Any]
    payload: bytes = b""


class BadEvent(Exception):
    """What came is no event, or none that can be done; the message says why."""


async def read(reader: asyncio.StreamReader) -> Event | None:
    """The next event; None: the stream has ended.

    Args:
        reader: With a limit of `MOST_HEADER`.

    Raises:
        BadEvent: What came is none.
    """
    try:
        first = await reader.readexactly(1)
    except asyncio.IncompleteReadError:
        return None
    try:
        async with asyncio.timeout(_REST_S):
            header = _object(first + await reader.readuntil(b"\n"), "a header")
            kind, data = header.get("type"), header.get("data")
            data = {} if data is None else data
            if type(kind) is not str or not isinstance(data, dict):
                raise BadEvent("a header has no type, or its data is no object")
            length = _length(header, "data_length", MOST_DATA)
            if length:
                data = {**data, **_object(await reader.readexactly(length), "data")}
            length = _length(header, "payload_length", MOST_PAYLOAD)
            payload = await reader.readexactly(length) if length else b""
    except asyncio.LimitOverrunError:
        raise BadEvent(f"a header is longer than {MOST_HEADER} bytes") from None
    except asyncio.IncompleteReadError as error:
        raise BadEvent(f"the stream ended where {error.expected} bytes were to come") from None
    except TimeoutError:
        raise BadEvent(f"the rest of an event did not come within {_REST_S:g} s") from None
    return Event(kind, data, payload)


def encode(event: Event) -> bytes:
    """An event as bytes."""
    data = json.dumps(event.data).encode() if event.data else b""
    header: dict[str, Any] = {"type": event.kind}
    if data:
        header["data_length"] = len(data)
    if event.payload:
        header["payload_length"] = len(event.payload)
    return json.dumps(header).encode() + b"\n" + data + event.payload


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise BadEvent(f"{what} is not JSON") from None
    if not isinstance(content, dict):
        raise BadEvent(f"{what} is no object")
    return content


def _length(header: dict[str, Any], name: str, most: int) -> int:
    length = header.get(name)
    if length is None:
        return 0
    if type(length) is not int or not 0 <= length <= most:
        raise BadEvent(f"{name} must lie in 0 to {most}")
    return length
