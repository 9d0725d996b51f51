"""What a spoken command refers to: a real OpenXR runtime, a real audio server, a real daemon."""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures import engines, pulse
from fixtures.clients import Driver, compile_c, python_client
from fixtures.daemon import Daemon
from fixtures.fusing import CONFIG, VOCABULARY
from fixtures.looking import at_angles, towards, turned
from fixtures.monado import MonadoService
from fixtures.pulse import PulseServer, write_wav
from fixtures.remote_driver import LEFT, RIGHT
from fixtures.speech import RATE_HZ
from fixtures.synthesised import flite

from sensorium.clock import now_ns
from sensorium.sensors.resampler import Resampler
from sensorium_tools.samples import synthesisers

if TYPE_CHECKING:
    from fixtures.remote_driver import Remote

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="Monado is run on Linux"),
]
HEAD = (0.3, 1.6, -0.2)
AHEAD, ASIDE, ASIDE_DEG = 11, 12, 25
LEAD_S = 2.0
TRIES = 3
EARLIER_S = 0.15
"""So long before its word the head turns."""
PATIENCE_S = 60.0


def test_put_that_there_is_what_the_head_was_turned_to_in_time(tmp_path: Path) -> None:
    """A program in C is told; the head has long turned elsewhere when the text is there."""
    pulse.require()
    # Our recognition hears "But not now" of espeak-ng's.
    if why := synthesisers.missing("flite"):
        pytest.skip(why)
    for name in ("silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder", "minilm"):
        engines.ensure_built(name)
    program = tmp_path / "intent_app"
    compile_c(program, [Path(__file__).parents[1] / "fixtures" / "intent_app.c"])
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
                voice = python_client().connect("ear", str(daemon.runtime_dir))
                with Driver([str(program), "game"], daemon.environment) as app:
                    x, _, z = towards(at_angles(ASIDE_DEG, 0))
                    assert app("show", f"{x:.5f}", f"{z:.5f}") == "OK"
                    ear = voice.channel("voice_activity")
                    explained(daemon, told(spoken(app, ear, remote, server, tmp_path)))
                voice.close()
    finally:
        service.stop()


def say(ear: Any, remote: Remote, server: PulseServer, folder: Path) -> None:
    """Says it while the head turns from the one to the other, and away when it is said.

    When that is, the daemon tells: a sound server begins to play when it likes.
    """
    path, spoken_s = speech(folder, "Put that there.")
    with server.play(path):
        begun_ns = onset(ear)
        # "There" begins behind the middle, and is looked at before.
        turns_ns = begun_ns + round((0.6 * spoken_s - EARLIER_S) * 1e9)
        time.sleep(max(turns_ns - now_ns(), 0) / 1e9)
        turn(remote, ASIDE_DEG)
        time.sleep(0.4 * spoken_s + EARLIER_S + 1.3)
        turn(remote, -ASIDE_DEG)
        time.sleep(1.0)


def onset(ear: Any) -> int:
    """When somebody begins to speak from now on."""
    asked_ns = now_ns()
    end = time.monotonic() + PATIENCE_S
    while True:
        read = ear.read(now_ns())
        told_ns = int(read.record.to_dict()["onset_ns"]) if read.record is not None else 0
        if told_ns > asked_ns:
            return told_ns
        assert time.monotonic() < end, "nobody was heard"
        time.sleep(0.005)


def spoken(app: Driver, ear: Any, remote: Remote, server: PulseServer, folder: Path) -> str:
    """What the app is told. Where a busy machine lost some of the sound it is said once more."""
    for _ in range(TRIES):
        turn(remote, 0)
        assert app("looked", AHEAD) == "OK"
        say(ear, remote, server, folder)
        line = app("intent")
        if line != "LATE":
            return line
    raise AssertionError("nothing was understood")


def told(line: str) -> int:
    """Its id: the verb, the thing, and the place on the other thing's surface."""
    intent, verb, score, unresolved, target, *rest = line.split("\t")
    place, objects = [float(one) for one in rest[:3]], [int(one) for one in rest[3:]]
    assert (verb, objects, int(target), unresolved) == ("put", [AHEAD], ASIDE, "0")
    assert 0.2 < float(score) <= 1
    head = np.array(HEAD)
    wanted = np.array(towards(at_angles(ASIDE_DEG, 0))) * 2
    # Monado's local space need not begin where the remote driver's does.
    apart = np.array(place)[[0, 2]] - wanted[[0, 2]] - head[[0, 2]]
    assert float(np.linalg.norm(apart)) < 0.5
    return int(intent)


def explained(daemon: Daemon, intent: int) -> None:
    """The command line tells the same, with the evidence; an intent that never was is refused."""
    shown = daemon.command("why", str(intent))
    assert shown.returncode == 0
    for text in ("“that” was said", "“there” was said", "was looked at", "thing 11 (11)"):
        assert text in shown.stdout
    document = json.loads(daemon.command("why", "--json").stdout)
    assert document["intent"] == intent
    assert (document["app"], document["verb"]) == ("game", "put")
    word, looked = document["evidence"][:2]
    assert (word["kind"], word["text"], word["target"]["name"]) == ("word", "that", "thing 11")
    assert looked["kind"] == "fixation"
    assert looked["from_s"] < word["from_s"] < document["seconds"]
    refused = daemon.command("why", "77000001")
    assert refused.returncode == 1
    assert "there is no intent 77000001" in refused.stderr


def turn(remote: Remote, angle: float) -> None:
    """Turns the head to so many degrees to the right."""
    ahead = turned((math.sin(math.radians(angle)), 0.0, -math.cos(math.radians(angle))))
    off = (replace(hand, hand_tracking=False, active=False) for hand in (LEFT, RIGHT))
    remote.send(HEAD, ahead, *off)


def speech(folder: Path, text: str) -> tuple[Path, float]:
    """A text between silences, as a WAV file, and how long it takes to say, s."""
    sound = Resampler(RATE_HZ, pulse.RATE).process(flite(text, "slt"))
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    sound = sound[loud[0] : loud[-1]]
    silence = np.zeros(int(LEAD_S * pulse.RATE))
    whole = np.concatenate([silence, sound, silence, silence])
    return write_wav(folder / "speech.wav", whole), len(sound) / pulse.RATE
