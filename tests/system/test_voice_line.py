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
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", text.lower()).split())


def test_text_and_commands_reach_the_apps_that_they_are_for(
    daemon: tuple[Daemon, PulseServer], tmp_path: Path
) -> None:
    running, server = daemon
    assert running.command("grants", "allow", "first-app", "transcript").returncode == 0
    with contextlib.ExitStack() as stack:
        first, second = (
            stack.enter_context(VoiceReader(tmp_path, running.environment, app, *channels))
            for app, channels in (
                ("first-app", ("utterance", "transcript", "command")), ("second-app", ("command",))
            )
        )
        for number, text in enumerate(SAID):
            finals = len([event for event in first.of("transcript") if event.fields[1] == "1"])
            sound = Resampler(voices.RATE_HZ, pulse.RATE).process(
                np.concatenate([np.zeros(8000), voices.espeak(text), np.zeros(8000)]).astype("f")
            )
            server.play(write_wav(tmp_path / f"{number}.wav", sound)).wait()
            first.until(
                lambda before=finals: len(
                    [event for event in first.of("transcript") if event.fields[1] == "1"]
                ) > before
            )
        first.until(lambda: first.of("command"))
        second.until(lambda: second.of("command"))
    finals = [event for event in first.of("transcript") if event.fields[1] == "1"]
    heard = " ".join(event.fields[3] for event in finals)
    assert jiwer.wer(plain(" ".join(SAID)), plain(heard)) < 0.25, heard
    # Partial text of an utterance stands before its final, and ids are the utterances' own.
    ends = [event.fields[0] for event in first.of("utterance") if event.fields[1] == "4"]
    assert [event.fields[0] for event in finals] == ends
    assert any(event.fields[1] == "0" for event in first.of("transcript"))
    matched = {
        reader: [event.fields[1:] for event in reader.of("command") if event.fields[2] != "0"]
        for reader in (first, second)
    }
    ((name, _, _, gate, slot),) = matched[first]
    assert (name, gate, slot) == ("put", "1", "place=shelf")
    ((name, *_, slot),) = matched[second]
    assert name == "volume"
    assert slot in ("level=twenty five", "level=25")
    assert second.of("transcript") == []
    # What was said stands in no log.
    log = running.read_log().lower()
    assert not any(word in log for word in ("shelf", "twenty", "lovely"))
