"""The records' structs in the order in which a language has to define them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.channels.catalogue import CHANNELS
from sensorium.records import RECORDS, Record, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator


def structs() -> tuple[Struct, ...]:
    """Every struct and record once, each behind the structs that it contains.

    Raises:
        ValueError: When two different structs have one name.
    """
    found: dict[str, Struct] = {}
    for record in RECORDS:
        for struct in _inside(record):
            known = found.setdefault(struct.name, struct)
            if known is not struct:
                raise ValueError(f"two structs are called {struct.name}")
    return tuple(found.values())


def written_by_apps() -> frozenset[str]:
    """Names of the records that an app writes; their channels are read by the daemon only."""
    return frozenset(c.record.name for c in CHANNELS.values() if c.writer == "app")


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


__all__ = ["Record", "Struct", "is_padding", "pascal", "structs", "written_by_apps"]
