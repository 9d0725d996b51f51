"""What the clients are generated from, and the order in which a language has to define it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.channels import layout
from sensorium.channels.catalogue import CHANNELS, Channel
from sensorium.records import RECORDS, Record, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Source:
    """One version of the daemon, as its clients know it.

    Attributes:
        records: All records, by ascending id.
        channels: The catalogue.
        layout_major: Of the region's layout.
        layout_minor: Of the region's layout.
    """

    records: tuple[Record, ...] = RECORDS
    channels: tuple[Channel, ...] = tuple(CHANNELS.values())
    layout_major: int = layout.LAYOUT_MAJOR
    layout_minor: int = layout.LAYOUT_MINOR


CURRENT = Source()
"""This version."""


def structs(source: Source = CURRENT) -> tuple[Struct, ...]:
    """Every struct and record once, each behind the structs that it contains.

    Raises:
        ValueError: When two different structs have one name.
    """
    found: dict[str, Struct] = {}
    for record in source.records:
        for struct in _inside(record):
            known = found.setdefault(struct.name, struct)
            if known is not struct:
                raise ValueError(f"two structs are called {struct.name}")
    return tuple(found.values())


def written_by_apps(source: Source) -> frozenset[str]:
    """Names of the records that an app writes."""
    return frozenset(c.record.name for c in source.channels if c.writer == "app")


def read_by_apps(source: Source) -> frozenset[str]:
    """Names of the records that an app reads: all but those that apps alone write."""
    carried = frozenset(c.record.name for c in source.channels)
    told = frozenset(c.record.name for c in source.channels if c.writer != "app")
    return frozenset(r.name for r in source.records if r.name not in carried) | told


def is_padding(name: str) -> bool:
    """Whether a field only fills a gap."""
    return name.startswith("_pad")


def pascal(name: str) -> str:
    """`voice_activity` as `VoiceActivity`."""
    return "".join(part.capitalize() for part in name.split("_"))


def _inside(struct: Struct) -> Iterator[Struct]:
    for field in struct.fields:
        if isinstance(field.type, Struct):
            yield from _inside(field.type)
    yield struct
