"""The bridge to Wyoming, on the real engines, by Home Assistant's own library."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from typing import TYPE_CHECKING

import jiwer
import numpy as np
import pytest
from fixtures import engines, speech
from fixtures.bridging import bridging
from fixtures.satellite import room, stream, until
from wyoming.asr import Transcribe, Transcript
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.vad import VoiceStarted, VoiceStopped
from wyoming.wake import Detect, Detection, NotDetected

from sensorium.bridges.wyoming.bridge import Wyoming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wyoming.event import Event

ENGINES = (
    "silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder", "speech-mel",
    "speech-embedding", "hey-sensorium",
)


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    for name in ENGINES:
        engines.ensure_built(name)
    with bridging(
        Wyoming, tmp_path_factory.mktemp("wyoming"), port=0, max_clients=3, longest_s=20.0
    ) as bridge:
        found = re.search(r"tcp://([\d.]+):(\d+)", bridge.until("tcp://"))
        assert found is not None
        yield found[1], int(found[2])


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def test_home_assistants_library_gets_the_text(where: tuple[str, int]) -> None:
    _, sound, text = speech.utterances()[0]

    async def talk() -> tuple[Info, str, list[Event]]:
        async with AsyncTcpClient(*where, read_timeout=60) as client:
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


def test_a_wake_word_is_heard_and_other_words_are_not(where: tuple[str, int]) -> None:
    phrase = speech.espeak("hey sensorium")
    other = speech.utterances()[1][1]

    async def talk(sound: np.ndarray) -> Event:
        async with AsyncTcpClient(*where, read_timeout=60) as client:
            await client.write_event(Detect(names=["hey-sensorium"]).event())
            await stream(client, np.concatenate([room(2.5), sound, room(2)]))
            return (await until(client, Detection, NotDetected))[0]

    heard = asyncio.run(talk(phrase))
    assert Detection.is_type(heard.type)
    assert Detection.from_event(heard).name == "hey-sensorium"
    assert NotDetected.is_type(asyncio.run(talk(other)).type)


def test_clients_at_once_get_their_own_texts(where: tuple[str, int]) -> None:
    said = speech.utterances()[-2:]

    async def talk(sound: np.ndarray) -> str:
        async with AsyncTcpClient(*where, read_timeout=100) as client:
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
    where: tuple[str, int], sent: bytes, said: str
) -> None:
    with socket.create_connection(where, 30) as link:
        link.sendall(sent)
        answer = b""
        while data := link.recv(65_536):
            answer += data
    header, _, rest = answer.rpartition(b'{"type": "error"')[2].partition(b"\n")
    assert header
    assert said in json.loads(rest)["text"]


def test_too_many_clients_are_told_and_who_goes_makes_room(where: tuple[str, int]) -> None:
    async def describe() -> Event:
        async with AsyncTcpClient(*where, read_timeout=30) as client:
            await client.write_event(Describe().event())
            return (await until(client, Info, Error))[0]

    held = [socket.create_connection(where, 10) for _ in range(3)]
    try:
        # One that goes in the middle of an event, one that never reads, one that says nothing.
        held[0].sendall(START + CHUNK % 4096)
        held[1].sendall(START)
        time.sleep(0.3)
        assert "3 clients" in Error.from_event(asyncio.run(describe())).text
    finally:
        for link in held:
            link.close()
    end = time.monotonic() + 10
    while not Info.is_type(asyncio.run(describe()).type):
        assert time.monotonic() < end
        time.sleep(0.1)
