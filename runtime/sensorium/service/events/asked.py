"""What a client asks for: channels, how often, and from where on."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.layout import Kind
from sensorium.records import PICTURE
from sensorium.records.fields import Struct
from sensorium.service.events import position
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sensorium.service.events.position import Position
    from sensorium.service.events.record_text import Only

DEFAULT = (
    "voice_event", "utterance", "wake_word", "gesture_event", "hand_gesture_event", "head_gesture",
    "push_to_talk", "transcript", "command", "intent",
)
DEFAULT_RATE_HZ = 10.0
LEAST_RATE_HZ, MOST_RATE_HZ = 0.1, 144.0
_MOST_ITEMS = 256
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")


@dataclass(frozen=True)
class Asked:
    """What a client asks for.

    Attributes:
        periods_ns: Channel to the shortest time between two of its events; 0 for an event
            channel, of which each record is told.
        positions: Where it stood when it was connected before.
        only: Channel to what it wants of its records; of others all.
    """

    periods_ns: Mapping[str, int]
    positions: Mapping[str, Position]
    only: Mapping[str, Only] = field(default_factory=dict)


def asked(
    channels: Sequence[str], rates: Sequence[str], resume: str, fields: Sequence[str] = ()
) -> Asked:
    """Reads the parameters of a request.

    Args:
        channels: Names, each text a comma-separated list; none: `DEFAULT`.
        rates: `HZ` for all state channels or `CHANNEL:HZ` for one, each text a comma-separated
            list; where there is none it is 10 Hz.
        resume: A token of `position`; may be empty.
        fields: `CHANNEL:FIELD`, `CHANNEL:STRUCT.FIELD` and so on, each text a comma-separated list.

    Raises:
        Problem: 400, with what would have been right.
    """
    names = [_channel(name) for name in _listed(channels, "channels")] if channels else DEFAULT
    if not names:
        raise Problem(400, "channels: no channel is named", "GET /v1/channels lists them")
    periods = {
        name: 0 if CHANNELS[name].kind is Kind.EVENT else _period_ns(DEFAULT_RATE_HZ)
        for name in names
    }
    own = {}
    for item in _listed(rates, "rate"):
        name, colon, number = item.rpartition(":")
        hertz = _hertz(number)
        if colon:
            if not periods.get(_channel(name)):
                raise Problem(
                    400, f"rate: {name} is not a state channel that is asked for",
                    "event channels have no rate: each record is told",
                )
            own[name] = _period_ns(hertz)
        else:
            periods = {name: period and _period_ns(hertz) for name, period in periods.items()}
    return Asked(
        periods | own, position.decode(resume) if resume else {}, _only(fields, periods)
    )


def shown(text: str) -> str:
    """The begin of what somebody sent, fit to be shown."""
    begin = text[:40].encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else "?" for c in begin)


def _listed(texts: Sequence[str], parameter: str) -> list[str]:
    items = [item.strip() for text in texts for item in text.split(",", _MOST_ITEMS)]
    if len(items) > _MOST_ITEMS:
        raise Problem(400, f"{parameter}: more than {_MOST_ITEMS} items", "name each once")
    return [item for item in dict.fromkeys(items) if item]


def _channel(name: str) -> str:
    if name in CHANNELS:
        if CHANNELS[name].record is PICTURE:
            raise Problem(
                400, f"the pictures of {name} are not told as events",
                "a client of runtime/clients reads them from shared memory",
            )
        return name
    near = difflib.get_close_matches(name[:40], CHANNELS, 3)
    raise Problem(
        400, f"there is no channel {shown(name)}",
        f"did you mean {' or '.join(near)}?" if near else "GET /v1/channels lists them",
    )


def _only(fields: Sequence[str], asked_for: Collection[str]) -> dict[str, Only]:
    wanted: dict[str, set[tuple[str, ...]]] = {}
    for item in _listed(fields, "fields"):
        name, _, path = item.partition(":")
        if _channel(name) not in asked_for:
            raise Problem(
                400, f"fields: the channel {name} is not asked for", "name it in channels, too"
            )
        struct: Struct | str = CHANNELS[name].record
        for part in path.split("."):
            inner = {one.name: one.type for one in struct.fields} if isinstance(struct, Struct) \
                else {}
            if part not in inner or part.startswith("_pad"):
                raise Problem(
                    400, f"fields: {name} has no field {shown(path)}",
                    "CHANNEL:FIELD, or CHANNEL:STRUCT.FIELD; GET /v1/channels lists them",
                )
            struct = inner[part]
        wanted.setdefault(name, set()).add(tuple(path.split(".")))
    return {name: frozenset(paths) for name, paths in wanted.items()}


def _hertz(text: str) -> float:
    hertz = float(text) if _NUMBER.fullmatch(text) else 0.0
    if not LEAST_RATE_HZ <= hertz <= MOST_RATE_HZ:
        raise Problem(
            400, f"rate: {shown(text)} is not a rate",
            f"{LEAST_RATE_HZ} to {MOST_RATE_HZ:g} Hz, or CHANNEL:HZ for one channel",
        )
    return hertz


def _period_ns(hertz: float) -> int:
    return round(1e9 / hertz)
