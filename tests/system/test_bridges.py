"""The bridges of a real daemon that replays hands and a voice, by clients that others wrote."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import time
from typing import TYPE_CHECKING

import httpx
import jiwer
import numpy as np
import pytest
from fixtures import engines, speech
from fixtures.daemon import ROOT, Daemon
from fixtures.game import PREFIX, Game
from fixtures.satellite import room, stream, until
from pythonosc.udp_client import SimpleUDPClient
from pythonoscquery.osc_query_client import OSCQueryClient
from wyoming.asr import Transcribe, Transcript
from wyoming.client import AsyncTcpClient
from zeroconf import ServiceInfo

from sensorium.errors import DeniedError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system

ENGINES = (
    "silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder", "speech-mel",
    "speech-embedding", "hey-sensorium",
)


@pytest.fixture(scope="module")
def game() -> Iterator[Game]:
    with Game() as game:
        yield game


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, game: Game) -> Iterator[Daemon]:
    for name in ENGINES:
        engines.ensure_built(name)
    config = f"""
[sensors.replay]
file = "{ROOT / 'configs' / 'demo.mcap'}"
loop = true
[senses.voice_activity]
[senses.gesture]
[bridges.vrchat]
port = {game.port}
visemes = true
[bridges.wyoming]
port = 0
"""
    with Daemon(tmp_path_factory.mktemp("bridges"), config) as running:
        yield running


def part(daemon: Daemon, name: str, word: str = "://", within_s: float = 20.0) -> str:
    """What a bridge says of itself, as soon as a word is in it."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        told = daemon.status()["parts"].get(name, {"detail": ""})
        if word in told["detail"]:
            return str(told["detail"])
        time.sleep(0.1)
    raise AssertionError(told)


def query_url(daemon: Daemon) -> str:
    return part(daemon, "vrchat").partition("OSCQuery ")[2].split("/;")[0].rstrip("/")


def test_gestures_and_the_voice_reach_the_avatar(daemon: Daemon, game: Game) -> None:
    for side in ("Left", "Right"):
        game.until(f"{PREFIX}Gesture{side}", lambda told: any(told) and 0 in told)
    for name in ("Speaking", "Loudness"):
        game.until(f"{PREFIX}{name}", lambda told: any(told) and not all(told))
    types = {address: type(values[0]) for address, values in tuple(game.heard)}
    assert types[f"{PREFIX}GestureRight"] is int
    assert types[f"{PREFIX}PinchRight"] is float
    assert types[f"{PREFIX}Speaking"] is bool
    for address in (f"{PREFIX}Loudness", f"{PREFIX}GrabLeft", f"{PREFIX}GestureRightWeight"):
        assert all(0.0 <= value <= 1.0 for value in game.values(address))


def test_an_oscquery_client_reads_the_tree(daemon: Daemon, game: Game) -> None:
    port = int(query_url(daemon).rpartition(":")[2])
    client = OSCQueryClient(ServiceInfo(
        "_oscjson._tcp.local.", "any._oscjson._tcp.local.", port=port,
        addresses=[socket.inet_aton("127.0.0.1")],
    ))
    info = client.get_host_info()
    assert info.name.startswith("Sensorium-VRChat-")
    assert (info.osc_ip, info.osc_transport) == ("127.0.0.1", "UDP")
    assert client.query_node("/avatar/change") is not None
    assert client.query_node("/nothing/here") is None
    tree = httpx.get(query_url(daemon)).json()
    for name in ("avatar", "parameters", "Sensorium"):
        tree = tree["CONTENTS"][name]
    hands = tree["CONTENTS"]
    assert hands["GestureLeft"]["TYPE"] == "i"
    assert isinstance(hands["GestureLeft"]["VALUE"][0], int)
    # What only programs with a grant may read is not here, where there are none.
    assert "VisemeIndex" not in hands
    # VRChat tells of another avatar: all is told to it again.
    before = len(game.values(f"{PREFIX}VisemeIndex"))
    with SimpleUDPClient("127.0.0.1", info.osc_port) as vrchat:
        vrchat.send_message("/avatar/change", "avtr_1")
    game.until(f"{PREFIX}VisemeIndex", lambda told: len(told) > before)


