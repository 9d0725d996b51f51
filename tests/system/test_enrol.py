"""The wearer enrols at a real microphone; then he is told from another, in a real daemon."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines, pulse
from fixtures.daemon import Daemon
from fixtures.pulse import PulseServer, write_wav
from fixtures.voices import OTHERS, STRANGER, WEARER, sentences, spoken

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.sensors.resampler import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensorium.channels.region import Region

pytestmark = pytest.mark.system

CONFIG = """
[sensors.microphone]
device = "pulse"
[senses.voice_activity]
[senses.speaker]
[senses.voice_measures]
"""


@pytest.fixture
def server() -> Iterator[PulseServer]:
    pulse.require()
    spoken(WEARER, OTHERS[0])
    for name in ("silero-vad", "resemblyzer"):
        engines.ensure_built(name)
    with PulseServer() as running:
        yield running


def wav(path: Path, *sounds: np.ndarray, pause_s: float = 0.7) -> Path:
    silence = np.zeros(int(pause_s * 16_000), np.float32)
    whole = np.concatenate([silence, *(part for sound in sounds for part in (sound, silence))])
    return write_wav(path, Resampler(16_000, pulse.RATE).process(whole))


def next_records(region: Region, daemon: Daemon, channel: str, count: int) -> list[np.void]:
    cursor = Cursor(region, channel)
    cursor.seek(1)
    found: list[np.void] = []
    end = time.monotonic() + 120
    while len(found) < count:
        assert time.monotonic() < end, daemon.read_log()
        if cursor.next(now_ns()) == Status.NEW:
            found.append(cursor.sample.view(CHANNELS[channel].record)[0].copy())
        else:
            time.sleep(0.02)
    return found


def enrol(daemon: Daemon, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sensorium", "enrol", "--json", *arguments],
        env=daemon.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def test_who_enrols_at_the_microphone_is_the_wearer(server: PulseServer, tmp_path: Path) -> None:
    reading = wav(tmp_path / "reading.wav", *sentences(WEARER, 3))
    with Daemon(tmp_path, CONFIG, environment=server.environment) as daemon:
        refused = daemon.command("enrol", "--json")
        assert refused.returncode == 1
        assert "sensorium grants allow sensorium-enrol audio" in refused.stdout
        for app, name in (("sensorium-enrol", "audio"), ("tests", "transcript")):
            assert daemon.command("grants", "allow", app, name).returncode == 0

        command = enrol(daemon, "--sentences", "3")
        while command.poll() is None:
            # Again until all sentences were taken: a microphone that opens loses a begin.
            with server.play(reading) as player:
                while command.poll() is None and player.poll() is None:
                    time.sleep(0.1)
                player.kill()
        out, said = command.communicate()
        assert command.returncode == 0, said + daemon.read_log()
        assert json.loads(out)["sentences"] == 3
        assert "3 of 3" in said

        with daemon.client() as client:
            region, _ = client.open("transcript")
            with server.play(wav(
                tmp_path / "both.wav", spoken(WEARER, OTHERS[0]), spoken(STRANGER, OTHERS[1])
            )) as player:
                player.wait(120)
            known = max(1, Cursor(region, "speaker").latest())
            records = next_records(region, daemon, "speaker", known)
            while len(records) < 8 and records[-1]["wearer"] != 0:
                records = next_records(region, daemon, "speaker", len(records) + 1)
            mine, other = records[-2:]
            assert (mine["wearer"], other["wearer"]) == (1, 0)
            assert mine["sentences"] == 3
            measured = next_records(region, daemon, "voice_measures", len(records))
            assert [record["utterance"] for record in measured] == [
                record["utterance"] for record in records
            ]
        assert "Please turn" not in daemon.read_log()
        assert daemon.command("enrol", "--delete").returncode == 0
        assert not (daemon.data_dir / "enrolments" / "speaker.json").exists()


@pytest.fixture
def folders_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SENSORIUM_RUNTIME_DIR", str(tmp_path / "none"))
    return tmp_path


def run(*arguments: str) -> tuple[int, dict, str]:
    done = subprocess.run(
        [sys.executable, "-m", "sensorium", "enrol", "--json", *arguments],
        capture_output=True, text=True, check=False, timeout=180,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def test_enrolling_from_a_file_without_a_daemon(folders_of_its_own: Path) -> None:
    engines.ensure_built("resemblyzer")
    path = wav(folders_of_its_own / "a.wav", *sentences(WEARER, 4))
    code, made, _ = run("--from", str(path))
    assert (code, made["sentences"]) == (0, 4)
    code, shown, _ = run("--show")
    assert (code, shown["made"], shown["thresholds"]) == (0, made["made"], made["thresholds"])
    mixed = wav(folders_of_its_own / "b.wav", *sentences(WEARER, 3), *sentences(STRANGER, 3))
    code, said, _ = run("--from", str(mixed))
    assert code == 1
    assert "not of one voice" in said["message"]
    assert run("--show")[1]["made"] == made["made"]
    assert run("--delete")[1]["deleted"]
    assert not run("--delete")[1]["deleted"]
    code, said, _ = run("--show")
    assert (code, said["message"], said["remedy"]) == (1, "nobody is enrolled", "sensorium enrol")


def test_purging_enrolments_forgets_the_voice(folders_of_its_own: Path) -> None:
    engines.ensure_built("resemblyzer")
    path = wav(folders_of_its_own / "a.wav", *sentences(WEARER, 3))
    assert run("--from", str(path))[0] == 0
    done = subprocess.run(
        [sys.executable, "-m", "sensorium", "purge", "--enrolments", "--yes"],
        capture_output=True, text=True, check=False, timeout=180,
    )
    assert "1 files deleted" in done.stdout
    assert run("--show")[0] == 1


def test_without_a_daemon_the_microphone_cannot_be_used(folders_of_its_own: Path) -> None:
    engines.ensure_built("resemblyzer")
    code, said, _ = run()
    assert (code, said["error"]) == (1, "ControlError")
