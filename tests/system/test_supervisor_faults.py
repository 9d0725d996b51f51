"""What must not end or stall the daemon: hostile clients, a system without room, revocations."""

from __future__ import annotations

import contextlib
import json
import operator
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.daemon import ROOT, Daemon

from sensorium.channels.reader import Reader
from sensorium.channels.region import Region
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.errors import ControlError
from sensorium.folders import data_room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="uses Linux descriptors and signals"),
]
PATIENCE_S = 60.0
SENSES_ONLY = "[senses.gesture]\n[senses.voice_activity]\n"


def replay(more: str = "") -> str:
    recording = data_room("configs") / "demo.mcap"
    senses = "[senses.voice_activity]\n[senses.gesture]\n"
    return f'[sensors.replay]\nfile = "{recording}"\n{more}\n{senses}'


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path, replay("loop = true")) as running:
        yield running


def public(daemon: Daemon) -> Region:
    generation = int((daemon.runtime_dir / "current").read_text())
    return Region.map_path(daemon.runtime_dir / f"public.{generation}")


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.005)


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask_raw(daemon: Daemon, **request: Any) -> dict[str, Any]:
    """One request without the client's own checks."""
    body = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(PATIENCE_S)
        link.connect(str(daemon.runtime_dir / "control.sock"))
        link.sendall(struct.pack("<I", len(body)) + body)
        (size,) = struct.unpack("<I", link.recv(4, socket.MSG_WAITALL))
        return json.loads(link.recv(size, socket.MSG_WAITALL))


class HealthWatch:
    """What a reader that looks all the time sees of the daemon's health."""

    def __init__(self, region: Region) -> None:
        self._reader = Reader(region, "health")
        self._ended = threading.Event()
        self.seen: set[Status] = set()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> HealthWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.002):
            self.seen.add(self._reader.read(now_ns()))


@pytest.mark.parametrize("size", [2**53, 2**63, 2**70, -1])
def test_absurd_sizes_of_a_recording_do_not_end_the_daemon(daemon: Daemon, size: int) -> None:
    ask_raw(daemon, op="recording", on=True, classes="public", bytes=size)
    with daemon.client("game") as client, contextlib.suppress(ControlError):
        client.request("recording", on=True, classes="public", bytes=size)
        reader = Reader(public(daemon), "health")
        for _ in range(3):
            until(lambda: reader.read(now_ns()) is Status.NEW, "health")
    assert daemon.process.poll() is None


def test_waiters_page_cannot_be_shrunk_by_a_client(daemon: Daemon) -> None:
    with daemon.client("game") as client:
        _, handles = client._exchange("open", {"region": "public"})
        for change in (0, 65536):
            with pytest.raises(PermissionError):
                os.ftruncate(handles[1], change)
        for handle in handles:
            os.close(handle)
    assert not list(daemon.runtime_dir.glob("*.waiters"))


def test_revocations_leak_nothing_and_kill_nobody(daemon: Daemon) -> None:
    reader = Reader(public(daemon), "gesture_left")
    until(lambda: reader.read(now_ns()) is Status.NEW, "gestures")
    pids = daemon.children()
    supervisor = daemon.process.pid

    def cycle() -> None:
        owner.request("grant", action="allow", app="game", classes="motion,audio")
        for name in ("motion", "audio"):
            region, page = game.open(name)
            region.close()
            page.close()
        owner.request("grant", action="revoke", app="game", classes="motion,audio")

    def open_now() -> list[int]:
        return [descriptors(pid) for pid in (supervisor, *pids.values())]

    with daemon.client("owner") as owner, daemon.client("game") as game:
        for _ in range(3):
            cycle()
        time.sleep(0.5)
        before = open_now()
        cycles = 20
        for _ in range(cycles):
            cycle()
        # Processes open some of their own, also for a moment only; what leaks does so each time.
        until(lambda: max(map(operator.sub, open_now(), before)) < cycles // 2, "descriptors back")
    assert daemon.children() == pids
    until(lambda: reader.read(now_ns()) is Status.NEW, "gestures from the last region")


def test_process_that_cannot_be_started_is_tried_again(daemon: Daemon) -> None:
    supervisor, fast = daemon.process.pid, daemon.children()["fast"]
    plenty = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (descriptors(supervisor), plenty[1]))
    os.kill(fast, signal.SIGKILL)
    until(lambda: "could not be started" in daemon.read_log(), "a failed start")
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, plenty)
    until(lambda: daemon.children().get("fast", fast) != fast, "another process")
    reader = Reader(public(daemon), "gesture_left")
    until(lambda: reader.read(now_ns()) is Status.NEW, "gestures")


