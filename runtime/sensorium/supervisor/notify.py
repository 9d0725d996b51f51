"""Tells systemd how the daemon is (sd_notify(3)); without systemd nothing is told."""

from __future__ import annotations

import os
import socket

from sensorium.clock import now_ns

_PATIENCE_S = 0.2
"""How long the manager's full queue is waited for."""


class Notifier:
    """Sends states to $NOTIFY_SOCKET and keeps the watchdog of the unit fed."""

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        interval, pid = os.environ.pop("WATCHDOG_USEC", ""), os.environ.pop("WATCHDOG_PID", "")
        mine = pid in ("", str(os.getpid()))
        interval_us = int(interval) if interval.isdigit() and mine else 0
        self._interval_ns = interval_us * 1000 // 2
        self._fed_ns = 0
        self._unsent: list[str] = []

    def send(self, *states: str) -> None:
        """Sends lines such as `READY=1`; a manager that does not listen is no fault.

        Where too much waits for the manager, they are sent with a later beat.
        """
        self._unsent.extend(states)
        self._flush(_PATIENCE_S)

    def beat(self) -> None:
        """Feeds the watchdog when half of its time is over."""
        now = now_ns()
        if self._interval_ns and now - self._fed_ns > self._interval_ns:
            self._fed_ns = now
            self._flush(0.0, "WATCHDOG=1")
        elif self._unsent:
            self._flush(0.0)

    def _flush(self, patience_s: float, *more: str) -> None:
        """Sends what waits, and more that need not be sent later."""
        if not self._address or not hasattr(socket, "AF_UNIX"):
            self._unsent.clear()
            return
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
                # Else a manager that hangs would hold up the supervisor.
                link.settimeout(patience_s)
                link.sendto("\n".join((*self._unsent, *more)).encode(), address)
        except (BlockingIOError, TimeoutError):
            return
        except OSError:
            pass
        self._unsent.clear()
