"""What a spoken command refers to: a real OpenXR runtime, a real audio server, a real daemon."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
import time
import wave
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures import engines, pulse
from fixtures.clients import CLIENTS
from fixtures.daemon import Daemon
from fixtures.fusing import VOCABULARY
from fixtures.looking import at_angles, towards, turned
from fixtures.monado import MonadoService
from fixtures.pulse import PulseServer, write_wav
from fixtures.remote_driver import LEFT, RIGHT

from sensorium.clock import now_ns
from sensorium.sensors.resampler import Resampler

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fixtures.remote_driver import Remote

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="Monado is run on Linux"),
]
CONFIG = """
[sensors.openxr]
enabled = true
space = "local"
[sensors.microphone]
device = "pulse"
[senses.voice_activity]
[senses.target]
enabled = true
[senses.attention_trace]
enabled = true
[senses.speech]
partials = false
[senses.command]
[senses.intent]
enabled = true
"""
HEAD = (0.3, 1.6, -0.2)
PATIENCE_S = 30.0
AHEAD, ASIDE = 11, 12
LEAD_S = 2.0


def test_what_was_looked_at_when_it_was_said_is_meant(tmp_path: Path) -> None:
    """The head has long turned to another target when the text is there."""
    pulse.require()
    for name in ("silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder", "minilm"):
        engines.ensure_built(name)
    service = MonadoService(tmp_path / "m")
    service.start()
    words = tmp_path / "config" / "vocabularies"
    words.mkdir(parents=True)
    (words / "words.toml").write_text(VOCABULARY)
    try:
        with PulseServer() as server, service.connect() as remote:
            environment = {**server.environment, **service.environment}
            with Daemon(
                tmp_path, CONFIG, environment=environment, python=service.python
            ) as daemon:
                turn(remote, 0)
                with daemon.client("tests") as client:
                    for kind in ("motion", "transcript"):
                        client.request("grant", action="allow", app="game", classes=kind)
                session = client_module().connect("game", str(daemon.runtime_dir))
                app = App(session)
                app.show()
                app.until("target", lambda row: row["since_ns"][0])
                intent = say(app, remote, server, tmp_path)
                assert (intent["verb"], intent["objects"][0]) == ("what", AHEAD)
                assert (intent["object_count"], intent["unresolved"]) == (1, 0)
                assert 0.3 < intent["score"] <= 1
                explained(daemon, intent)
                session.close()
    finally:
        service.stop()


def say(app: App, remote: Remote, server: PulseServer, folder: Path) -> dict[str, Any]:
    """Says it to the target ahead, and turns away at once; returns the intent."""
    path, spoken_s = speech(folder, "What is this?")
    with server.play(path):
        time.sleep(LEAD_S + spoken_s)
        turn(remote, 25)
        app.until("target", lambda row: row["looked_at"]["ids"][0] == ASIDE)
        return app.until("intent", lambda row: True)


def explained(daemon: Daemon, intent: dict[str, Any]) -> None:
    """The command line tells the same, with the evidence; an intent that never was is refused."""
    told = daemon.command("why", str(intent["intent"]))
    assert told.returncode == 0
    assert "“this” was said" in told.stdout
    assert "was looked at" in told.stdout
    assert "thing 11 (11)" in told.stdout
    document = json.loads(daemon.command("why", "--json").stdout)
    assert document["intent"] == intent["intent"]
    assert (document["app"], document["verb"]) == ("game", "what")
    word, looked = document["evidence"][:2]
    assert (word["kind"], word["text"], word["target"]["name"]) == ("word", "this", "thing 11")
    assert looked["kind"] == "fixation"
    assert looked["from_s"] < word["from_s"] < document["seconds"]
    refused = daemon.command("why", "77000001")
    assert refused.returncode == 1
    assert "there is no intent 77000001" in refused.stderr


class App:
    """An app with the Python client."""

    def __init__(self, session: Any) -> None:
        names = ("scene", "target", "head", "intent")
        self._channels = {name: session.channel(name) for name in names}

    def show(self) -> None:
        """Publishes two targets, ahead and aside."""
        head = self.until("head", lambda row: True)
        eye = head["pose"]["position"]
        targets = []
        for id_, angle in ((AHEAD, 0), (ASIDE, 25)):
            ahead = towards(at_angles(angle, 0))
            targets.append({
                "id": id_, "radius": 0.1, "name": f"thing {id_}",
                "orientation": (0.0, 0.0, 0.0, 1.0), "flags": 1,
                "position": tuple(a + 2 * b for a, b in zip(eye, ahead, strict=True)),
            })
        status = self._channels["scene"].write({
            "world_orientation": (0.0, 0.0, 0.0, 1.0), "world_scale": 1.0,
            "space_generation": head["space_generation"], "count": 2, "targets": targets,
        }, now_ns())
        assert status.name == "OK"

    def until(self, channel: str, holds: Callable[[Any], Any]) -> dict[str, Any]:
        """The first record of a channel for which something holds."""
        end = time.monotonic() + PATIENCE_S
        while True:
            read = self._channels[channel].read(now_ns())
            if read.status.name in ("NEW", "SAME"):
                row = dict(read.record.to_dict())
                if holds(row):
                    return row
            assert time.monotonic() < end, (channel, read.status)
            time.sleep(0.01)


def turn(remote: Remote, angle: float) -> None:
    """Turns the head to so many degrees to the right."""
    ahead = turned((math.sin(math.radians(angle)), 0.0, -math.cos(math.radians(angle))))
    off = (replace(hand, hand_tracking=False, active=False) for hand in (LEFT, RIGHT))
    remote.send(HEAD, ahead, *off)


def speech(folder: Path, text: str) -> tuple[Path, float]:
    """A text between silences, as a WAV file, and how long it takes to say, s."""
    spoken = folder / "spoken.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "140", "-w", str(spoken), text], check=True)
    with wave.open(str(spoken), "rb") as file:
        rate = file.getframerate()
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    sound = Resampler(rate, pulse.RATE).process(data.astype(np.float32))
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    sound = sound[loud[0] : loud[-1]]
    silence = np.zeros(int(LEAD_S * pulse.RATE))
    whole = np.concatenate([silence, sound, silence, silence])
    return write_wav(folder / "speech.wav", whole), len(sound) / pulse.RATE


def client_module() -> Any:
    """The file that an app copies."""
    spec = importlib.util.spec_from_file_location(
        "sensorium_client", CLIENTS / "python" / "sensorium_client.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(spec.name, module)
    spec.loader.exec_module(module)
    return module
