"""What a bridge is, and which there are.

A bridge's class has `Options` (a frozen dataclass that the configuration fills), `APP` (the name
under which it asks the daemon for channels; empty: it reads none), `classes(options)` (the grant
classes that it then asks for) and is made with options and its host.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensorium.inference.engine import Engine

BRIDGES: dict[str, str] = {
    "vrchat": "sensorium.bridges.vrchat.bridge:VRChat",
    "unified_expressions": "sensorium.bridges.unified_expressions.bridge:UnifiedExpressions",
    "wyoming": "sensorium.bridges.wyoming.bridge:Wyoming",
}
"""Name in the configuration to `module:Class`."""


@dataclass(frozen=True)
class Host:
    """What a bridge may use of its process.

    Attributes:
        name: Of the bridge, in the configuration.
        folder: The daemon's runtime folder.
        load: Loads an engine by its name; blocks. Closed when the bridge has ended.
        report: Tells the owner its state, a detail and a remedy.
    """

    name: str
    folder: Path
    load: Callable[[str], Engine]
    report: Callable[[str, str, str], None]


class Bridge(Protocol):
    """One entry of `BRIDGES`."""

    Options: ClassVar[type[Any]]
    APP: ClassVar[str]

    def __init__(self, options: Any, host: Host) -> None: ...

    @staticmethod
    def classes(options: Any) -> tuple[str, ...]:
        """The grant classes that it reads with these options, besides `public`."""
        ...

    @staticmethod
    def prove(detail: str) -> str:
        """Asks a running one as its other side would, and says what arrives; blocks.

        Args:
            detail: What it reported of itself.

        Raises:
            OSError: Nothing arrives.
            ValueError: Something else does.
            LookupError: It cannot be asked, with its options.
        """
        ...

    async def run(self) -> None:
        """Works until it is cancelled; it then leaves nothing behind that looks live.

        When it returns or raises, no engine of its host is in use any more.

        Raises:
            SensoriumError: It cannot go on; it is begun anew later.
        """
        ...