@pytest.mark.parametrize(("request_", "status"), [
    (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"403"),
    (b"POST / HTTP/1.1\r\nHost: HERE\r\n\r\n", b"405"),
    (b"GET /avatar?NOTHING HTTP/1.1\r\nHost: HERE\r\n\r\n", b"400"),
    (b"GET /avatar?VALUE HTTP/1.1\r\nHost: HERE\r\n\r\n", b"204"),
    (b"GET /../../etc/passwd HTTP/1.1\r\nHost: HERE\r\n\r\n", b"404"),
    (b"GET http://[ HTTP/1.1\r\nHost: HERE\r\n\r\n", b"400"),
    (b"A" * 20_000, b""),
], ids=range(7))
def test_oscquery_refuses_what_it_should(daemon: Daemon, request_: bytes, status: bytes) -> None:
    where = query_url(daemon).removeprefix("http://")
    host, _, port = where.partition(":")
    with socket.create_connection((host, int(port)), 10) as link:
        link.sendall(request_.replace(b"HERE", where.encode()))
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while data := link.recv(4096):
                answer += data
    assert answer.split(b" ")[1:2] == ([status] if status else [])


def test_spoilt_datagrams_end_nothing(daemon: Daemon, game: Game) -> None:
    port = httpx.get(f"{query_url(daemon)}/?HOST_INFO").json()["OSC_PORT"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        for data in (b"", b"/", b"#bundle\0" + b"\xff" * 60, b"/a\0\0,s\0\0", b"\xff" * 9000,
                     b"/a\0\0,i\0\0", b"/\xff\xfe\0,\0\0\0"):
            link.sendto(data, ("127.0.0.1", port))
    before = len(game.heard)
    end = time.monotonic() + 10
    while len(game.heard) == before and time.monotonic() < end:
        time.sleep(0.05)
    assert len(game.heard) > before
    assert "Traceback" not in daemon.read_log()


def test_doctor_hears_what_the_bridges_send(daemon: Daemon) -> None:
    done = daemon.command("doctor", "--json")
    found = {one["topic"]: one for one in json.loads(done.stdout)["findings"]}
    vrchat, wyoming = found["bridge vrchat"], found["bridge wyoming"]
    assert vrchat["verdict"] == wyoming["verdict"] == "ok"
    assert re.search(r"its OSC arrives here, \d+ values", vrchat["detail"])
    assert "hey-sensorium" in wyoming["detail"]


def test_the_key_is_the_grant_of_the_bridge_alone_and_a_denial_beats_it(daemon: Daemon) -> None:
    def classes() -> list[str]:
        clients = daemon.status()["clients"]
        return next(one["classes"] for one in clients if one["app"] == "sensorium-vrchat")

    assert "transcript" in classes()
    with daemon.client("sensorium-vrchat") as other, pytest.raises(DeniedError):
        other.open("transcript")
    assert daemon.command("grants", "deny", "sensorium-vrchat", "transcript").returncode == 0
    part(daemon, "vrchat", "was denied transcript")
    assert "transcript" not in classes()
    assert daemon.command("grants", "revoke", "sensorium-vrchat", "transcript").returncode == 0
    end = time.monotonic() + 10
    while "transcript" not in classes():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_recorded_speech_of_another_device_becomes_its_text(daemon: Daemon) -> None:
    _, sound, text = speech.utterances()[0]
    host, port = re.findall(r"tcp://([\d.]+):(\d+)", part(daemon, "wyoming"))[0]

    async def talk() -> str:
        async with AsyncTcpClient(host, int(port), read_timeout=60) as client:
            await client.write_event(Transcribe(language="en").event())
            await stream(client, np.concatenate([room(0.5), sound, room(0.5)]))
            return Transcript.from_event((await until(client, Transcript))[0]).text

    assert jiwer.wer(text.lower(), asyncio.run(talk()).lower().rstrip(".")) <= 0.35
