"""The daemon as a Windows program: Python for Windows, its packages, and the C client, under wine.

What wine cannot show is not claimed by these tests: see the README, "What it needs".
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from fixtures import clients, engines, pulse, tones, windows_python
from fixtures.client_session import reads_waits_writes_and_survives, until
from fixtures.waiting import eventually
from fixtures.windows_daemon import WindowsDaemon
from fixtures.windows_processes import windows_commands
from fixtures.windows_python import ROOT, WindowsPython

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
SOURCES = [clients.PROGRAMS / "driver_main.c", clients.PROGRAMS / "driver_channels.c"]
SENSES = {"voice_activity", "gesture_left", "gesture_right"}
OF_THE_TOOLS = re.compile(
    r"^from sensorium_tools(?:\.| import )(?!hand|quaternion|clients)|^import onnx$"
    r"|^from (?:onnx|tokenizers|hypothesis) |^(?:import|from) scipy"
    r"|^from fixtures(?:\.| import .*)"
    r"(?:graphs|small_models|families|voices|senses|looking|gazes|recorded_eyes|pulse|engines|iwer_hands"
    r"|batched_engine|encoded_sound|videos|detecting)",
    re.MULTILINE,
)
"""Tests of what `sensorium-engines` needs, and hypothesis, which are not there: wine 8 cannot load
all of it."""
PATIENCE_S = 120.0
PLAYED = "Monitor of Null Output"
"""As wine calls the input that carries what is played; it has no loop-back."""
WORDS = "The quick brown fox jumps over the lazy dog, and then it goes on and on. " * 4


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WindowsPython]:
    windows_python.require()
    for name in ("silero-vad", "gesture-recognizer"):
        engines.ensure_built(name)
    running = WindowsPython(tmp_path_factory.mktemp("windows"))
    yield running
    running.close()


@pytest.fixture
def daemon(python: WindowsPython, tmp_path: Path) -> Iterator[WindowsDaemon]:
    with WindowsDaemon(python, tmp_path) as running:
        yield running


@pytest.fixture(params=["c", "python"])
def driver(request, daemon, tmp_path) -> Iterator[clients.Driver]:
    if request.param == "c":
        made = clients.compile_c(
            tmp_path / "driver.exe", SOURCES, "-static", compiler="x86_64-w64-mingw32-gcc"
        )
        command = clients.wine(made)
    else:
        command = python_driver(daemon)
    with daemon.driver(command) as running:
        yield running


def python_driver(daemon: WindowsDaemon) -> list[str]:
    files = (clients.PROGRAMS / "driver.py", clients.CLIENTS / "python")
    return daemon.python.command(*map(clients.windows_path, files))


def sees_every_sense(daemon: WindowsDaemon) -> bool:
    """Whether `sensorium doctor` finds data in every sense's channel, and capture's priority."""
    found = {one["topic"]: one["verdict"] for one in daemon.asked("doctor")["findings"]}
    assert found["scheduling"] == "ok"
    return all(found[f"channel {name}"] == "ok" for name in SENSES)


def windows_processes(python: WindowsPython) -> int:
    """How many of its Pythons run."""
    return sum(1 for _ in windows_commands(python))


def test_units_and_waking(python: WindowsPython) -> None:
    without = [
        f"--ignore=tests/unit/{path.name}" for path in (ROOT / "tests" / "unit").glob("test_*.py")
        if OF_THE_TOOLS.search(path.read_text("utf-8"))
    ]
    done = python.run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", *without, "tests/unit",
        "tests/contract/test_waking_windows.py",
    )
    assert done.returncode == 0, done.stdout[-6000:]


def test_what_is_played_is_captured(python: WindowsPython, tmp_path: Path) -> None:
    pulse.require()
    sound = pulse.write_wav(tmp_path / "tone.wav", tones.tone(1000, 300))
    with pulse.PulseServer() as server, server.play(sound) as player:
        done = python.run(
            "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract/test_output_windows.py",
            environment=server.environment,
        )
        player.kill()
    assert done.returncode == 0, done.stdout[-6000:]


def test_demo_shows_every_sense_live(python: WindowsPython, tmp_path: Path) -> None:
    own = {"SENSORIUM_DATA_DIR": clients.windows_path(tmp_path)}
    done = python.run("-m", "sensorium", "demo", "--seconds", "4", "--json", environment=own)
    assert done.returncode == 0, done.stderr
    channels = json.loads(done.stdout)["channels"]
    assert {name for name in SENSES if channels[name]["valid_records_seen"] > 20} == SENSES
    eventually(lambda: windows_processes(python) == 0, "the demo's processes end")


def test_commands_reach_the_daemon(daemon: WindowsDaemon) -> None:
    status = daemon.status()
    assert [child["state"] for child in status["processes"]] == ["live", "live"]
    second = daemon.command("run", "--config", "replay")
    assert second.returncode == 1
    assert f"running already (process {status['pid']})" in second.stderr
    # For a moment of each turn the recording has no hand in view, which doctor then says.
    eventually(lambda: sees_every_sense(daemon), "doctor sees every sense live")
    assert daemon.command("mute", "on").returncode == 0
    assert daemon.status()["muted"]
    assert daemon.stop() == 0
    assert daemon.command("status").returncode == 1
    eventually(lambda: windows_processes(daemon.python) == 0, "its processes end")


def test_client_reads_waits_writes_and_survives_the_daemon(driver, daemon) -> None:
    reads_waits_writes_and_survives(driver, daemon)
    assert driver("age", "gesture_right").split()[1] == "0"  # the clock is its own


def test_killed_processes_come_back_or_take_their_children_along(daemon: WindowsDaemon) -> None:
    with daemon.driver(python_driver(daemon)) as driver:
        driver("connect", "game")
        until(driver, "NEW", "read", "gesture_right")
        fast = next(c for c in daemon.status()["processes"] if c["name"] == "fast")
        daemon.end(fast["pid"])
        eventually(
            lambda: any(c["restarts"] for c in daemon.status()["processes"]), "fast restarts"
        )
        until(driver, "NEW", "read", "gesture_right")
    daemon.end(daemon.status()["pid"])
    eventually(lambda: windows_processes(daemon.python) == 0, "the children end")
    daemon.start()
    assert daemon.status()["ok"]


def test_recording_is_made_and_read(daemon: WindowsDaemon, tmp_path: Path) -> None:
    path = tmp_path / "made.mcap"
    windows = clients.windows_path(path)
    done = daemon.command("record", "--classes", "public", "--minutes", "0.05", "--out", windows)
    assert done.returncode == 0, done.stderr
    from mcap.reader import make_reader

    with path.open("rb") as file:
        topics = {channel.topic for _, channel, _ in make_reader(file).iter_messages()}
    assert {"/sensorium/gesture_right", "/sensorium/voice_activity"} <= topics


def test_microphone_hears_speech_and_openxr_is_looked_for(
    python: WindowsPython, tmp_path: Path
) -> None:
    pulse.require()
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    config = (
        "[sensors.microphone]\n[sensors.openxr]\n[senses.voice_activity]\n"
        f'[sensors.output_sound]\ndevice = "{PLAYED}"\n'
    )
    speech = tmp_path / "speech.wav"
    subprocess.run(["espeak-ng", "-w", speech, WORDS * 4], check=True)
    with (
        pulse.PulseServer() as server,
        WindowsDaemon(python, tmp_path, config, server.environment) as daemon,
    ):
        with daemon.driver(python_driver(daemon)) as reader, server.play(speech) as player:
            reader("connect", "game")
            assert reader("wait", int(PATIENCE_S * 1000), "voice_event") == "OK"
            # While it plays: it says so when nothing comes any more.
            parts = daemon.status()["parts"]
            player.terminate()
        microphone = parts["microphone"]
        assert (microphone["state"], "48000 Hz" in microphone["detail"]) == ("live", True)
        played = parts["output_sound"]
        assert (played["state"], played["detail"]) == ("live", f"{PLAYED} at 48000 Hz")
        # The binding loads; what is missing is a runtime, which wine has none of.
        eventually(
            lambda: daemon.status()["parts"].get("openxr", {}).get("state") == "missing",
            "OpenXR is looked for",
        )
        remedy = daemon.status()["parts"]["openxr"]["remedy"]
        assert remedy.startswith("start the headset's OpenXR runtime")


def test_it_is_the_checkouts_own_source(python: WindowsPython) -> None:
    done = python.run("-c", "import sensorium, sys; print(sensorium.__file__, sys.platform)")
    assert done.stdout.split() == [
        clients.windows_path(ROOT / "runtime" / "sensorium" / "__init__.py"), "win32",
    ]
