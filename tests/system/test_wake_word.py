"""The wake word that is played to a real microphone, through the daemon, once across a crash."""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines, pulse
from fixtures.daemon import Daemon
from fixtures.pulse import PulseServer, write_wav

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.sensors.resampler import Resampler
from sensorium_tools.train.utterance import Utterance
from sensorium_tools.train.voices import HELD_OUT, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensorium.channels.region import Region

pytestmark = pytest.mark.system

CONFIG = """
[sensors.microphone]
device = "pulse"
[senses.voice_activity]
[senses.wake_word]
"""
VOICE = "en-us+f1"


@pytest.fixture
def server() -> Iterator[PulseServer]:
    pulse.require()
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    for name in ("silero-vad", "speech-mel", "speech-embedding", "hey-sensorium"):
        engines.ensure_built(name)
    with PulseServer() as running:
        yield running


def speak(folder: Path, text: str) -> Path:
    """A text of a voice that the training never heard, between silence, as a WAV file."""
    assert VOICE in HELD_OUT["espeak-ng"]
    spoken = Utterance(Voice("espeak-ng", VOICE), 150, 50, text).sound()
    sound = Resampler(16_000, pulse.RATE).process(0.6 * spoken)
    silence = np.zeros(2 * pulse.RATE)
    return write_wav(folder / "speech.wav", np.concatenate([silence, sound, silence]))


def heard(region: Region, seconds: float) -> list[np.void]:
    cursor = Cursor(region, "wake_word")
    cursor.seek(1)
    found = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        while cursor.next(now_ns()) == Status.NEW:
            found.append(cursor.sample.view(CHANNELS["wake_word"].record)[0].copy())
        time.sleep(0.02)
    return found


def until_listening(daemon: Daemon, region: Region) -> None:
    cursor = Cursor(region, "voice_activity")
    end, count = time.monotonic() + 60, 0
    while count < 40:
        count += cursor.next(now_ns()) == Status.NEW
        assert time.monotonic() < end, daemon.read_log()
        time.sleep(0.005)


def test_it_is_heard_once_also_when_the_process_dies_right_after(
    server: PulseServer, tmp_path: Path
) -> None:
    path = speak(tmp_path, "hey sensorium")
    with Daemon(tmp_path, CONFIG, environment=server.environment) as daemon, daemon.client() as app:
        public, _ = app.open("public")
        until_listening(daemon, public)
        # A sound server that stutters spoils the word: then it is said again.
        for _ in range(3):
            with server.play(path):
                pass
            end = time.monotonic() + 10
            while not heard(public, 0.5) and time.monotonic() < end:
                pass
            if heard(public, 0.5):
                break
        (found,) = heard(public, 0.5)
        assert bytes(found["phrase"]).rstrip(b"\0") == b"hey sensorium"
        assert found["detections"] == 1
        owner = public.owner("wake_word")[0]
        os.kill(owner, signal.SIGKILL)
        end = time.monotonic() + 60
        while public.owner("wake_word")[0] == owner:
            assert time.monotonic() < end, daemon.read_log()
            time.sleep(0.05)
        until_listening(daemon, public)
        assert len(heard(public, 3.0)) == 1
