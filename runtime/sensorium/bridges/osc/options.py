"""The keys that all bridges over OSC have."""

from __future__ import annotations

from dataclasses import dataclass, field

from sensorium.bridges.listening import EVERYWHERE, LOOPBACK, check_address, is_loopback, listen_key


@dataclass(frozen=True)
class OscOptions:
    """Where VRChat is, and how often it is told."""

    host: str = field(
        default=LOOPBACK, metadata={"doc": "Address of the PC or headset that VRChat runs on."}
    )
    port: int = field(
        default=9000,
        metadata={
            "doc": "Where VRChat hears OSC, until OSCQuery says otherwise.", "min": 1,
            "max": 65_535,
        },
    )
    oscquery: bool = field(
        default=True,
        metadata={
            "doc": "Whether OSCQuery finds VRChat's port and shows this bridge's; needs no fixed "
            "port."
        },
    )
    listen: str = listen_key()
    rate_hz: float = field(
        default=20.0,
        metadata={"doc": "Most times a second that a value is sent.", "min": 1.0, "max": 90.0},
    )

    def __post_init__(self) -> None:
        check_address("host", self.host)
        check_address("listen", self.listen)
        if self.listen == EVERYWHERE:
            raise ValueError("listen must be one address of this PC, which is announced")
        if is_loopback(self.listen) and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host} is not this PC, which listen {self.listen} cannot reach: set "
                "listen to this PC's own address in that network"
            )
