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
from fixtures.waiting import eventually
from pythonosc.udp_client import SimpleUDPClient
from pythonoscquery.osc_query_client import OSCQueryClient
from wyoming.asr import Transcribe, Transcript
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.vad import VoiceStarted, VoiceStopped
from wyoming.wake import Detect, Detection, NotDetected
from zeroconf import ServiceInfo

from sensorium.cli.doctor import bridges as doctor
from sensorium.cli.doctor.finding import Verdict
from sensorium.errors import DeniedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wyoming.event import Event

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
max_clients = 3
longest_s = 20
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


@pytest.fixture(scope="module")
def hearing(daemon: Daemon) -> tuple[str, int]:
    """Where Wyoming listens."""
    ((host, port),) = re.findall(r"tcp://([\d.]+):(\d+)", part(daemon, "wyoming"))
    return host, int(port)


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
    assert part(daemon, "vrchat")
    assert part(daemon, "wyoming", "speech to text")
    found = {one.topic: one for one in doctor.look(daemon.status())}
    vrchat, wyoming = found["bridge vrchat"], found["bridge wyoming"]
    assert vrchat.verdict is wyoming.verdict is Verdict.OK
    assert re.search(r"its OSC arrives here, \d+ values", vrchat.detail)
    assert "is sent to" in vrchat.detail
    assert "whisper-tiny.en, hey-sensorium" in wyoming.detail


def test_the_key_is_the_grant_of_the_bridge_alone_and_a_denial_beats_it(daemon: Daemon) -> None:
    def classes() -> list[str]:
        clients = daemon.status()["clients"]
        return next(one["classes"] for one in clients if one["app"] == "sensorium-vrchat")

    def decide(action: str) -> None:
        with daemon.client() as client:
            client.request("grant", action=action, app="sensorium-vrchat", classes="transcript")

    assert "transcript" in classes()
    with daemon.client("sensorium-vrchat") as other, pytest.raises(DeniedError):
        other.open("transcript")
    decide("deny")
    part(daemon, "vrchat", "was denied transcript")
    assert "transcript" not in classes()
    decide("revoke")
    eventually(lambda: "transcript" in classes(), "the bridge reads the transcript again")


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def test_home_assistants_library_gets_the_text(hearing: tuple[str, int]) -> None:
    _, sound, text = speech.utterances()[0]

    async def talk() -> tuple[Info, str, list[Event]]:
        async with AsyncTcpClient(*hearing, read_timeout=60) as client:
            await client.write_event(Describe().event())
            info = Info.from_event((await until(client, Info))[0])
            await client.write_event(Transcribe(language="en-US").event())
            await stream(client, np.concatenate([room(1), sound, room(1.5)]))
            event, before = await until(client, Transcript)
            return info, Transcript.from_event(event).text, before

    info, heard, before = asyncio.run(talk())
    assert info.asr[0].models[0].languages == ["en"]
    assert info.wake[0].models[0].phrase == "hey sensorium"
    assert jiwer.wer(plain(text), plain(heard)) <= 0.25
    assert VoiceStarted.is_type(before[0].type)
    assert VoiceStopped.is_type(before[-1].type)
    start, stop = (VoiceStarted.from_event(event).timestamp for event in (before[0], before[-1]))
    assert 1700 < start < 3500 < stop


def test_a_wake_word_is_heard_and_other_words_are_not(hearing: tuple[str, int]) -> None:
    phrase = speech.espeak("hey sensorium")
    other = speech.utterances()[1][1]

    async def talk(sound: np.ndarray) -> Event:
        async with AsyncTcpClient(*hearing, read_timeout=60) as client:
            await client.write_event(Detect(names=["hey-sensorium"]).event())
            await stream(client, np.concatenate([room(2.5), sound, room(2)]))
            return (await until(client, Detection, NotDetected))[0]

    heard = asyncio.run(talk(phrase))
    assert Detection.is_type(heard.type)
    assert Detection.from_event(heard).name == "hey-sensorium"
    assert NotDetected.is_type(asyncio.run(talk(other)).type)


