"""What channels there are, what their records say, and which of them a caller may read."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sensorium.channels.catalogue import CHANNELS
from sensorium.records.fields import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensorium.channels.catalogue import Channel
    from sensorium.service.caller import Caller

_OPEN = ("public", "app")
"""Classes that need no grant."""


def listing(caller: Caller, grants: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer to GET /v1/channels.

    Args:
        caller: Who asks.
        grants: The owner's decisions, as control lists them.
    """
    decided = [grant for grant in grants if _concerns(grant, caller)]
    return {
        "channels": [_described(channel, caller, decided) for channel in CHANNELS.values()],
        "records": {
            name: _fields(struct)
            for channel in CHANNELS.values()
            for name, struct in _structs(channel.record).items()
        },
    }


def _described(
    channel: Channel, caller: Caller, decided: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    region = channel.region
    verdicts = {grant["allowed"] for grant in decided if region in grant["classes"]}
    readable = region in _OPEN or verdicts == {True}
    refusal = "it was denied" if False in verdicts else "there is no grant yet"
    return {
        "name": channel.name,
        "class": region,
        "kind": channel.kind.name.lower(),
        "record": channel.record.name,
        "version": f"{channel.record.major}.{channel.record.minor}",
        "slots": channel.slots,
        "max_age_ms": channel.max_age_ns / 1e6,
        "writer": channel.writer,
        "doc": channel.record.doc,
        "readable": readable,
        "reason": "" if readable else refusal,
        "remedy": "" if readable else (
            f"sensorium grants allow {shlex.quote(caller.app)} {region}"
        ),
    }


def _concerns(grant: Mapping[str, Any], caller: Caller) -> bool:
    return (
        grant["app"] == caller.app
        and grant["executable"] in ("", caller.executable)
        and (not grant["until"] or datetime.now(UTC) < datetime.fromisoformat(grant["until"]))
    )


def _structs(struct: Struct) -> dict[str, Struct]:
    """A struct and those in it, by name."""
    found = {struct.name: struct}
    for field in struct.fields:
        if isinstance(field.type, Struct):
            found |= _structs(field.type)
    return found


def _fields(struct: Struct) -> dict[str, Any]:
    return {
        "doc": struct.doc,
        "fields": [
            {
                "name": field.name,
                "type": field.type.name if isinstance(field.type, Struct) else field.type,
                "count": field.count,
                "doc": field.doc,
            }
            for field in struct.fields
        ],
    }
