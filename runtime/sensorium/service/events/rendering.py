"""Events as JSON texts: a record of a channel, or a notice about a channel."""

from __future__ import annotations

import json
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium.health import Device, Precision, reason_words
from sensorium.records.plain import finite, to_dict

if TYPE_CHECKING:
    from sensorium.channels.catalogue import Channel
    from sensorium.channels.reader import Snapshot

_DEVICES = {int(device): device.name.lower() for device in Device}
_LONGEST_NS = 60_000_000_000
"""No utterance is longer from its begin to its text."""
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

    @cached_property
    def sse(self) -> bytes:
        """The field `data` of a server-sent event."""
        return b"data: " + self.text.encode() + b"\n"

    @cached_property
    def whole_sse(self) -> bytes:
        """A server-sent event without an id."""
        return self.sse + b"\n"


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


def record(channel: Channel, generation: int, sample: Snapshot) -> Told:
    """A record, with what its slot says of it."""
    plain = to_dict(channel.record, sample.record.ljust(channel.record.size, b"\0"))
    return Told(sample.n, text_of({
        "event": "record",
        "channel": channel.name,
        "n": sample.n,
        "generation": generation,
        "epoch": sample.epoch,
        "capture_ns": sample.capture_ns,
        "publish_ns": sample.publish_ns,
        "valid": sample.valid,
        "reason": reason_words(sample.reason),
        "confidence": None if math.isnan(sample.confidence) else sample.confidence,
        "engine": sample.engine,
        "engine_hash": f"{sample.engine_hash:08x}",
        "precision": _PRECISIONS.get(sample.precision, f"precision {sample.precision}"),
        "device": _DEVICES.get(sample.device, f"device {sample.device}"),
        "flags": sample.flags,
        "record": plain,
    }), _since_ns(sample.publish_ns, plain.get("start_ns", 0)))


def _since_ns(publish_ns: int, start_ns: int) -> int:
    """What is said begins before it is told; a replay's times may be of any clock."""
    return start_ns if 0 <= publish_ns - start_ns <= _LONGEST_NS else publish_ns


def text_of(document: dict[str, Any]) -> str:
    """A document on one line; numbers that JSON does not have become null."""
    try:
        return _dumped(document)
    except ValueError:
        return _dumped(finite(document))


def _dumped(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