@pytest.mark.skipif(
    os.name != "posix" or os.getuid() != 0 or not shutil.which("unshare"),
    reason="mounting a read-only folder needs root and unshare",
)
def test_mute_mutes_where_its_mark_cannot_be_written(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    with Daemon(tmp_path, SENSES_ONLY) as daemon, daemon.client("owner") as owner:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", config], check=True)
        try:
            with pytest.raises(ControlError, match="muted until the daemon ends"):
                owner.request("mute", on=True)
            assert owner.request("status")["muted"] is True
        finally:
            subprocess.run(["umount", config], check=True)


def test_senses_without_engines_cost_next_to_nothing(tmp_path: Path) -> None:
    with Daemon(tmp_path, SENSES_ONLY, cache=tmp_path / "empty") as daemon:
        pid = daemon.children()["fast"]
        # What its start takes is over when its senses have said that they cannot run.
        until(lambda: "gesture" in daemon.status()["parts"], "the senses")
        time.sleep(0.5)
        before, begun = cpu_s(pid), time.monotonic()
        time.sleep(2)
        share = (cpu_s(pid) - before) / (time.monotonic() - begun)
        assert share < 0.25, "it spins"


def test_heartbeat_goes_on_while_a_hung_process_is_replaced(daemon: Daemon) -> None:
    path = daemon.folder / "daemon.toml"
    with HealthWatch(public(daemon)) as watch, daemon.client("owner") as owner:
        os.kill(daemon.children()["capture"], signal.SIGSTOP)
        hung = daemon.children()["capture"]
        path.write_text(replay("loop = true\nspeed = 2.0"))
        owner.request("reload")
        until(lambda: daemon.children().get("capture", hung) != hung, "another capture")
    assert watch.seen == {Status.NEW, Status.SAME}


def test_revocation_does_not_reach_other_senses(daemon: Daemon) -> None:
    reader = Reader(public(daemon), "voice_activity")
    until(lambda: reader.read(now_ns()) is Status.NEW, "voice activity")

    def reasons() -> set[int]:
        """Why nothing was given, while audio was revoked five times."""
        seen: set[tuple[Status, int]] = set()
        for _ in range(5):
            owner.request("grant", action="allow", app="game", classes="audio")
            region, page = game.open("audio")
            owner.request("grant", action="revoke", app="game", classes="audio")
            end = time.monotonic() + 0.2
            while time.monotonic() < end:
                seen.add((reader.read(now_ns()), reader.reason))
            region.close()
            page.close()
        return {reason for status, reason in seen if status is Status.INVALID}

    with daemon.client("owner") as owner, daemon.client("game") as game:
        # A busy machine may hold up the sound itself; a revocation would do so each time.
        found = [reasons()]
        while found[-1] and len(found) < 5:
            found.append(reasons())
    assert found[-1] == set(), found


def test_stepped_replay_is_the_same_with_revocations(tmp_path: Path) -> None:
    def counts(folder: Path, *, revoke: bool) -> dict[str, int]:
        folder.mkdir()
        names = ("voice_activity", "gesture_left", "gesture_event", "voice_event")
        with (
            Daemon(folder, replay("stepped = true")) as daemon,
            daemon.client("owner") as owner,
            daemon.client("game") as game,
        ):
            region = public(daemon)
            while owner.request("status")["parts"].get("replay", {}).get("state") != "ended":
                if revoke:
                    owner.request("grant", action="allow", app="game", classes="audio,motion")
                    for name in ("audio", "motion"):
                        for held in game.open(name):
                            held.close()
                    owner.request("grant", action="revoke", app="game", classes="audio,motion")
                time.sleep(0.02)
            return {name: Reader(region, name).latest() for name in names}

    calm = counts(tmp_path / "calm", revoke=False)
    assert calm["gesture_event"] > 10
    assert counts(tmp_path / "revoked", revoke=True) == calm


def test_closed_terminal_is_a_clean_stop(daemon: Daemon) -> None:
    reader = Reader(public(daemon), "health")
    daemon.process.send_signal(signal.SIGHUP)
    assert daemon.process.wait(PATIENCE_S) == 0
    assert reader.read(now_ns()) is Status.CLOSED


def test_nothing_is_imported_from_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('imported from the current folder')\n")
    (tmp_path / "own.toml").write_text(SENSES_ONLY)
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "sensorium", "run", "--json", "--config", "own.toml"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "runtime"),
            "SENSORIUM_RUNTIME_DIR": str(runtime),
            "SENSORIUM_CONFIG_DIR": str(tmp_path / "config"),
            "SENSORIUM_DATA_DIR": str(tmp_path / "data"),
        },
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line == "}\n":
            break
    process.terminate()
    _, log = process.communicate(timeout=PATIENCE_S)
    assert "imported from the current folder" not in log
    assert process.returncode == 0


def test_stopped_child_dies_with_its_supervisor(daemon: Daemon) -> None:
    capture = daemon.children()["capture"]
    os.kill(capture, signal.SIGSTOP)
    daemon.process.kill()
    daemon.process.wait(PATIENCE_S)
    until(lambda: not os.path.exists(f"/proc/{capture}/fd") or state(capture) == "Z", "its end")


def state(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter; a test's own is root's alone."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(
    os.name != "posix" or os.getuid() != 0 or not shutil.which("setpriv"),
    reason="acting as two other users needs root and setpriv",
)
def test_links_planted_by_another_user_are_not_followed(open_folder: Path) -> None:
    tmp_path = open_folder
    victim, runtime = tmp_path / "victim", tmp_path / "runtime"
    victim.write_text("precious")
    os.chown(victim, 23456, 23456)
    runtime.mkdir()
    for name in ("daemon.lock", "current.new"):
        (runtime / name).symlink_to(victim)
    os.chown(runtime, 12345, 12345)
    runtime.chmod(0o777)
    (tmp_path / "own.toml").write_text(SENSES_ONLY)
    result = subprocess.run(
        ["setpriv", "--reuid=23456", "--regid=23456", "--clear-groups",
         sys.executable, "-m", "sensorium", "run", "--config", str(tmp_path / "own.toml")],
        cwd="/", capture_output=True, text=True, timeout=180, check=False,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "runtime"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SENSORIUM_RUNTIME_DIR": str(runtime),
            "HOME": str(tmp_path),
        },
    )
    if result.returncode in (126, 127):
        pytest.skip(f"another user may not run this Python: {result.stderr.strip()}")
    assert result.returncode == 1
    assert "open to other users" in result.stderr
    assert victim.read_text() == "precious"
