"""The Open Inference Protocol under many, large, spoilt and unread requests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import select
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fixtures import served
from fixtures.batched_engine import feeds
from fixtures.inference_calls import FEEDS, infer
from fixtures.inference_daemon import by_socket, inference_daemon

if TYPE_CHECKING:

    from fixtures.daemon import Daemon

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="a Unix socket and /dev/shm"),
]

a_daemon = pytest.fixture(inference_daemon, name="daemon", scope="module")
a_socket = pytest.fixture(by_socket, name="unix")


def test_bodies_beyond_the_limit_are_refused_unread(unix: httpx.Client) -> None:
    told = unix.post("/v2/models/minilm/infer", content=bytes(9 << 20))
    untold = unix.post("/v2/models/minilm/infer", content=(bytes(1 << 20) for _ in range(20)))

    assert (told.status_code, untold.status_code) == (413, 413)


def test_many_large_bodies_at_once_hold_bounded_memory(
    daemon: Daemon, unix: httpx.Client
) -> None:
    status = Path(f"/proc/{served.address(daemon)['pid']}/status")

    def resident_mib() -> int:
        return int(status.read_text().split("VmRSS:")[1].split()[0]) // 1024

    before = resident_mib()
    links = []
    for _ in range(60):
        link = socket.socket(socket.AF_UNIX)
        link.connect(served.address(daemon)["socket"])
        link.settimeout(60)
        link.sendall(
            b"POST /v2/models/minilm/infer HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 8000000\r\nInference-Header-Content-Length: 2\r\n\r\n"
        )
        links.append(link)
    # All but a last byte: each is held, up to the bound of all together.
    refused = []
    for link in links:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            link.sendall(b"{}" + bytes(7_999_997))
        if select.select([link], [], [], 0.2)[0]:
            refused.append(link.recv(65536))
    held = resident_mib()
    for link in links:
        link.close()

    assert refused
    assert all(b" 429 " in answer for answer in refused)
    assert held - before < 200
    assert unix.get("/v2/health/ready").status_code == 200
    assert infer(unix, "minilm", FEEDS["minilm"]).status_code == 200


def test_a_spoilt_request_leaves_the_daemon_as_it_was(unix: httpx.Client) -> None:
    path = "/v2/models/minilm/infer"
    for content in (b"", b"{", b"[" * 200_000, b'{"inputs": [' + b"{}," * 1000 + b"{}]}",
                    b'{"id": "\\ud800", "inputs": [{"name": "\\ud800", "shape": [1], '
                    b'"datatype": "INT64", "data": [1]}]}'):
        answer = unix.post(path, content=content)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["error"]
    assert unix.post(path, content=b"{}", headers={"Content-Encoding": "gzip"}).status_code == 415
    assert infer(unix, "minilm", FEEDS["minilm"]).status_code == 200


def test_a_thousand_at_once_are_answered_or_told_to_come_again(daemon: Daemon) -> None:
    body = json.dumps({
        "inputs": [
            {"name": "x", "datatype": "FP32", "shape": [1, 3], "data": [2, 3, 4]},
            {"name": "line", "datatype": "INT64", "shape": [1], "data": [0]},
        ]
    })

    request = (
        "POST /v2/models/rows/infer HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )

    async def ask() -> list[tuple[int, bytes, bytes]]:
        """Five requests, one after the other."""
        reader, writer = await asyncio.open_unix_connection(served.address(daemon)["socket"])
        answers = []
        for _ in range(5):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            answers.append((int(head.split()[1]), head, await reader.readexactly(length)))
        writer.close()
        return answers

    async def flood() -> list[tuple[int, bytes, bytes]]:
        several = await asyncio.gather(*(ask() for _ in range(200)))
        return [answer for answers in several for answer in answers]

    by_status: dict[int, list[Any]] = {200: [], 429: []}
    for status, head, content in asyncio.run(flood()):
        by_status[status].append((head, json.loads(content)))

    assert by_status[200]
    assert by_status[429]
    assert all(answer["outputs"][0]["data"] == [2, 3, 4] for _, answer in by_status[200])
    assert all(b"retry-after: " in head for head, _ in by_status[429])
    with served.unix(daemon) as unix:
        assert infer(unix, "rows", feeds(1.0)).status_code == 200


def test_unload_during_inference(daemon: Daemon) -> None:
    async def mix() -> tuple[list[httpx.Response], list[httpx.Response]]:
        transport = httpx.AsyncHTTPTransport(uds=served.address(daemon)["socket"])
        body = json.dumps({
            "inputs": [
                {"name": "input_ids", "datatype": "INT64", "shape": [1, 64], "data": [101] * 64}
            ]
        })
        base = "http://localhost/v2"
        async with httpx.AsyncClient(transport=transport, timeout=120) as one:
            runs = [
                one.post(f"{base}/models/minilm/infer", content=body) for _ in range(6)
            ]
            unloads = [
                one.post(f"{base}/repository/models/minilm/unload", content=b"{}")
                for _ in range(3)
            ]
            ended = await asyncio.gather(*runs[:3], *unloads, *runs[3:])
        return ended[:3] + ended[6:], ended[3:6]

    runs, unloads = asyncio.run(mix())

    assert {answer.status_code for answer in (*runs, *unloads)} == {200}
    assert len({json.dumps(answer.json()["outputs"]) for answer in runs}) == 1


def test_callers_that_leave_are_taken_out(daemon: Daemon, unix: httpx.Client) -> None:
    links = []
    text = json.dumps({
        "inputs": [
            {"name": "input_ids", "datatype": "INT64", "shape": [1, 256], "data": [101] * 256}
        ]
    })
    for _ in range(8):
        link = socket.socket(socket.AF_UNIX)
        link.connect(served.address(daemon)["socket"])
        link.sendall(
            "POST /v2/models/minilm/infer HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
        )
        links.append(link)
    for link in links:
        link.close()

    assert infer(unix, "minilm", FEEDS["minilm"]).status_code == 200
    index = {one["name"]: one for one in unix.post("/v2/repository/index").json()}
    assert index["minilm"]["waiting"] == 0
    assert "ERROR" not in daemon.log.read_text()


def test_a_client_that_never_reads_holds_nobody_up(daemon: Daemon, unix: httpx.Client) -> None:
    link = socket.socket(socket.AF_UNIX)
    link.connect(served.address(daemon)["socket"])
    request = b"GET /v2/models/stats HTTP/1.1\r\nHost: localhost\r\n\r\n"
    link.setblocking(False)
    for _ in range(2000):
        try:
            link.send(request)
        except BlockingIOError:
            break

    assert unix.get("/v2/health/ready").status_code == 200
    link.close()
