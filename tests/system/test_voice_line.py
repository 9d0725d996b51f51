"""Sentences into a real microphone come out of the C reader as text, and as each app's commands."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import jiwer
import numpy as np
import pytest
from fixtures import engines, pulse
from fixtures import speech as voices
from fixtures.daemon import Daemon
from fixtures.pulse import PulseServer, write_wav
from fixtures.voice_reader import VoiceReader

from sensorium.sensors.resampler import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.voice_reader import Heard

pytestmark = pytest.mark.system

CONFIG = """
[sensors.microphone]
device = "pulse"
[senses.voice_activity]
[senses.speech]
[senses.command]
"""
FIRST = """
app = "first-app"
name = "furniture"
gate = "always"
[slots.place]
values = ["table", "shelf"]
[[commands]]
name = "put"
phrases = ["[please] put that on the {place}"]
"""
SECOND = """
app = "second-app"
name = "sound"
gate = "always"
[slots.level]
kind = "number"
[[commands]]
name = "volume"
phrases = ["set the volume to {level}"]
"""
ATTEMPTS = 5
SAID = ("Please put that on the shelf.", "Set the volume to twenty five.", "It is a lovely day.")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[tuple[Daemon, PulseServer]]:
    pulse.require()
    for name in ("silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder", "minilm"):
        engines.ensure_built(name)
    folder = tmp_path / "config" / "vocabularies"
    folder.mkdir(parents=True)
    (folder / "first.toml").write_text(FIRST)
    (folder / "second.toml").write_text(SECOND)
    with (
        PulseServer() as server,
        Daemon(tmp_path, CONFIG, environment=server.environment) as running,
    ):
        yield running, server


def plain(text: str) -> str:
    words = " ".join(re.sub(r"[^a-z0-9 ]", " ", text.lower()).split())
    return words.replace("twenty five", "25")


def of_kind(reader: VoiceReader, channel: str, place: int, value: str) -> list[Heard]:
    return [event for event in reader.of(channel) if event.fields[place] == value]


def finals(reader: VoiceReader) -> list[Heard]:
    return of_kind(reader, "transcript", 1, "1")


def matched(reader: VoiceReader) -> list[Heard]:
    return [event for event in reader.of("command") if event.fields[1]]


def test_text_and_commands_reach_the_apps_that_they_are_for(
    daemon: tuple[Daemon, PulseServer], tmp_path: Path
) -> None:
    running, server = daemon
    assert running.command("grants", "allow", "first-app", "transcript").returncode == 0
    heard = []
    with contextlib.ExitStack() as stack:
        first, second = (
            stack.enter_context(VoiceReader(tmp_path, running.environment, app, *channels))
            for app, channels in (
                ("first-app", ("utterance", "transcript", "command")), ("second-app", ("command",))
            )
        )
        for number, (text, listener) in enumerate(zip(SAID, (first, second, None), strict=True)):
            sound = Resampler(voices.RATE_HZ, pulse.RATE).process(
                np.concatenate([np.zeros(8000), voices.espeak(text), np.zeros(8000)]).astype("f")
            )
            clip = write_wav(tmp_path / f"{number}.wav", sound)
            # A sound server that stutters spoils a sentence or cuts it in two: then it is said
            # again, and what counts is how it was heard the last time.
            for _ in range(ATTEMPTS):
                before = len(finals(first)), len(first.of("command")), len(second.of("command"))
                server.play(clip).wait()
                first.until(lambda before=before: len(finals(first)) > before[0])
                # Each app is told of each utterance, be it that none of its commands was said.
                first.until(lambda before=before: len(first.of("command")) > before[1])
                second.until(lambda before=before: len(second.of("command")) > before[2])
                if listener is None or matched(listener):
                    break
            heard.append(" ".join(event.fields[3] for event in finals(first)[before[0]:]))
    assert jiwer.wer(plain(" ".join(SAID)), plain(" ".join(heard))) < 0.25, heard
    first.until(lambda: len(finals(first)) >= len(of_kind(first, "utterance", 1, "4")))
    # Partial text of an utterance stands before its final, and ids are the utterances' own.
    ends = [event.fields[0] for event in of_kind(first, "utterance", 1, "4")]
    assert [event.fields[0] for event in finals(first)] == ends
    assert of_kind(first, "transcript", 1, "0")
    ((_, name, _, _, gate, slot),) = (event.fields for event in matched(first))
    assert (name, gate, slot) == ("put", "1", "place=shelf"), heard
    assert len(matched(second)) == 1, heard
    ((_, name, *_, slot),) = (event.fields for event in matched(second))
    assert name == "volume"
    assert slot in ("level=twenty five", "level=25")
    assert second.of("transcript") == []
    # What was said stands in no log.
    log = running.read_log().lower()
    assert not any(word in log for word in ("shelf", "twenty", "lovely"))
