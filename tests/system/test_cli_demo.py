"""The demo: a recording through a real daemon with real engines, seen by the clients' reader."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fixtures.terminal import CTRL_C, in_a_terminal

from sensorium import folders
from sensorium.inference import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "sensorium", "demo")
ENGINES = ("silero-vad", "gesture-recognizer")
LOOKS_S = ("8", "24", "72")
"""How long is looked: a busy machine may need longer until every sense has told something."""


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The demo puts its daemon's folders beside the runtime folder: here, into `folder`."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT / "runtime"),
        "SENSORIUM_RUNTIME_DIR": str(folder / "sensorium"),
        "SENSORIUM_CONFIG_DIR": str(folder / "config"),
        **more,
    }


@pytest.fixture
def memory() -> Iterator[Path]:
    """An empty folder in memory, with a path short enough for a socket's."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="sns-", dir=shared if shared.is_dir() else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def require_engines() -> None:
    for name in ENGINES:
        if store.stamp(name) is None:
            pytest.skip(f"the engine {name} is not built: sensorium-engines build {name}")
    if not (folders.data_room("configs") / "demo.mcap").is_file():
        pytest.skip("configs/demo.mcap is not there")


def test_every_expected_sense_is_live_and_heard_and_seen(memory: Path) -> None:
    require_engines()
    for seconds in LOOKS_S:
        done = subprocess.run(
            [*COMMAND, "--seconds", seconds, "--json"], env=environment(memory),
            capture_output=True, text=True, timeout=300, check=False,
        )
        assert list(memory.iterdir()) == [], "something was left behind"
        found = json.loads(done.stdout or "{}")
        if done.returncode == 0 and found["utterances"] and found["gestures"]:
            break
    assert (done.returncode, found["missing"]) == (0, {}), done.stderr
    for name in ("head", "hand_left", "hand_right", "gesture_left", "gesture_right"):
        assert found["channels"][name]["valid_records_seen"] > 20, name
    assert found["channels"]["voice_activity"]["engine"] == "silero-vad"
    assert found["channels"]["gesture_left"]["publish_to_seen_ms"]["p50"] > 0
    assert found["utterances"] >= 1
    assert found["gestures"]


def test_an_engine_that_is_missing_is_named_with_the_command_that_brings_it(
    memory: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    done = subprocess.run(
        [*COMMAND, "--seconds", "3", "--json"],
        env=environment(memory, SENSORIUM_CACHE_DIR=str(cache)),
        capture_output=True, text=True, timeout=180, check=False,
    )
    assert done.returncode == 1
    missing = json.loads(done.stdout)["missing"]
    assert missing["voice_activity"]["remedy"] == "sensorium-engines build silero-vad"
    assert missing["gesture_left"]["remedy"] == "sensorium-engines build gesture-recognizer"
    assert "sensorium-engines build silero-vad" in done.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_it_nothing_is_left_running(memory: Path, ending: signal.Signals) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--seconds", "60"], env=environment(memory),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: list(memory.glob("sensorium-demo-*/run/control.sock")))
        folder = next(memory.glob("sensorium-demo-*"))
        process.send_signal(ending)
        code = process.wait(60)
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: not users_of(folder))
    if ending is not signal.SIGKILL:
        assert code == 130
        assert list(memory.iterdir()) == []


def test_a_terminal_sees_hands_and_voice_move(memory: Path) -> None:
    require_engines()
    shown, code = in_a_terminal([*COMMAND, "--seconds", "4"], environment(memory))
    assert code == 0, shown
    assert "left hand" in shown
    assert "voice_activity" in shown
    assert any("⠁" <= character <= "⣿" for character in shown)
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is there again"


def test_ctrl_c_in_a_terminal_ends_it_cleanly(memory: Path) -> None:
    require_engines()
    shown, code = in_a_terminal(
        COMMAND, environment(memory), keys=CTRL_C, once_shown="Ctrl-C ends it"
    )
    assert code == 130
    assert "Traceback" not in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is there again"
    assert list(memory.iterdir()) == []


def wait_until(condition: Callable[[], object], timeout_s: float = 60.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def users_of(folder: Path) -> list[int]:
    """Processes whose environment names a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder / "run").encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
