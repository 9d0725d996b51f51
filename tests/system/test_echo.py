"""The game speaks from a real output into a real microphone: only the wearer commands."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import echoes, engines, pulse, speech
from fixtures.daemon import Daemon
from fixtures.pulse import PulseServer, write_wav
from fixtures.voice_reader import VoiceReader

from sensorium.recording import Recording
from sensorium.records import AUDIO
from sensorium.sensors.resampler import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system

CONFIG = """
[sensors.microphone]
device = "pulse"
[sensors.output_sound]
device = "played"
[senses.clean_audio]
[senses.voice_activity]
[senses.speech]
[senses.command]
"""
VOCABULARY = """
app = "game"
name = "room"
gate = "always"
[slots.place]
values = ["table", "shelf"]
[[commands]]
name = "put"
phrases = ["[please] put that on the {place}"]
[[commands]]
name = "volume"
phrases = ["set the volume to {number}"]
"""
GAME_COMMANDS_S, WEARER_COMMANDS_S, WHOLE_S = 8.0, 13.0, 18.0
RATE = echoes.RATE_HZ
SUBTRACTED = "what the PC plays is subtracted, "
LEVEL = 0.3
"""Of what is heard from the loudspeaker: softer than the wearer."""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[tuple[Daemon, PulseServer]]:
    pytest.importorskip("pyaec", reason="the extra echo is not installed")
    pulse.require()
    for name in ("silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder", "minilm"):
        engines.ensure_built(name)
    folder = tmp_path / "config" / "vocabularies"
    folder.mkdir(parents=True)
    (folder / "room.toml").write_text(VOCABULARY)
    with PulseServer() as server:
        server.split("played", "heard")
        server.run("pactl", "set-default-source", "heard")
        with Daemon(tmp_path, CONFIG, environment=server.environment) as running:
            yield running, server


def put(track: np.ndarray, at_s: float, text: str, voice: str) -> None:
    sound = speech.espeak(text, voice)
    start = int(at_s * RATE)
    track[start : start + len(sound)] = sound


def resampled(sound: np.ndarray) -> np.ndarray:
    return Resampler(RATE, pulse.RATE).process(sound.astype(np.float32))


# Through loudspeakers, and through wireless ones: longer than the filter reaches.
@pytest.mark.parametrize("delay_ms", [80, 400])
def test_what_the_game_says_commands_nothing_and_the_wearer_is_understood_over_it(
    daemon: tuple[Daemon, PulseServer], tmp_path: Path, delay_ms: int
) -> None:
    running, server = daemon
    game = echoes.game(WHOLE_S) * np.float32(0.5)
    game[int((GAME_COMMANDS_S - 1) * RATE) : int((GAME_COMMANDS_S + 3.5) * RATE)] = 0.0
    put(game, GAME_COMMANDS_S, "Set the volume to ten.", "en-gb")
    wearer = np.zeros_like(game)
    put(wearer, WEARER_COMMANDS_S, "Please put that on the shelf.", "en-us")
    heard = wearer + echoes.heard(game, delay_ms, LEVEL)
    sound = np.stack([resampled(game), resampled(heard)], axis=1)
    running.command("grants", "allow", "sensorium-record", "audio")
    recorded = tmp_path / "sound.mcap"
    with VoiceReader(tmp_path, running.environment, "game", "command") as reader:
        recorder = subprocess.Popen(
            [sys.executable, "-m", "sensorium", "record", "--classes", "audio", "--json",
             "--minutes", str((WHOLE_S + 3) / 60), "--out", str(recorded)],
            env=running.environment, stdout=subprocess.DEVNULL,
        )
        player = server.play(write_wav(tmp_path / "room.wav", sound), sink="room")
        notes = set()
        while player.poll() is None:
            notes.add(running.status()["parts"]["clean_audio"]["detail"])
            time.sleep(1.0)
        reader.until(lambda: any(event.fields[1] for event in reader.of("command")))
        assert recorder.wait(120) == 0
    commands = [event.fields[1:] for event in reader.of("command") if event.fields[1]]
    assert [fields[0] for fields in commands] == ["put"]
    assert commands[0][-1] == "place=shelf"
    assert removed_db(recorded) > 10
    parts = running.status()["parts"]
    assert (parts["output_sound"]["state"], parts["clean_audio"]["state"]) == ("live", "live")
    told = [int(note.split(", ")[1].split()[0]) for note in notes if note.startswith(SUBTRACTED)]
    assert told, notes
    # By no more than this the server's times are wrong.
    assert all(abs(one - delay_ms) < 60 for one in told), notes
    # For the next start, where the filter does not reach it from the beginning.
    delays = running.data_dir / "echo_delays.json"
    kept = json.loads(delays.read_text())["delays_ms"] if delays.exists() else []
    assert all(abs(one - delay_ms) < 60 for one in kept), kept
    assert kept or delay_ms < 300


def removed_db(path: Path) -> float:
    """How much softer the game is while it alone speaks, once its way is known, in dB."""
    blocks: dict[str, dict[int, np.ndarray]] = {"audio": {}, "clean_audio": {}, "output_audio": {}}
    with Recording(path) as recording:
        for channel, sample in recording.events():
            if sample.valid and channel in blocks:
                blocks[channel][sample.n] = sample.view(AUDIO)["samples"][0].astype(float)
    loud = [n for n, block in blocks["audio"].items() if np.abs(block).max() > 0.01]
    assert any(np.abs(block).max() > 0.01 for block in blocks["output_audio"].values())
    per_s = RATE / 512
    window = range(loud[0] + int(4 * per_s), loud[0] + int((WEARER_COMMANDS_S - 1) * per_s))
    plain, clean = (
        sum(float(np.sum(blocks[name][n] ** 2)) for n in window if n in blocks["clean_audio"])
        for name in ("audio", "clean_audio")
    )
    return 10 * float(np.log10(plain / clean))
