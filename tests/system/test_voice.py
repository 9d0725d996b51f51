"""Speech that is played to a real microphone, through the daemon, to voice activity."""

from __future__ import annotations

import shutil
import subprocess
import time
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines, pulse
from fixtures.daemon import Daemon
from fixtures.pulse import PulseServer, write_wav

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.sensors.resampler import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensorium.channels.reader import Snapshot
    from sensorium.channels.region import Region

pytestmark = pytest.mark.system

RATE = 16_000
CONFIG = """
[sensors.microphone]
device = "pulse"
[senses.voice_activity]
"""
SENTENCE = "The quick brown fox jumps over the lazy dog."
EARLY_S, LATE_S = 0.15, 0.30
"""How much before and after its true begin or end an onset or offset may be placed."""


@pytest.fixture
def server() -> Iterator[PulseServer]:
    pulse.require()
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    engines.ensure_built("silero-vad")
    with PulseServer() as running:
        yield running


def speak(folder: Path) -> Path:
    """A sentence between two seconds of silence, as a WAV file."""
    spoken = folder / "spoken.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(spoken), SENTENCE], check=True)
    with wave.open(str(spoken), "rb") as file:
        rate = file.getframerate()
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    sound = Resampler(rate, pulse.RATE).process(data.astype(np.float32))
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    silence = np.zeros(2 * pulse.RATE)
    whole = np.concatenate([silence, sound[loud[0] : loud[-1]], silence])
    return write_wav(folder / "speech.wav", whole)


def new(cursor: Cursor) -> list[Snapshot]:
    """All that is new."""
    taken = []
    while cursor.next(now_ns()) == Status.NEW:
        taken.append(cursor.sample)
    assert cursor.lost == 0
    return taken


def wait_for_sound(daemon: Daemon, region: Region) -> None:
    cursor = Cursor(region, "audio")
    end = time.monotonic() + 60
    heard = 0
    while heard < 60:  # the virtual microphone takes a second to come to rest
        heard += cursor.next(now_ns()) == Status.NEW
        assert time.monotonic() < end, daemon.read_log()
        time.sleep(0.005)


def true_bounds(blocks: list[Snapshot]) -> tuple[int, int]:
    """Capture times of the first and the last loud sample."""
    audio = CHANNELS["audio"].record
    sound = np.concatenate([block.view(audio)["samples"][0] for block in blocks])
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    ends = [block.capture_ns for block in blocks]

    def when(sample: int) -> int:
        left = 511 - sample % 512
        return ends[sample // 512] - left * 1_000_000_000 // RATE

    return when(int(loud[0])), when(int(loud[-1]))


def test_speech_raises_voice_activity_within_its_true_bounds(
    server: PulseServer, tmp_path: Path
) -> None:
    path = speak(tmp_path)
    with Daemon(tmp_path, CONFIG, environment=server.environment) as daemon:
        assert daemon.command("grants", "allow", "tests", "audio").returncode == 0
        with daemon.client() as client:
            sound, _ = client.open("audio")
            public, _ = client.open("public")
            wait_for_sound(daemon, sound)
            # A sound server that stutters cuts a sentence in two: then it is said again.
            for _ in range(3):
                events, audio = Cursor(public, "voice_event"), Cursor(sound, "audio")
                with server.play(path):
                    pass
                told, end = [], time.monotonic() + 60
                while len(told) < 2:
                    told += new(events)
                    assert time.monotonic() < end, daemon.read_log()
                    time.sleep(0.02)
                time.sleep(0.5)
                told += new(events)
                blocks = new(audio)
                if len(told) == 2:
                    break
            onset, offset = (one.view(CHANNELS["voice_event"].record)[0] for one in told)
    begin_ns, end_ns = true_bounds(blocks)
    assert (onset["event"], offset["event"]) == (1, 2)
    assert -EARLY_S < (int(onset["onset_ns"]) - begin_ns) / 1e9 < LATE_S
    assert -EARLY_S < (int(offset["offset_ns"]) - end_ns) / 1e9 < LATE_S


def test_mute_closes_the_device_also_through_the_daemon(
    server: PulseServer, tmp_path: Path
) -> None:
    def streams() -> int:
        return len(server.run("pactl", "list", "short", "source-outputs").stdout.splitlines())

    def until(count: int) -> None:
        end = time.monotonic() + 60
        while streams() != count:
            assert time.monotonic() < end, daemon.read_log()
            time.sleep(0.05)

    with Daemon(tmp_path, CONFIG, environment=server.environment) as daemon:
        until(1)
        assert daemon.command("mute", "on").returncode == 0
        until(0)
        assert daemon.command("mute", "off").returncode == 0
        until(1)
    until(0)


def test_in_silence_nothing_is_stale_though_blocks_come_together(
    server: PulseServer, tmp_path: Path
) -> None:
    with Daemon(tmp_path, CONFIG, environment=server.environment) as daemon:
        assert daemon.command("grants", "allow", "tests", "audio").returncode == 0
        with daemon.client() as client:
            sound, _ = client.open("audio")
            public, _ = client.open("public")
            wait_for_sound(daemon, sound)
            # A machine that stands still for a moment is not what this is about.
            for _ in range(5):
                told, answers = watched(Reader(public, "voice_activity"), Cursor(sound, "audio"))
                if answers <= {Status.NEW, Status.SAME} and told * 2 < 100:
                    return
    raise AssertionError(f"{told} states, {answers}")


def watched(activity: Reader, audio: Cursor) -> tuple[int, set[Status]]:
    """How often voice activity was told in 100 blocks of sound, and all that its reads said."""
    told, heard, answers = 0, 0, set()
    end = time.monotonic() + 60
    while heard < 100 and time.monotonic() < end:
        answers.add(status := activity.read(now_ns()))
        told += status == Status.NEW
        heard += audio.next(now_ns()) == Status.NEW
        time.sleep(0.002)
    return told, answers
