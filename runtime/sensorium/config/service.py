"""What a configuration says of the local API."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Service:
    """The local API: HTTP and WebSocket for programs of this PC."""

    enabled: bool = field(
        default=False,
        metadata={"doc": "Whether it runs; at a Unix socket in the runtime folder (Linux)."},
    )
    tcp: bool = field(
        default=False,
        metadata={
            "doc": "Whether it listens on loopback TCP, too, for those who have the token; "
            "Windows has nothing else."
        },
    )
    port: int = field(
        default=0,
        metadata={
            "doc": "Of loopback TCP; 0: any free one. `sensorium api` tells it.",
            "min": 0,
            "max": 65_535,
        },
    )
    origins: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Origins of web pages that may use it, as http://localhost:3000."},
    )
    max_body_mib: int = field(
        default=64,
        metadata={"doc": "Largest request, in MiB.", "min": 1, "max": 1024},
    )
    emotions: bool = field(
        default=True,
        metadata={
            "doc": "Whether tasks may estimate emotions; never with workplace_or_education = true."
        },
    )
    longest_sound_min: float = field(
        default=30.0,
        metadata={
            "doc": "Longest sound that `transcribe` takes, in minutes; each takes 4 MB of memory.",
            "min": 0.1, "max": 600.0,
        },
    )
    max_connections: int = field(
        default=512,
        metadata={
            "doc": "Connections at a time, at most half of them of one process; others get 503.",
            "min": 4,
            "max": 4096,
        },
    )
    queue: int = field(
        default=32,
        metadata={
            "doc": "Runs of one engine that may wait; further ones get 429.", "min": 1, "max": 4096
        },
    )
    keep_s: float = field(
        default=300.0,
        metadata={
            "doc": "An engine that nobody used for so long is closed, in s.", "min": 1.0,
            "max": 86_400.0,
        },
    )
    keep_warm: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Engines that are loaded at the start and never closed."},
    )

    def __post_init__(self) -> None:
        if self.enabled and not self.tcp and sys.platform == "win32":
            raise ValueError("is enabled, but Windows has loopback TCP alone: write tcp = true")
