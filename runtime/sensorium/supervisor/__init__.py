"""The supervisor: one daemon a user, its regions, its children and its control socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.process import log_lines
from sensorium.supervisor.daemon import Daemon
from sensorium.supervisor.plan import check_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.config import Config

__all__ = ["check_names", "run"]


def run(config: Config, *, ready: Callable[[], None] | None = None) -> int:
    """Runs the daemon in the foreground until SIGTERM, SIGINT or `sensorium stop`.

    Args:
        config: As `config.load` gives it.
        ready: Called once, when every child is live.

    Returns:
        The exit code: 0 after a clean stop.

    Raises:
        ConfigError: When an option is wrong.
        ControlError: When another daemon runs or the runtime folder cannot be used.
    """
    check_names(config)
    log_lines.begin("supervisor", config.daemon.log_level, config.daemon.log_format)
    Daemon(config).run(ready)
    return 0
