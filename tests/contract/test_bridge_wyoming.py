"""The bridge to Wyoming: who is served, who is told what is wrong, what doctor sees of it."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.bridging import bridging

from sensorium.bridges.wyoming.bridge import Wyoming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DESCRIBE = b'{"type":"describe"}\n'


@contextlib.contextmanager
def listening(folder: Path, **options: Any) -> Iterator[str]:
    with bridging(Wyoming, folder, port=0, wake_words=(), **options) as bridge:
        yield bridge.until("tcp://")


@pytest.fixture(scope="module")
def detail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with listening(tmp_path_factory.mktemp("wyoming"), listen="0.0.0.0") as detail:
        yield detail


class Client:
    """A client that says what it likes."""

    def __init__(self, detail: str) -> None:
        port = re.search(r"tcp://[\d.]+:(\d+)", detail)
        assert port is not None
        self._link = socket.create_connection(("127.0.0.1", int(port[1])), 30)
        self._read = self._link.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._read.close()
        self._link.close()

    def ask(self, *sent: bytes) -> tuple[str, dict[str, Any]]:
        """The kind and the data of the next event."""
        self._link.sendall(b"".join(sent))
        header = json.loads(self._read.readline())
        return header["type"], json.loads(self._read.read(header.get("data_length", 0)) or "{}")


def test_doctor_asks_here_what_listens_everywhere(detail: str) -> None:
    assert re.search(r"answers describe at 127\.0\.0\.1:\d+", Wyoming.prove(detail))


def test_who_is_refused_takes_nobodys_place(tmp_path: Path) -> None:
    # They are all still there when the bridge ends.
    with contextlib.ExitStack() as clients, listening(tmp_path, max_clients=1) as detail:
        def come() -> Client:
            return clients.enter_context(Client(detail))

        served = come()
        assert served.ask(DESCRIBE)[0] == "info"
        for _ in range(2):
            assert "1 clients are connected" in come().ask()[1]["text"]
        # It is told what was wrong, and has not gone yet; nor have those that were refused.
        assert served.ask(b"nonsense\n")[0] == "error"
        assert come().ask(DESCRIBE)[0] == "info"


def header(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, **fields}).encode() + b"\n"


def sound(**fields: Any) -> bytes:
    return header("audio-start", data={"rate": 16_000, "width": 2, "channels": 1, **fields})


@pytest.mark.parametrize(("sent", "said"), [
    (sound(width=[1]), "width"),
    (sound(width={}), "width"),
    (sound(width=True), "width"),
    (sound(rate=[16_000]), "rate"),
    (sound(channels=[1]), "channels"),
    (sound(timestamp=[1]), "timestamp"),
    (sound(timestamp=-1), "timestamp"),
    (sound(timestamp=float("nan")), "timestamp"),
    (sound(timestamp=10**4299), "timestamp"),
    (header("audio-chunk", payload_length=[1]), "payload_length"),
    (header("audio-chunk", payload_length=[]), "payload_length"),
    (header("audio-chunk", data_length={}), "data_length"),
    (header("describe", data=[]), "no object"),
    (header("transcribe", data={"language": [1]}), "language"),
    (header("detect", data={"names": [["alexa"]]}), "no such wake word"),
    (header("detect", data={"names": {"alexa": 1}}), "no such wake word"),
    (header("ping", data={"text": [[]]}), "text"),
], ids=range(17))
def test_what_is_of_another_type_is_told(
    detail: str, sent: bytes, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        with Client(detail) as client:
            kind, told = client.ask(sent)
        with Client(detail) as client:
            assert client.ask(header("ping", data={"text": "here"})) == ("pong", {"text": "here"})
    assert kind == "error"
    assert said in told["text"]
    assert not caplog.records


def test_what_may_be_missing_is_nothing_wrong(detail: str) -> None:
    chunk = {"rate": 16_000, "width": 2, "channels": 1, "timestamp": 1.5}
    with Client(detail) as client:
        assert client.ask(
            sound(timestamp=None), header("audio-chunk", data=chunk, payload_length=0),
            header("nobody-knows-this", data=None), header("ping"),
        ) == ("pong", {})