def test_clients_at_once_get_their_own_texts(hearing: tuple[str, int]) -> None:
    said = speech.utterances()[-2:]

    async def talk(sound: np.ndarray) -> str:
        async with AsyncTcpClient(*hearing, read_timeout=100) as client:
            await client.write_event(Transcribe().event())
            await stream(client, np.concatenate([room(0.5), sound, room(0.5)]))
            return Transcript.from_event((await until(client, Transcript))[0]).text

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*(talk(sound) for _, sound, _ in said))

    for (_, _, text), heard in zip(said, asyncio.run(all_of_them()), strict=True):
        assert jiwer.wer(plain(text), plain(heard)) <= 0.4


START = b'{"type":"audio-start","data":{"rate":16000,"width":2,"channels":1}}\n'
CHUNK = b'{"type":"audio-chunk","data":{"rate":16000,"width":2,"channels":1},"payload_length":%d}\n'


@pytest.mark.parametrize(("sent", "said"), [
    (b"GET / HTTP/1.1\r\n\r\n", "not JSON"),
    (b"[" * 50_000 + b"\n", "not JSON"),
    (b'"text"\n', "no object"),
    (b'{"data":{}}\n', "no type"),
    (b'{"type":"describe","data":7}\n', "no object"),
    (b"x" * 200_000, "longer than 65536"),
    (b'{"type":"audio-chunk","payload_length":99999999999}\n', "payload_length"),
    (b'{"type":"audio-chunk","payload_length":-1}\n', "payload_length"),
    (b'{"type":"audio-chunk","payload_length":true}\n', "payload_length"),
    (b'{"type":"transcribe","data_length":1000000}\n', "data_length"),
    (b'{"type":"transcribe","data_length":4}\nnull', "no object"),
    (b'{"type":"transcribe","data":{"language":["en"]}}\n', "no text"),
    (b'{"type":"transcribe","data":{"language":"tlh"}}\n', "does not know the language tlh"),
    (b'{"type":"detect","data":{"names":["alexa"]}}\n', "no such wake word"),
    (b'{"type":"audio-start","data":{"rate":1,"width":2,"channels":1}}\n', "rate"),
    (b'{"type":"audio-start","data":{"rate":16000,"width":3,"channels":1}}\n', "width"),
    (b'{"type":"audio-start","data":{"rate":16000,"width":2,"channels":1000}}\n', "channels"),
    (START + CHUNK % 3 + b"abc", "ends within a sample"),
    (START + CHUNK.replace(b"16000", b"8000") % 2 + b"ab", "format"),
    (START + (CHUNK % 2**19 + bytes(2**19)) * 2, "longer than 20 s"),
], ids=range(20))
def test_what_is_wrong_is_told_and_ends_that_client_alone(
    hearing: tuple[str, int], sent: bytes, said: str
) -> None:
    with socket.create_connection(hearing, 30) as link:
        link.sendall(sent)
        answer = b""
        while data := link.recv(65_536):
            answer += data
    header, _, rest = answer.rpartition(b'{"type": "error"')[2].partition(b"\n")
    assert header
    assert said in json.loads(rest)["text"]


def test_too_many_clients_are_told_and_who_goes_makes_room(
    daemon: Daemon, hearing: tuple[str, int]
) -> None:
    async def describe() -> Event:
        async with AsyncTcpClient(*hearing, read_timeout=30) as client:
            await client.write_event(Describe().event())
            return (await until(client, Info, Error))[0]

    held = [socket.create_connection(hearing, 10) for _ in range(3)]
    try:
        # One that goes in the middle of an event, one that never reads, one that says nothing.
        held[0].sendall(START + CHUNK % 4096)
        held[1].sendall(START)
        time.sleep(0.3)
        assert "3 clients" in Error.from_event(asyncio.run(describe())).text
    finally:
        for link in held:
            link.close()
    eventually(
        lambda: Info.is_type(asyncio.run(describe()).type), "there is room for a client again"
    )
    assert "Traceback" not in daemon.read_log()
