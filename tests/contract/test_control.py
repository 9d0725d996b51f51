"""The control socket: real sockets, real processes, real file descriptors."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.control_line import dial, hear
from fixtures.control_server import GENERATION, ServedFolder
from fixtures.waiting import eventually

from sensorium.control import frames
from sensorium.control.client import Client
from sensorium.control.dial_unix import UnixLine
from sensorium.control.replies import checked
from sensorium.control.server import ControlServer
from sensorium.errors import ControlError, DeniedError, VersionError
from sensorium.health import RegionState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")
READER = """
import json, mmap, sys
from pathlib import Path
from sensorium.control import frames
from sensorium.control.client import Client
from sensorium.errors import DeniedError
client = Client.connect("beat-game", Path(sys.argv[1]))
try:
    region, waiters = client.open("motion")
except DeniedError as error:
    print(json.dumps({"denied": error.message, "remedy": error.remedy}))
    raise SystemExit
writable = True
try:
    region.words[0] = 0
except TypeError:
    writable = False
_, (handle, page) = client._line.exchange(frames.encode({"op": "open", "region": "motion"}))
try:
    mmap.mmap(handle, 0, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    mapped_writable = True
except PermissionError:
    mapped_writable = False
waiters.words[2] = 77
print(json.dumps({"names": list(region.entries), "generation": region.generation,
                  "writable": writable, "mapped_writable": mapped_writable}))
"""


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedFolder]:
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    with ServedFolder(folder) as running:
        yield running


def run_reader(folder: Path) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", READER, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def test_hello_says_the_versions_and_the_session(served: ServedFolder) -> None:
    with Client.connect("beat-game", served.folder) as client:
        assert client.greeting["layout_major"] == 1
        assert client.greeting["generation"] == GENERATION
        assert client.greeting["session"] == 1
        (connection,) = served.server.connections
        assert (connection.app, connection.pid) == ("beat-game", os.getpid())
        assert connection.client.startswith("python ")
        assert connection.executable == os.readlink("/proc/self/exe")
    eventually(lambda: served.desk.left == ["beat-game"], "the session is over")


def test_the_socket_is_this_users_alone(served: ServedFolder) -> None:
    assert served.path.stat().st_mode & 0o777 == 0o600


def test_another_process_gets_a_region_only_with_a_grant(served: ServedFolder) -> None:
    answer = run_reader(served.folder)
    assert answer["remedy"] == "sensorium grants allow beat-game motion"
    with Client.connect("owner", served.folder) as owner:
        listed = owner.request("grants")
        assert [(wish["app"], wish["class"]) for wish in listed["pending"]] == [
            ("beat-game", "motion")
        ]
        owner.request("grant", action="allow", app="beat-game", classes="motion")
        answer = run_reader(served.folder)
        assert "hand_left" in answer["names"]
        assert answer["generation"] == GENERATION
        assert not answer["writable"]
        assert not answer["mapped_writable"]
        assert served.desk.regions["motion"][1].words[2] == 77
        (grant,) = owner.request("grants")["grants"]
        assert grant["executable"] == os.path.realpath(sys.executable)
        assert owner.request("grants")["pending"] == []
        owner.request("grant", action="deny", app="beat-game", classes="motion")
        assert "denied" in run_reader(served.folder)["denied"]
        assert owner.request("grant", action="revoke", app="beat-game", classes="motion")["changed"]
        assert "no grant" in run_reader(served.folder)["denied"]
    noted = [line.split("\t")[1:4] for line in served.desk.audit.read_text().splitlines()]
    assert noted == [
        ["refused", "beat-game", "motion"],
        ["allow", "beat-game", "motion"],
        ["opened", "beat-game", "motion"],
        ["deny", "beat-game", "motion"],
        ["revoke", "beat-game", "motion"],
        ["refused", "beat-game", "motion"],
    ]


def test_public_is_read_only_and_an_apps_own_region_is_not(served: ServedFolder) -> None:
    with Client.connect("beat-game", served.folder) as client:
        region, waiters = client.open("public")
        with pytest.raises(TypeError):
            region.words[0] = 1
        served.desk.regions["public"][0].set_state(RegionState.REPLACED)
        assert region.state == RegionState.REPLACED
        app, app_waiters = client.open("app")
        app.words[len(app.words) - 1] = 9
        for mapped in (region, waiters, app, app_waiters):
            mapped.close()


def test_no_descriptor_is_left_behind(served: ServedFolder) -> None:
    with Client.connect("beat-game", served.folder) as client:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            for mapped in client.open("public"):
                mapped.close()
            client.request("open", region="public")
            with pytest.raises(DeniedError):
                client.open("gaze")
            with pytest.raises(ControlError, match="longer than a frame"):
                client.request("stop")
        eventually(lambda: len(os.listdir("/proc/self/fd")) == before, "no descriptor is left")


def test_another_layout_is_told_both_numbers(served: ServedFolder) -> None:
    line = dial(served)
    line.sendall(
        frames.encode(
            {"op": "hello", "app": "old", "client": "c 9", "layout_major": 9, "layout_minor": 4}
        )
    )
    answer = hear(line)
    assert answer is not None
    assert answer["error"] == "VERSION"
    assert "1.0" in answer["message"]
    assert "9.4" in answer["message"]
    with pytest.raises(VersionError):
        checked(answer)
    line.close()


def test_another_user_is_refused(served: ServedFolder) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can start a process of another user")
    served.path.chmod(0o666)
    script = (
        "import os, socket, sys\n"
        "line = socket.socket(socket.AF_UNIX)\n"
        "os.chdir(sys.argv[1])\n"
        "os.setuid(65534)\n"
        "line.connect('control.sock')\n"
        "sys.stdout.buffer.write(line.recv(65536))\n"
    )
    served.folder.chmod(0o711)
    done = subprocess.run(
        [sys.executable, "-c", script, str(served.folder)],
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout[4:])["error"] == "DENIED"
    assert not served.server.connections


def test_no_daemon_is_said_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no daemon is running") as caught:
        Client.connect("beat-game", tmp_path)
    assert caught.value.remedy == "sensorium run"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "control.sock"))
    stale.close()
    with pytest.raises(ControlError, match="is gone"):
        Client.connect("beat-game", tmp_path)


def test_a_daemon_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control.sock"))
        listener.listen(1)
        with pytest.raises(ControlError, match="does not answer"):
            Client.connect("beat-game", tmp_path, timeout_s=0.2)


def test_a_late_answer_is_not_taken_for_that_of_another_request(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control.sock"))
        listener.listen(1)
        client = Client(UnixLine(tmp_path, 0.2))
        line, _ = listener.accept()
        with pytest.raises(ControlError, match="does not answer"):
            client.request("status")
        with pytest.raises(BrokenPipeError):
            line.sendall(frames.encode({"ok": True}))
        with pytest.raises(ControlError, match="is gone"):
            client.request("mute", on=True)
        line.close()


def test_a_stale_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "control.sock"))
    stale.close()
    with (
        ServedFolder(tmp_path) as served,
        pytest.raises(ControlError, match="another daemon listens"),
    ):
        ControlServer(served.path, served.desk, lambda: GENERATION)
    assert not served.path.exists()


def test_folders_and_paths_that_will_not_do(tmp_path: Path, served: ServedFolder) -> None:
    def serve(path: Path) -> None:
        ControlServer(path, served.desk, lambda: GENERATION)

    with pytest.raises(ControlError, match="cannot be used"):
        serve(tmp_path / "absent" / "control.sock")
    tmp_path.chmod(0o755)
    with pytest.raises(ControlError, match="open to other users"):
        serve(tmp_path / "control.sock")
    tmp_path.chmod(0o700)
    with pytest.raises(ControlError, match="at most 107 bytes"):
        serve(tmp_path / ("x" * 108))
    (tmp_path / "control.sock").write_text("")
    with pytest.raises(ControlError, match="is not a socket"):
        serve(tmp_path / "control.sock")
