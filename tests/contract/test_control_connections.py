"""Many, slow and silent connections to the control socket, and who gives way."""

from __future__ import annotations

import resource
import socket
import sys
import time
from typing import TYPE_CHECKING

import pytest
from fixtures.control_line import dial, hear
from fixtures.control_server import ServedFolder
from fixtures.waiting import eventually

from sensorium.control import frames
from sensorium.control.client import Client
from sensorium.control.replies import Refused
from sensorium.control.sessions import MAX_APPS, MAX_CONNECTIONS
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedFolder]:
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    with ServedFolder(folder) as running:
        yield running


def test_a_client_that_does_not_read_holds_up_nobody(served: ServedFolder) -> None:
    request = frames.encode({"op": "reload"})
    slow = dial(served)
    slow.setblocking(False)
    asked = 0
    while asked < 100_000:
        try:
            assert slow.send(request) == len(request)
        except BlockingIOError:
            break
        asked += 1
    assert asked > 10
    eventually(lambda: served.desk.requests > 0, "a request arrives")
    with Client.connect("beat-game", served.folder) as client:
        assert client.request("status")["ok"]
    assert served.desk.requests < asked
    slow.settimeout(60)
    for _ in range(asked):
        answer = hear(slow)
        assert answer is not None
        assert answer["ok"]
    slow.close()


def test_one_app_too_many_is_told_and_a_free_place_is_taken_again(served: ServedFolder) -> None:
    clients = [Client.connect(f"app-{i}", served.folder) for i in range(MAX_APPS)]
    with pytest.raises(Refused, match="apps are connected") as caught:
        Client.connect("one-more", served.folder)
    assert caught.value.code == "BUSY"
    clients.pop().close()
    eventually(lambda: len(served.server.connections) < MAX_APPS, "a place is free")
    clients.append(Client.connect("one-more", served.folder))
    for client in clients:
        assert client.request("status")["ok"]
        client.close()


def test_as_many_apps_as_may_be_leave_the_owner_his_commands(served: ServedFolder) -> None:
    clients = [Client.connect(f"app-{i}", served.folder) for i in range(MAX_APPS)]
    with Client.connect("sensorium-cli", served.folder, owner=True) as owner:
        assert owner.greeting == {}
        assert owner.request("status")["ok"]
        owner.request("grant", action="deny", app="app-1", classes="motion")
        with pytest.raises(Refused, match="before hello"):
            owner.open("public")
    for client in clients:
        client.close()
    with Client.connect("sensorium-cli", served.folder, owner=True) as owner:
        assert owner.greeting["session"]


def test_the_sixty_fifth_connection_is_told(served: ServedFolder) -> None:
    lines = [dial(served) for _ in range(MAX_CONNECTIONS)]
    eventually(lambda: len(served.server.connections) == MAX_CONNECTIONS, "all places are taken")
    with pytest.raises(Refused, match="clients are connected") as caught:
        Client.connect("sensorium-cli", served.folder)
    assert caught.value.code == "BUSY"
    for line in lines:
        line.close()


def test_without_descriptors_clients_wait_and_the_server_does_not_spin(
    served: ServedFolder, caplog: pytest.LogCaptureFixture
) -> None:
    known, waiting = dial(served), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    waiting.settimeout(60)
    known.sendall(frames.encode({"op": "status"}))
    assert hear(known) is not None
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, limits[1]))
    try:
        waiting.connect(str(served.path))
        waiting.sendall(frames.encode({"op": "status"}))
        spent = time.process_time()
        time.sleep(1.5)
        assert time.process_time() - spent < 0.5
        known.sendall(frames.encode({"op": "status"}))
        assert hear(known) is not None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert [record.message for record in caplog.records] == [
        "clients have to wait: Too many open files"
    ]
    answer = hear(waiting)
    assert answer is not None
    assert answer["ok"]
    known.close()
    waiting.close()


def test_clients_that_never_said_hello_give_way(
    served: ServedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensorium.control.transport_unix.PATIENCE_NS", 0)
    silent = [dial(served) for _ in range(MAX_CONNECTIONS)]
    eventually(lambda: len(served.server.connections) == MAX_CONNECTIONS, "all places are taken")
    with Client.connect("beat-game", served.folder) as client:
        assert client.request("status")["ok"]
    assert silent[0].recv(1) == b""
    for line in silent:
        line.close()


def test_the_server_drops_a_connection(served: ServedFolder) -> None:
    with Client.connect("beat-game", served.folder) as client:
        (connection,) = served.server.connections
        served.call(lambda: served.server.drop(connection))
        with pytest.raises(ControlError, match=r"closed|gone") as caught:
            client.request("status")
    assert caught.value.remedy == "sensorium run"
