"""Where a client stands in its channels, as a text that it may give back to go on from there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sensorium.channels.catalogue import CHANNELS
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_CHARACTERS = 8192
_VERSION = "1"
_TOKEN = re.compile(
    r"1(?:~[0-9a-f]{1,16}\.[0-9a-f]{1,16}(?:-[a-z0-9_]{1,31}\.[0-9a-f]{1,16})+)*"
)


class Position(NamedTuple):
    """A place in a channel: in which memory, and the number of the record that was told last.

    Attributes:
        started_ns: When the daemon (or an app's own region) began.
        generation: Of the region.
        n: 0: none yet.
    """

    started_ns: int
    generation: int
    n: int


def encode(positions: Mapping[str, Position]) -> str:
    """The token: letters, digits and `-._~` alone, so that a URL and a header hold it as it is.

    Args:
        positions: By channel; those of one region stand together.
    """
    parts, region = [_VERSION], (-1, -1)
    for name, (started_ns, generation, n) in positions.items():
        if region != (started_ns, generation):
            region = (started_ns, generation)
            parts.append(f"~{started_ns:x}.{generation:x}")
        parts.append(f"-{name}.{n:x}")
    return "".join(parts)


def decode(token: str) -> dict[str, Position]:
    """The positions in a token; those of channels that this version does not have are left out.

    Raises:
        Problem: 400, it is none.
    """
    if len(token) > MOST_CHARACTERS or not _TOKEN.fullmatch(token):
        raise Problem(
            400, "the resume token is not one that this service made",
            "give back the `id` (or `resume`) of an event as it came, or leave it out",
        )
    found = {}
    for group in token.split("~")[1:]:
        region, *places = group.split("-")
        started_ns, generation = (int(part, 16) for part in region.split("."))
        for place in places:
            name, n = place.split(".")
            if name in CHANNELS:
                found[name] = Position(started_ns, generation, int(n, 16))
    return found
