"""Recording and replay by command: a full disk, a replay by option, what a recording holds."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from fixtures.daemon import Daemon, DaemonError

from sensorium import folders
from sensorium.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.system

DEMO = folders.data_room("configs") / "demo.mcap"
HEADSET_ONLY = "[sensors.openxr]\n"
"""With --replay the recording takes the headset's place; no sense, so no engine is needed."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("replaying")
    arguments = ("--replay", str(DEMO), "--set", "sensors.replay.loop=true")
    with Daemon(folder, HEADSET_ONLY, arguments=arguments) as started:
        started.command("grants", "allow", "sensorium-record", "motion", "audio")
        started.command("grants", "allow", "sensorium-cli", "motion", "audio")
        yield started


def test_a_replay_by_option_takes_the_place_of_the_devices(daemon: Daemon) -> None:
    status = daemon.status()
    assert list(status["parts"]) == ["replay"]
    assert status["overrides"]["sensors.replay.file"] == str(DEMO)
    dumped = json.loads(daemon.command("channels", "dump", "head", "audio").stdout)
    assert dumped["head"]["record"]["source"] == 3
    assert len(dumped["audio"]["record"]["samples"]) == 512


def test_a_recording_holds_every_record_of_its_classes_once_and_nothing_else(
    daemon: Daemon, tmp_path: Path
) -> None:
    file = tmp_path / "a.mcap"
    done = daemon.command(
        "record", "--classes", "motion,audio", "--out", str(file), "--minutes", "0.05", "--json"
    )
    told = json.loads(done.stdout)
    numbers: dict[str, list[int]] = {}
    with Recording(file) as recording:
        for channel, sample in recording.events():
            numbers.setdefault(channel, []).append(sample.n)
    assert set(numbers) == {"head", "hand_left", "hand_right", "audio"}
    for channel, found in numbers.items():
        missing = found[-1] - found[0] + 1 - len(found)
        assert missing == told["lost"].get(channel, 0), channel
    assert file.stat().st_mode & 0o077 == 0


def test_a_grant_that_is_withdrawn_ends_the_recording_at_once(
    daemon: Daemon, tmp_path: Path
) -> None:
    file = tmp_path / "a.mcap"
    recorder = subprocess.Popen(
        [sys.executable, "-m", "sensorium", "record", "--classes", "motion", "--json",
         "--out", str(file)],
        env=daemon.environment, stdout=subprocess.PIPE, text=True,
    )
    try:
        until(lambda: daemon.status()["recording_bytes"] > 0)
        daemon.command("grants", "revoke", "sensorium-record", "motion")
        said, _ = recorder.communicate(timeout=60)
    finally:
        recorder.kill()
        recorder.wait()
        daemon.command("grants", "allow", "sensorium-record", "motion")
    told = json.loads(said)
    assert told["ended"] == "the grant for motion was withdrawn"
    with Recording(file) as recording:
        assert sum(1 for _ in recording.events()) == told["records"] > 0


def test_who_needs_the_microphone_is_seen_by_every_app(tmp_path: Path) -> None:
    with Daemon(tmp_path, "[sensors.microphone]\n") as own:
        own.command("grants", "allow", "sensorium-record", "audio")
        recorder = subprocess.Popen(
            [sys.executable, "-m", "sensorium", "record", "--classes", "audio",
             "--out", str(tmp_path / "a.mcap")],
            env=own.environment, stdout=subprocess.DEVNULL,
        )
        try:
            until(lambda: users(own) == 4)
            recorder.send_signal(signal.SIGTERM)
            assert recorder.wait(60) == 0
        finally:
            recorder.kill()
            recorder.wait()
        until(lambda: users(own) == 0)


def test_a_full_disk_ends_a_recording_that_stays_readable(
    daemon: Daemon, tmp_path: Path
) -> None:
    """On a real file system of 256 kB, in a mount namespace of its own."""
    small = tmp_path / "small"
    small.mkdir()
    kept = tmp_path / "kept.mcap"
    script = (
        f"mount -t tmpfs -o size=256k tmpfs {small} || exit 77; "
        f"{sys.executable} -m sensorium record --classes motion,audio --json "
        f"--out {small}/a.mcap --minutes 0.3; code=$?; cp {small}/a.mcap {kept}; exit $code"
    )
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare command")
    done = subprocess.run(
        [unshare, "--user", "--map-root-user", "--mount", "bash", "-c", script],
        env=daemon.environment, capture_output=True, text=True, timeout=180, check=False,
    )
    if not done.stdout:
        pytest.skip(f"no mount namespace permitted: {done.stderr.strip()}")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ended"]) == (1, "the disk is full")
    with Recording(kept) as recording:
        assert 0 < sum(1 for _ in recording.events()) <= told["records"]
    assert daemon.status()["recording_bytes"] == 0


def test_stepped_runs_in_one_process_of_its_own(tmp_path: Path) -> None:
    arguments = ("--replay", str(DEMO), "--speed", "stepped")
    with Daemon(tmp_path, HEADSET_ONLY, arguments=arguments) as own:
        assert list(own.children()) == ["stepped"]


@pytest.mark.parametrize("damage", [b"", b"not a recording", DEMO.read_bytes()[:600]])
def test_a_recording_that_is_none_is_refused_with_its_name(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "bad.mcap"
    file.write_bytes(damage)
    daemon = Daemon(tmp_path, HEADSET_ONLY, arguments=("--replay", str(file)))
    with pytest.raises(DaemonError, match=r"bad\.mcap"), daemon:
        pass
    assert not daemon.runtime_dir.exists()


def users(daemon: Daemon) -> int:
    """Who needs the microphone, as its public record says."""
    dumped = json.loads(daemon.command("channels", "dump", "microphone").stdout)
    return dumped["microphone"].get("record", {"users": -1})["users"]


def until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)
