"""What a service manager is told, also by one that does not read."""

from __future__ import annotations

import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from sensorium.supervisor.notify import Notifier

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd's socket")


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    name = f"sensorium-notify-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    monkeypatch.setenv("WATCHDOG_USEC", "2")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        manager.settimeout(30)
        yield manager


def test_a_manager_that_does_not_read_holds_up_nobody_and_is_told_later(
    manager: socket.socket,
) -> None:
    notifier = Notifier()

    def fill() -> None:
        # More than any queue holds: Linux' default is 10, systemd sets it to 512.
        for _ in range(2000):
            notifier.beat()
        notifier.send("READY=1")
        notifier.send("STATUS=live")

    filling = threading.Thread(target=fill, daemon=True)
    filling.start()
    filling.join(30)
    assert not filling.is_alive()
    told = []
    while "STATUS=live" not in told:
        told += manager.recv(4096).decode().split("\n")
        notifier.beat()
    assert told.index("WATCHDOG=1") == 0
    assert told[told.index("READY=1"):][:2] == ["READY=1", "STATUS=live"]


def test_without_a_manager_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier()
    notifier.send("READY=1")
    notifier.beat()
