"""Tells systemd how the daemon is (sd_notify(3)); without systemd nothing is told."""

from __future__ import annotations

import contextlib
import os
import socket

from sensorium.clock import now_ns


class Notifier:
    """Sends states to $NOTIFY_SOCKET and keeps the watchdog of the unit fed."""

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        interval, pid = os.environ.pop("WATCHDOG_USEC", ""), os.environ.pop("WATCHDOG_PID", "")
        mine = pid in ("", str(os.getpid()))
        interval_us = int(interval) if interval.isdigit() and mine else 0
        self._interval_ns = interval_us * 1000 // 2
        self._fed_ns = 0

    def send(self, *states: str) -> None:
        """Sends lines such as `READY=1`; a manager that does not listen is no fault."""
        if not self._address or not hasattr(socket, "AF_UNIX"):
            return
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link,
        ):
            link.sendto("\n".join(states).encode(), address)

    def beat(self) -> None:
        """Feeds the watchdog when half of its time is over."""
        now = now_ns()
        if self._interval_ns and now - self._fed_ns > self._interval_ns:
            self._fed_ns = now
            self.send("WATCHDOG=1")
