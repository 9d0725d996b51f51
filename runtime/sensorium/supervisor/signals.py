"""Signals that end the daemon, and those that say that a child died, in the selector loop."""

from __future__ import annotations

import selectors
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Signals:
    """Turns signals into wake-ups of a selector loop, and ends it on SIGTERM and SIGINT.

    On Windows also on Ctrl-Break and the closing of the console. Outside the main thread, where
    Python allows no handlers, it does nothing.

    Args:
        selector: Of the loop.
        stop: Called in the main thread, from a handler.
    """

    def __init__(self, selector: selectors.BaseSelector, stop: Callable[[], None]) -> None:
        self._selector = selector
        self._stop = stop
        self._before: dict[int, Any] = {}
        self._active = threading.current_thread() is threading.main_thread()
        if not self._active:
            return
        self._wake, self._alarm = socket.socketpair()
        self._wake.setblocking(False)
        self._alarm.setblocking(False)
        selector.register(self._wake, selectors.EVENT_READ, self._drain)
        self._wakeup_before = signal.set_wakeup_fd(
            self._alarm.fileno(), warn_on_full_buffer=False
        )
        for number in _ending():
            self._before[number] = signal.signal(number, lambda _n, _f: self._stop())
        if sys.platform == "win32":
            self._console = _on_console_close(self._closing)
        else:
            self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _n, _f: None)

    def close(self) -> None:
        """Puts the handlers back."""
        if not self._active:
            return
        self._active = False
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._selector.unregister(self._wake)
        self._wake.close()
        self._alarm.close()

    def _drain(self, _mask: int) -> None:
        try:
            while self._wake.recv(64):
                pass
        except BlockingIOError:
            return

    def _closing(self) -> None:
        self._stop()
        self._alarm.send(b"\0")


def _ending() -> tuple[int, ...]:
    if sys.platform == "win32":
        return (signal.SIGTERM, signal.SIGINT, signal.SIGBREAK)
    ending = (signal.SIGTERM, signal.SIGINT)
    # A terminal that closes ends the daemon, but not one that nohup started.
    return ending if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else (*ending, signal.SIGHUP)


if sys.platform == "win32":
    import ctypes
    import time

    _CLOSE_EVENTS = (2, 5, 6)
    """CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT."""
    _GRACE_S = 4.5
    """Windows ends the process 5 s after the handler was called, or when it returns."""

    def _on_console_close(closing: Callable[[], None]) -> object:
        kind = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)

        def handle(event: int) -> int:
            if event not in _CLOSE_EVENTS:
                return 0
            closing()
            time.sleep(_GRACE_S)
            return 1

        handler = kind(handle)
        ctypes.WinDLL("kernel32").SetConsoleCtrlHandler(handler, 1)
        return handler
