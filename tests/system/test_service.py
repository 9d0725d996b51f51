"""The local API of a real daemon: who comes in, what is answered, and what a fault does."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from fixtures.daemon import Daemon
from websockets.exceptions import InvalidStatus
from websockets.sync.client import unix_connect

from sensorium.control.client import Client
from sensorium.errors import DeniedError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="a Unix socket; see test_windows_service"),
]
CONFIG = "\n[service]\nenabled = true\ntcp = true\nmax_connections = 32\n"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("service"), CONFIG) as running:
        yield running


@pytest.fixture
def address(daemon: Daemon) -> dict[str, str]:
    return json.loads((daemon.runtime_dir / "api.json").read_text())


@pytest.fixture
def unix(address: dict[str, str]) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=address["socket"])
    with httpx.Client(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def tcp(address: dict[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address["url"]) as client:
        yield client


def bearer(address: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {address['token']}"}


def test_its_files_are_the_users_alone(daemon: Daemon) -> None:
    modes = {
        name: (daemon.runtime_dir / name).stat().st_mode & 0o777
        for name in ("api.sock", "api.json")
    }

    assert modes == {"api.sock": 0o600, "api.json": 0o600}


def test_the_unix_socket_needs_no_token(unix: httpx.Client, daemon: Daemon) -> None:
    status = unix.get("/v1/status").json()

    assert [process["name"] for process in status["processes"]] == ["service"]
    assert str(daemon.runtime_dir) in status["parts"]["service"]["detail"]


def test_the_command_line_tells_where_it_is(daemon: Daemon) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "sensorium", "api"], env=daemon.environment, capture_output=True,
        text=True, check=True,
    )
    for line in said.stdout.splitlines():
        answer = subprocess.run(
            ["bash", "-c", f"{line} -sf"], capture_output=True, text=True, check=True
        )
        assert json.loads(answer.stdout)["ok"] is True
    assert len(said.stdout.splitlines()) == 2


def test_tcp_needs_the_token(tcp: httpx.Client, address: dict[str, str]) -> None:
    without = tcp.get("/v1/status")
    wrong = tcp.get("/v1/status", headers={"Authorization": "Bearer guess"})
    right = tcp.get("/v1/status", headers=bearer(address))

    assert (without.status_code, wrong.status_code, right.status_code) == (401, 401, 200)
    assert without.headers["content-type"] == "application/problem+json"
    assert "sensorium api" in without.json()["remedy"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::", "", "10.0.0.1"])
def test_a_name_that_points_here_is_refused(
    tcp: httpx.Client, address: dict[str, str], host: str
) -> None:
    answer = tcp.get("/v1/status", headers={**bearer(address), "Host": host})

    assert answer.status_code == 403
    assert "Host" in answer.json()["detail"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "http://["])
def test_pages_of_others_are_refused(
    tcp: httpx.Client, unix: httpx.Client, address: dict[str, str], origin: str
) -> None:
    for client in (tcp, unix):
        answer = client.get("/v1/status", headers={**bearer(address), "Origin": origin})

        assert answer.status_code == 403
        assert "Origin" in answer.json()["detail"]


def test_its_own_page_may_use_it(tcp: httpx.Client, address: dict[str, str]) -> None:
    answer = tcp.get("/v1/status", headers={**bearer(address), "Origin": address["url"]})

    assert answer.status_code == 200


def test_a_wrong_path_and_method_are_problems(unix: httpx.Client) -> None:
    nowhere, wrong = unix.get("/v1/nowhere"), unix.delete("/v1/status")

    assert (nowhere.status_code, wrong.status_code) == (404, 405)
    for answer in (nowhere, wrong):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json().keys() >= {"title", "status", "detail", "remedy"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"nan", b'{"action": "allow"}', b"[" * 100_000,
     b'{"action": 1, "app": "a", "classes": "motion"}',
     b'{"action": "allow", "app": "\\ud800", "classes": "motion"}',
     b'{"action": "allow", "app": "a", "classes": "nothing"}',
     b'{"action": "allow", "app": "a", "classes": "motion", "until": "soon"}',
     b'{"action": "allow", "app": {"a": 1}, "classes": "motion"}', b"\xff\xfe"],
)
def test_bad_bodies_are_refused_and_it_goes_on(unix: httpx.Client, content: bytes) -> None:
    answer = unix.post("/v1/grants", content=content)

    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["detail"]
    assert unix.get("/v1/mute").status_code == 200


def test_a_body_beyond_the_limit_is_not_read(unix: httpx.Client) -> None:
    told = unix.post("/v1/grants", content=b" " * 70_000)
    untold = unix.post("/v1/grants", content=(b" " * 10_000 for _ in range(100)))

    assert (told.status_code, untold.status_code) == (413, 413)


def test_endless_headers_are_cut(address: dict[str, str]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(address["socket"])
        link.settimeout(10)
        link.sendall(b"GET / HTTP/1.1\r\nX: ")
        sent = 0
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < 2**24:
                sent += link.send(b"a" * 4096)
    assert sent < 2**24


def test_grants_and_mute_are_the_daemons_own(unix: httpx.Client, daemon: Daemon) -> None:
    given = unix.post(
        "/v1/grants", json={"action": "allow", "app": "by-http", "classes": "motion"}
    )
    assert given.status_code == 200, given.text
    with daemon.client("by-http") as client:
        client.open("motion")[0].close()
    assert [grant["app"] for grant in unix.get("/v1/grants").json()["grants"]] == ["by-http"]

    assert unix.put("/v1/mute", json={"muted": True}).json()["muted"] is True
    with daemon.client("owner") as client:
        assert client.request("status")["muted"] is True
    assert unix.put("/v1/mute", json={"muted": False}).json()["muted"] is False
    assert unix.get("/v1/mute").json() == {"muted": False}


def test_nobody_else_speaks_for_others(daemon: Daemon) -> None:
    with pytest.raises(DeniedError, match="own service"):
        Client.connect("game", daemon.runtime_dir, behalf=(1, "/usr/bin/game"))


def idle_links(path: str, count: int, stack: contextlib.ExitStack) -> None:
    for _ in range(count):
        link = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        link.connect(path)


HOLD = """
import socket, sys
links = [socket.socket(socket.AF_UNIX) for _ in range(int(sys.argv[2]))]
for link in links:
    link.connect(sys.argv[1])
