"""How the daemon is to be started, whatever starts it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

IDLE_S = 300
"""A daemon that was started on demand stops after so long without anybody."""
_FOLDERS = (
    "SENSORIUM_RUNTIME_DIR", "SENSORIUM_CONFIG_DIR", "SENSORIUM_DATA_DIR", "SENSORIUM_CACHE_DIR",
    "XR_RUNTIME_JSON",
)


@dataclass(frozen=True)
class Wish:
    """How the daemon is to be started.

    Attributes:
        config: Of its configuration, a path or the name of a shipped one; empty: the user's own.
        beside: The systemd unit that it starts and stops with; empty: the user's session.
        on_demand: By the first who connects, and only until nobody is connected any more.
        with_steamvr: By SteamVR, and not with the session.
    """

    config: str = ""
    beside: str = ""
    on_demand: bool = False
    with_steamvr: bool = False

    @property
    def arguments(self) -> list[str]:
        """What `sensorium` is given."""
        words = ["run"]
        if self.config:
            words += ["--config", self.config]
        if self.on_demand:
            words += ["--set", f"daemon.stop_idle_s={IDLE_S}"]
        return words


def environment() -> dict[str, str]:
    """What this installation was told to use, which is told to the daemon, too."""
    return {name: os.environ[name] for name in _FOLDERS if os.environ.get(name)}


def options() -> list[str]:
    """The same as options of a program, which `take` takes, for what starts one without it."""
    return [f"--environment={name}={value}" for name, value in environment().items()]


def take(told: Sequence[str]) -> None:
    """Sets the environment of this process; each is NAME=VALUE."""
    for name, _, value in (text.partition("=") for text in told):
        os.environ[name] = value
