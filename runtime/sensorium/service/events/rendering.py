"""Events as JSON texts: a record of a channel, or a notice about a channel."""

from __future__ import annotations

import functools
import json
import math
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium import records
from sensorium.control.standing import began_ns
from sensorium.health import Device, Precision, reason_words
from sensorium.records.plain import finite
from sensorium.service import outlet
from sensorium.service.events import record_text

if TYPE_CHECKING:
    from sensorium.channels.catalogue import Channel
    from sensorium.channels.reader import Snapshot
    from sensorium.records.fields import Record
    from sensorium.service.events.record_text import Only

_DEVICES = {int(device): device.name.lower() for device in Device}
_WORD = struct.Struct("<Q")
_PRECISIONS = {int(precision): precision.name.lower() for precision in Precision}


class Told:
    """One event, rendered once for all who get it.

    Attributes:
        n: The record's number; 0: a notice.
        text: One JSON object on one line.
        since_ns: When what it tells began, or, where its record does not say, was told.
    """

    def __init__(self, n: int, text: str, since_ns: int = 0) -> None:
        self.n = n
        self.text = text
        self.since_ns = since_ns

    @functools.cached_property
    def sse(self) -> bytes:
        """The field `data` of a server-sent event."""
        return b"data: " + self.text.encode() + b"\n"

    @functools.cached_property
    def whole_sse(self) -> bytes:
        """A server-sent event without an id."""
        return b"data: " + self.text.encode() + b"\n\n"

    @functools.cached_property
    def sse_chunk(self) -> bytes:
        """`whole_sse` as it goes out."""
        return outlet.chunk(self.whole_sse)

    @functools.cached_property
    def frame(self) -> bytes:
        """A WebSocket's message without a token, as it goes out."""
        return outlet.text_frame(self.text)


class Item(NamedTuple):
    """One event for one client.

    Attributes:
        kind: Of a notice: open, lost, silent, live, closed, denied; empty for a record.
        told: The event.
        token: Where the client stands when it has it; None for state, which has no past.
    """

    kind: str
    told: Told
    token: str | None


def record(channel: Channel, generation: int, sample: Snapshot, only: Only = None) -> Told:
    """A record, or what of it is wanted, with what its slot says of it."""
    data = sample.record.ljust(channel.record.size, b"\0")
    confidence = f"{sample.confidence:.9g}" if math.isfinite(sample.confidence) else "null"
    reason, engine = _said(
        sample.valid, sample.reason, sample.engine, sample.engine_hash, sample.precision,
        sample.device,
    )
    return Told(
        sample.n,
        f'{{"event":"record","channel":"{channel.name}","n":{sample.n},"generation":{generation},'
        f'"epoch":{sample.epoch},"capture_ns":{sample.capture_ns},'
        f'"publish_ns":{sample.publish_ns},{reason},"confidence":{confidence},{engine},'
        f'"flags":{sample.flags},"record":{record_text.text_of(channel.record, data, only)}}}',
        _since_ns(channel.record, data, sample),
    )


@functools.lru_cache(256)
def _said(
    valid: bool, reason: int, engine: str, engine_hash: int, precision: int, device: int
) -> tuple[str, str]:
    """Members that stay the same from record to record."""
    return (
        text_of({"valid": valid, "reason": reason_words(reason)})[1:-1],
        text_of({
            "engine": engine,
            "engine_hash": f"{engine_hash:08x}",
            "precision": _PRECISIONS.get(precision, f"precision {precision}"),
            "device": _DEVICES.get(device, f"device {device}"),
        })[1:-1],
    )


def _since_ns(record: Record, data: bytes, sample: Snapshot) -> int:
    """What is said begins before it is told."""
    at = _start_at(record.id)
    if at is None:
        return sample.publish_ns
    return began_ns(_WORD.unpack_from(data, at)[0], sample.capture_ns, sample.publish_ns)


@functools.cache
def _start_at(record_id: int) -> int | None:
    """Where a record says when what it tells began; None: it does not."""
    placed = records.BY_ID[record_id].placed
    return next((one.offset for one in placed if one.field.name == "start_ns"), None)


def text_of(document: dict[str, Any]) -> str:
    """A document on one line; numbers that JSON does not have become null."""
    try:
        return _dumped(document)
    except ValueError:
        return _dumped(finite(document))


def _dumped(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