print("connected", flush=True)
sys.stdin.read()
"""
"""A program with so many connections that say nothing."""


def test_one_process_leaves_connections_for_others_and_slow_ones_are_cut(
    daemon: Daemon, address: dict[str, str], unix: httpx.Client
) -> None:
    def newcomer() -> httpx.Response:
        with httpx.Client(transport=httpx.HTTPTransport(uds=address["socket"])) as client:
            return client.get("http://localhost/v1/mute")

    assert unix.get("/v1/mute").status_code == 200
    with contextlib.ExitStack() as stack:
        idle_links(address["socket"], 15, stack)
        mine = newcomer()
        assert mine.status_code == 503
        assert "this process has 16 of 32 connections" in mine.json()["detail"]
        # Who is in stays served, and so is another process.
        assert unix.get("/v1/mute").status_code == 200
        # Those that are refused take nobody's place, and who shows no token gives way.
        idle_links(address["socket"], 40, stack)
        host, port = urlsplit(address["url"]).netloc.split(":")
        for _ in range(20):
            stack.enter_context(socket.create_connection((host, int(port))))
        curl = ["curl", "-s", "--unix-socket", address["socket"], "http://localhost/v1/mute"]
        assert b"muted" in subprocess.run(curl, capture_output=True, check=True).stdout
        with httpx.Client(base_url=address["url"], headers=bearer(address)) as known:
            assert known.get("/v1/mute").status_code == 200
        holding = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", HOLD, address["socket"], "16"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        assert holding.stdout.readline() == b"connected\n"
        full = newcomer()
        assert full.status_code == 503
        assert "32 connections are open" in full.json()["detail"]
        assert "max_connections" in full.json()["remedy"]
        with pytest.raises(InvalidStatus) as websocket:
            unix_connect(address["socket"], "ws://localhost/v1/events")
        assert websocket.value.response.status_code == 503
        # None of them sends its headers: after ten seconds they are gone.
        deadline = time.monotonic() + 30
        while newcomer().status_code == 503 and time.monotonic() < deadline:
            time.sleep(0.5)
        assert newcomer().status_code == 200
        holding.stdin.close()


WHOLE = (
    b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"PUT /v1/mute HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\n\r\n{\"muted\": false }",
    b"POST /v1/grants HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4\r\n{\"a\"\r\n0\r\n\r\n",
    b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\xfe",
)


def spoilt(dice: random.Random) -> bytes:
    data = bytearray(dice.choice(WHOLE))
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(data))
        kind = dice.randrange(4)
        if kind == 0:
            data[at] = dice.randrange(256)
        elif kind == 1:
            del data[at : at + dice.randrange(1, 9)]
        elif kind == 2:
            data[at:at] = dice.choice((b"\r\n", b"\0", b"%00", b"..", b"9" * 30, b"\xff" * 9))
        else:
            data[at:at] = data[: dice.randrange(len(data))]
        if not data:
            data += b"\r\n"
    return bytes(data)


def test_spoilt_requests_end_nothing_but_themselves(
    address: dict[str, str], unix: httpx.Client, daemon: Daemon
) -> None:
    dice = random.Random(20261127)
    for _ in range(400):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(5)
            link.connect(address["socket"])
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                link.sendall(spoilt(dice))
                link.shutdown(socket.SHUT_WR)
                while link.recv(65_536):
                    pass

    processes = unix.get("/v1/status").json()["processes"]
    assert [process["restarts"] for process in processes] == [0]
    faults = daemon.read_log().partition("Traceback")
    assert faults[1] == "", faults[2][-2000:]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root to be another user")
def test_another_user_does_not_get_in(address: dict[str, str]) -> None:
    program = (
        "import os, socket, sys\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "link = socket.socket(socket.AF_UNIX)\n"
        "try:\n"
        "    link.connect(sys.argv[1])\n"
        "except PermissionError:\n"
        "    print('kept out')\n"
    )

    said = subprocess.run(
        [sys.executable, "-c", program, address["socket"]], capture_output=True, text=True,
        check=True,
    )

    assert said.stdout.strip() == "kept out"


def test_a_killed_service_comes_back_with_another_token(
    daemon: Daemon, address: dict[str, str]
) -> None:
    os.kill(int(address["pid"]), signal.SIGKILL)
    deadline = time.monotonic() + 30
    fresh = address
    while fresh["pid"] == address["pid"] and time.monotonic() < deadline:
        time.sleep(0.1)
        fresh = json.loads((daemon.runtime_dir / "api.json").read_text())

    with httpx.Client(base_url=fresh["url"]) as client:
        replayed = client.get("/v1/status", headers=bearer(address))
        right = client.get("/v1/status", headers=bearer(fresh))

    assert (replayed.status_code, right.status_code) == (401, 200)
    with httpx.Client(transport=httpx.HTTPTransport(uds=fresh["socket"])) as client:
        assert client.get("http://localhost/v1/mute").status_code == 200
    with pytest.raises(DeniedError), daemon.client("stranger") as client:
        client.open("motion")
