"""Large bodies of inference requests as they may come: in pieces, late, refused in their midst."""

from __future__ import annotations

import json
import socket
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures import echo_engine
from fixtures.local_api import LocalApi

from sensorium.service import arriving

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.system, pytest.mark.skipif(sys.platform != "linux", reason="a Unix socket"),
]

PATH = f"/v2/models/{echo_engine.NAME}/infer"
ROWS = 3_600
"""Of 256 bytes: somewhat less than the largest body."""


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApi]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("api")
        patch.setenv("SENSORIUM_CACHE_DIR", str(folder / "cache"))
        patch.setenv("SENSORIUM_DATA_DIR", str(folder / "data"))
        echo_engine.write()
        with LocalApi(max_body_mib=1) as made:
            yield made


class Link:
    """A connection, by hand; a context manager."""

    def __init__(self, api: LocalApi) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(api.socket))
        self._got = b""

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer."""
        while b"\r\n\r\n" not in self._got:
            self._more()
        head, _, self._got = self._got.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[16:]) for line in lines if line.startswith(b"content-length: "))
        while len(self._got) < length:
            self._more()
        body, self._got = self._got[:length], self._got[length:]
        return int(lines[0].split()[1]), body

    def echo(self, number: float) -> None:
        """Asks and checks the answer."""
        self.socket.sendall(request(number))
        check(*self.answer(), number)

    def _more(self) -> None:
        more = self.socket.recv(1 << 20)
        assert more, "the connection was closed"
        self._got += more


def request(number: float, *, chunk: int = 0) -> bytes:
    """A whole request; with `chunk` its body comes in chunks of so many bytes."""
    tensor = np.full((1, ROWS, echo_engine.WIDTH), number, np.float32)
    port: dict[str, Any] = {
        "name": "x", "shape": tensor.shape, "datatype": "FP32",
        "parameters": {"binary_data_size": tensor.nbytes},
    }
    wanted = {"name": "first", "parameters": {"binary_data": True}}
    # Another length each, so that the tensor begins anywhere.
    text = json.dumps({"id": "n" * int(number), "inputs": [port], "outputs": [wanted]}).encode()
    body = text + tensor.tobytes()
    length = f"Content-Length: {len(body)}\r\n"
    if chunk:
        length = "Transfer-Encoding: chunked\r\n"
        pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n"
        f"Inference-Header-Content-Length: {len(text)}\r\n{length}\r\n"
    )
    return head.encode() + body


def check(status: int, body: bytes, number: float) -> None:
    assert status == 200, body
    row = np.frombuffer(body[-4 * echo_engine.WIDTH :], np.float32)
    assert (row == number).all()


@pytest.mark.parametrize("piece", [7_919, 65_536, 300_001])
def test_a_body_may_come_in_any_pieces_and_the_next_request_right_behind(
    api: LocalApi, piece: int
) -> None:
    with Link(api) as link:
        whole = b"".join(request(float(number)) for number in range(1, 6))
        for at in range(0, len(whole), piece):
            link.socket.sendall(whole[at : at + piece])
        for number in range(1, 6):
            check(*link.answer(), number)
        link.echo(9.0)


def test_a_body_in_chunks_is_taken_as_well(api: LocalApi) -> None:
    with Link(api) as link:
        link.socket.sendall(request(3.0, chunk=50_000) + request(4.0))
        check(*link.answer(), 3.0)
        check(*link.answer(), 4.0)


def test_who_is_refused_in_the_midst_of_a_body_can_go_on_behind_it(api: LocalApi) -> None:
    whole = request(5.0)
    links = [Link(api) for _ in range(5)]
    try:
        # Four bodies fit at a time; those that are not whole are held, too.
        for link in links[:4]:
            link.socket.sendall(whole[:-1])
        status = 200
        while status == 200:
            # Until the four are there, which nobody tells.
            links[4].socket.sendall(whole)
            status, body = links[4].answer()
        assert status == 429
        assert b"requests on their way hold" in body
        for link in links[:4]:
            link.socket.sendall(whole[-1:])
            check(*link.answer(), 5.0)
        for link in links:
            link.echo(6.0)
    finally:
        for link in links:
            link.socket.close()


def test_who_stalls_in_the_midst_of_a_body_is_told_and_can_go_on_behind_it(
    api: LocalApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "STALL_S", 0.3)
    whole = request(5.0)
    with Link(api) as link:
        link.socket.sendall(whole[:600_000])
        status, body = link.answer()
        assert status == 408
        assert b"the request's body stopped after" in body
        link.socket.sendall(whole[600_000:])
        link.echo(6.0)


def test_who_leaves_in_the_midst_of_a_body_holds_nothing(api: LocalApi) -> None:
    for _ in range(12):
        with Link(api) as link:
            link.socket.sendall(request(5.0)[:-1])
    with Link(api) as link:
        link.echo(7.0)
