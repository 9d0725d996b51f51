"""Requests to the control socket that are wrong, odd or large, and what they are answered."""

from __future__ import annotations

import os
import random
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.control_line import dial, hear
from fixtures.control_server import ServedFolder
from fixtures.waiting import eventually

from sensorium.control import descriptors, frames
from sensorium.control.client import Client
from sensorium.control.replies import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedFolder]:
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    with ServedFolder(folder) as running:
        yield running


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"op": "open", "region": "motion"}, "before hello"),
        ({"op": "opne"}, "no such operation"),
        ({"no": "op"}, "no such operation"),
        ({"op": ["open"]}, "no such operation"),
        ({"op": "grant", "action": "allow", "app": "a"}, "classes is missing"),
        ({"op": "mute", "on": 1}, "true or false"),
        ({"op": "status", "deep": {"a": 1}}, "flat"),
    ],
)
def test_a_bad_request_is_refused_with_what_is_wrong(
    served: ServedFolder, request_: dict[str, Any], says: str
) -> None:
    line = dial(served)
    line.sendall(frames.encode(request_))
    answer = hear(line)
    assert answer is not None
    assert answer["error"] == "BAD_REQUEST"
    assert says in answer["message"]
    line.sendall(frames.encode({"op": "status"}))
    answer = hear(line)
    assert answer is not None
    assert answer["ok"]
    line.close()


@pytest.mark.parametrize("app", ["", "x" * 65, "two\nlines", " padded ", "\x1b[31m"])
def test_an_apps_name_is_checked(served: ServedFolder, app: str) -> None:
    with pytest.raises(Refused, match="printable") as caught:
        Client.connect(app, served.folder)
    assert caught.value.code == "BAD_REQUEST"


@pytest.mark.parametrize("client", ["", "c 0.1\x1b[31m", "x" * 65])
def test_what_a_client_reads_with_is_checked(served: ServedFolder, client: str) -> None:
    line = dial(served)
    hello = {"op": "hello", "app": "a", "client": client, "layout_major": 1, "layout_minor": 0}
    line.sendall(frames.encode(hello))
    answer = hear(line)
    assert answer is not None
    assert (answer["error"], "printable" in answer["message"]) == ("BAD_REQUEST", True)
    line.close()


GRANT = {"op": "grant", "action": "allow", "app": "a", "classes": "motion"}


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({**GRANT, "executable": "/odd/\ud800"}, "surrogate"),
        ({**GRANT, "app": "\ud800"}, "surrogate"),
        ({**GRANT, "\udc80": 1}, "surrogate"),
        ({**GRANT, "executable": "/" + "x" * 4096}, "at most 4096 bytes"),
        ({**GRANT, "until": "0001-01-01T00:00:00"}, "not a time"),
        ({**GRANT, "until": "0001-01-01T00:00:00+23:59"}, "not a time"),
        ({**GRANT, "until": "9999-12-31T23:59:59-23:59"}, "not a time"),
        ({**GRANT, "until": "tomorrow"}, "not a time"),
        ({"op": "recording", "on": True, "classes": "public", "bytes": 1}, "before hello"),
        ({"op": "recording", "on": True, "classes": "public", "bytes": 2**70}, "whole number"),
        ({"op": "recording", "on": True, "classes": "public", "bytes": -1}, "whole number"),
        ({"op": "grants", "after": -1}, "whole number"),
    ],
)
def test_values_that_no_handler_could_take_are_bad_requests(
    served: ServedFolder, request_: dict[str, Any], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = dial(served)
    line.sendall(frames.encode(request_))
    answer = hear(line)
    assert answer is not None
    assert answer["error"] == "BAD_REQUEST"
    assert says in answer["message"]
    assert not caplog.records
    line.close()


def test_more_grants_than_a_frame_holds_are_listed_in_parts(served: ServedFolder) -> None:
    with Client.connect("owner", served.folder) as owner:
        for number in range(30):
            program = f"/{number}/" + "\x01" * 4000
            owner.request(
                "grant", action="deny", app="beat-game", classes="motion", executable=program
            )
            served.call(lambda by=program: served.desk.grants.wish("other", by, "gaze"))
        answer = owner.request("grants")
        assert answer["total"] == 60
        assert 0 < len(answer["grants"]) == answer["next"] < 30
        listed = owner.grants()
        assert [row["executable"].split("/")[1] for row in listed["grants"]] == [
            str(number) for number in range(30)
        ]
        assert [row["app"] for row in listed["pending"]] == ["other"] * 30
        assert owner.request("grants", after=60)["next"] == 0


def test_a_fault_in_a_handler_is_an_answer(
    served: ServedFolder, caplog: pytest.LogCaptureFixture
) -> None:
    with Client.connect("beat-game", served.folder) as client:
        with pytest.raises(Refused, match="unexpected") as caught:
            client.request("mute", on=True)
        assert caught.value.code == "FAILED"
        # JSON has no such number.
        served.desk.attention = {"place": float("nan")}
        with pytest.raises(Refused, match="unexpected"):
            client.request("attention")
        assert client.request("status")["pid"] == os.getpid()
    assert "ZeroDivisionError" in caplog.text
    assert "attention of beat-game cannot be told" in caplog.text


def test_two_hundred_garbage_frames_end_only_their_own_connection(served: ServedFolder) -> None:
    chance = random.Random(4)
    with Client.connect("beat-game", served.folder) as good:
        for number in range(200):
            line = dial(served)
            body = chance.randbytes(chance.randrange(1, 300))
            match number % 5:
                case 0:
                    data = body
                case 1:
                    data = struct.pack("<I", len(body)) + body
                case 2:
                    data = struct.pack("<I", chance.choice([0, 65537, 0xFFFFFFFF])) + body
                case 3:
                    text = ("[" * chance.randrange(1, 60_000)).encode()
                    data = struct.pack("<I", len(text)) + text
                case _:
                    data = frames.encode({"op": "status", "x": 1})[: chance.randrange(1, 20)]
            try:
                line.sendall(data)
                line.shutdown(socket.SHUT_WR)
                answer = hear(line)
            except (BrokenPipeError, ConnectionResetError):
                answer = None
            assert answer is None or answer["error"] == "BAD_REQUEST"
            line.close()
        assert good.request("status")["ok"]
    eventually(lambda: not served.server.connections, "all connections end")


def test_descriptors_that_a_client_sends_are_dropped(served: ServedFolder) -> None:
    line = dial(served)
    line.sendall(frames.encode({"op": "status"}))
    assert hear(line) is not None
    with open(os.devnull, "rb") as file:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(50):
            descriptors.send(line, frames.encode({"op": "status"}), [file.fileno()] * 20)
            assert hear(line) is not None
        assert len(os.listdir("/proc/self/fd")) == before
    line.close()


def test_a_request_that_comes_byte_by_byte_is_answered(served: ServedFolder) -> None:
    line = dial(served)
    for byte in frames.encode({"op": "status"}) * 2:
        line.sendall(bytes([byte]))
    for _ in range(2):
        answer = hear(line)
        assert answer is not None
        assert answer["ok"]
    line.close()
