"""The control socket: real sockets, real processes, real file descriptors."""

from __future__ import annotations

import json
import os
import random
import resource
import socket
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.control_server import GENERATION, ServedFolder
from fixtures.waiting import eventually

from sensorium.control import descriptors, frames
from sensorium.control.client import Client
from sensorium.control.dial_unix import UnixLine
from sensorium.control.replies import Refused, checked
from sensorium.control.server import ControlServer
from sensorium.control.sessions import MAX_APPS, MAX_CONNECTIONS
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


def dial(served: ServedFolder) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(60)
    line.connect(str(served.path))
    return line


def hear(line: socket.socket) -> dict[str, Any] | None:
    assembler = frames.Assembler()
    while True:
        try:
            data = line.recv(assembler.missing)
        except ConnectionResetError:
            return None
        if not data:
            return None
        body = assembler.add(data)
        if body is not None:
            return frames.decode(body)


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


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"op": "open", "region": "motion"}, "before hello"),
        ({"op": "opne"}, "no such operation"),
        ({"no": "op"}, "no such operation"),
        ({"op": ["open"]}, "no such operation"),
        ({"op": "grant", "action": "allow", "app": "a"}, "classes is missing"),
        ({"op": "mute", "on": 1}, "true or false"),
        ({"op": "status", "deep": {"a": 1}}, "flat"),
    ],
)
def test_a_bad_request_is_refused_with_what_is_wrong(
    served: ServedFolder, request_: dict[str, Any], says: str
) -> None:
    line = dial(served)
    line.sendall(frames.encode(request_))
    answer = hear(line)
    assert answer is not None
    assert answer["error"] == "BAD_REQUEST"
    assert says in answer["message"]
    line.sendall(frames.encode({"op": "status"}))
    answer = hear(line)
    assert answer is not None
    assert answer["ok"]
    line.close()


@pytest.mark.parametrize("app", ["", "x" * 65, "two\nlines", " padded ", "\x1b[31m"])
def test_an_apps_name_is_checked(served: ServedFolder, app: str) -> None:
    with pytest.raises(Refused, match="printable") as caught:
        Client.connect(app, served.folder)
    assert caught.value.code == "BAD_REQUEST"


@pytest.mark.parametrize("client", ["", "c 0.1\x1b[31m", "x" * 65])
def test_what_a_client_reads_with_is_checked(served: ServedFolder, client: str) -> None:
    line = dial(served)
    hello = {"op": "hello", "app": "a", "client": client, "layout_major": 1, "layout_minor": 0}
    line.sendall(frames.encode(hello))
    answer = hear(line)
    assert answer is not None
    assert (answer["error"], "printable" in answer["message"]) == ("BAD_REQUEST", True)
    line.close()


GRANT = {"op": "grant", "action": "allow", "app": "a", "classes": "motion"}


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({**GRANT, "executable": "/odd/\ud800"}, "surrogate"),
        ({**GRANT, "app": "\ud800"}, "surrogate"),
        ({**GRANT, "\udc80": 1}, "surrogate"),
        ({**GRANT, "executable": "/" + "x" * 4096}, "at most 4096 bytes"),
        ({**GRANT, "until": "0001-01-01T00:00:00"}, "not a time"),
        ({**GRANT, "until": "0001-01-01T00:00:00+23:59"}, "not a time"),
        ({**GRANT, "until": "9999-12-31T23:59:59-23:59"}, "not a time"),
        ({**GRANT, "until": "tomorrow"}, "not a time"),
        ({"op": "recording", "on": True, "classes": "public", "bytes": 1}, "before hello"),
        ({"op": "recording", "on": True, "classes": "public", "bytes": 2**70}, "whole number"),
        ({"op": "recording", "on": True, "classes": "public", "bytes": -1}, "whole number"),
        ({"op": "grants", "after": -1}, "whole number"),
    ],
)
def test_values_that_no_handler_could_take_are_bad_requests(
    served: ServedFolder, request_: dict[str, Any], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = dial(served)
    line.sendall(frames.encode(request_))
    answer = hear(line)
    assert answer is not None
    assert answer["error"] == "BAD_REQUEST"
    assert says in answer["message"]
    assert not caplog.records
    line.close()


def test_more_grants_than_a_frame_holds_are_listed_in_parts(served: ServedFolder) -> None:
    with Client.connect("owner", served.folder) as owner:
        for number in range(30):
            program = f"/{number}/" + "\x01" * 4000
            owner.request(
                "grant", action="deny", app="beat-game", classes="motion", executable=program
            )
            served.call(lambda by=program: served.desk.grants.wish("other", by, "gaze"))
        answer = owner.request("grants")
        assert answer["total"] == 60
        assert 0 < len(answer["grants"]) == answer["next"] < 30
        listed = owner.grants()
        assert [row["executable"].split("/")[1] for row in listed["grants"]] == [
            str(number) for number in range(30)
        ]
        assert [row["app"] for row in listed["pending"]] == ["other"] * 30
        assert owner.request("grants", after=60)["next"] == 0


def test_a_fault_in_a_handler_is_an_answer(
    served: ServedFolder, caplog: pytest.LogCaptureFixture
) -> None:
    with Client.connect("beat-game", served.folder) as client:
        with pytest.raises(Refused, match="unexpected") as caught:
            client.request("mute", on=True)
        assert caught.value.code == "FAILED"
        # JSON has no such number.
        served.desk.attention = {"place": float("nan")}
        with pytest.raises(Refused, match="unexpected"):
            client.request("attention")
        assert client.request("status")["pid"] == os.getpid()
    assert "ZeroDivisionError" in caplog.text
    assert "attention of beat-game cannot be told" in caplog.text


def test_two_hundred_garbage_frames_end_only_their_own_connection(served: ServedFolder) -> None:
    chance = random.Random(4)
    with Client.connect("beat-game", served.folder) as good:
        for number in range(200):
            line = dial(served)
            body = chance.randbytes(chance.randrange(1, 300))
            match number % 5:
                case 0:
                    data = body
                case 1:
                    data = struct.pack("<I", len(body)) + body
                case 2:
                    data = struct.pack("<I", chance.choice([0, 65537, 0xFFFFFFFF])) + body
                case 3:
                    text = ("[" * chance.randrange(1, 60_000)).encode()
                    data = struct.pack("<I", len(text)) + text
                case _:
                    data = frames.encode({"op": "status", "x": 1})[: chance.randrange(1, 20)]
            try:
                line.sendall(data)
                line.shutdown(socket.SHUT_WR)
                answer = hear(line)
            except (BrokenPipeError, ConnectionResetError):
                answer = None
            assert answer is None or answer["error"] == "BAD_REQUEST"
            line.close()
        assert good.request("status")["ok"]
    eventually(lambda: not served.server.connections, "all connections end")


def test_descriptors_that_a_client_sends_are_dropped(served: ServedFolder) -> None:
    line = dial(served)
    line.sendall(frames.encode({"op": "status"}))
    assert hear(line) is not None
    with open(os.devnull, "rb") as file:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(50):
            descriptors.send(line, frames.encode({"op": "status"}), [file.fileno()] * 20)
            assert hear(line) is not None
        assert len(os.listdir("/proc/self/fd")) == before
    line.close()


def test_a_client_that_does_not_read_holds_up_nobody(served: ServedFolder) -> None:
    request = frames.encode({"op": "reload"})
    slow = dial(served)
    slow.setblocking(False)
    asked = 0
    while asked < 100_000:
        try:
            assert slow.send(request) == len(request)
        except BlockingIOError:
            break
        asked += 1
    assert asked > 10
    eventually(lambda: served.desk.requests > 0, "a request arrives")
    with Client.connect("beat-game", served.folder) as client:
        assert client.request("status")["ok"]
    assert served.desk.requests < asked
    slow.settimeout(60)
    for _ in range(asked):
        answer = hear(slow)
        assert answer is not None
        assert answer["ok"]
    slow.close()


def test_a_request_that_comes_byte_by_byte_is_answered(served: ServedFolder) -> None:
    line = dial(served)
    for byte in frames.encode({"op": "status"}) * 2:
        line.sendall(bytes([byte]))
    for _ in range(2):
        answer = hear(line)
        assert answer is not None
        assert answer["ok"]
    line.close()


def test_one_app_too_many_is_told_and_a_free_place_is_taken_again(served: ServedFolder) -> None:
    clients = [Client.connect(f"app-{i}", served.folder) for i in range(MAX_APPS)]
    with pytest.raises(Refused, match="apps are connected") as caught:
        Client.connect("one-more", served.folder)
    assert caught.value.code == "BUSY"
    clients.pop().close()
    eventually(lambda: len(served.server.connections) < MAX_APPS, "a place is free")
    clients.append(Client.connect("one-more", served.folder))
    for client in clients:
        assert client.request("status")["ok"]
        client.close()


def test_as_many_apps_as_may_be_leave_the_owner_his_commands(served: ServedFolder) -> None:
    clients = [Client.connect(f"app-{i}", served.folder) for i in range(MAX_APPS)]
    with Client.connect("sensorium-cli", served.folder, owner=True) as owner:
        assert owner.greeting == {}
        assert owner.request("status")["ok"]
        owner.request("grant", action="deny", app="app-1", classes="motion")
        with pytest.raises(Refused, match="before hello"):
            owner.open("public")
    for client in clients:
        client.close()
    with Client.connect("sensorium-cli", served.folder, owner=True) as owner:
        assert owner.greeting["session"]


def test_the_sixty_fifth_connection_is_told(served: ServedFolder) -> None:
    lines = [dial(served) for _ in range(MAX_CONNECTIONS)]
    eventually(lambda: len(served.server.connections) == MAX_CONNECTIONS, "all places are taken")
    with pytest.raises(Refused, match="clients are connected") as caught:
        Client.connect("sensorium-cli", served.folder)
    assert caught.value.code == "BUSY"
    for line in lines:
        line.close()


def test_without_descriptors_clients_wait_and_the_server_does_not_spin(
    served: ServedFolder, caplog: pytest.LogCaptureFixture
) -> None:
    known, waiting = dial(served), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    waiting.settimeout(60)
    known.sendall(frames.encode({"op": "status"}))
    assert hear(known) is not None
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, limits[1]))
    try:
        waiting.connect(str(served.path))
        waiting.sendall(frames.encode({"op": "status"}))
        spent = time.process_time()
        time.sleep(1.5)
        assert time.process_time() - spent < 0.5
        known.sendall(frames.encode({"op": "status"}))
        assert hear(known) is not None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert [record.message for record in caplog.records] == [
        "clients have to wait: Too many open files"
    ]
    answer = hear(waiting)
    assert answer is not None
    assert answer["ok"]
    known.close()
    waiting.close()


def test_clients_that_never_said_hello_give_way(
    served: ServedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensorium.control.transport_unix.PATIENCE_NS", 0)
    silent = [dial(served) for _ in range(MAX_CONNECTIONS)]
    eventually(lambda: len(served.server.connections) == MAX_CONNECTIONS, "all places are taken")
    with Client.connect("beat-game", served.folder) as client:
        assert client.request("status")["ok"]
    assert silent[0].recv(1) == b""
    for line in silent:
        line.close()


def test_the_server_drops_a_connection(served: ServedFolder) -> None:
    with Client.connect("beat-game", served.folder) as client:
        (connection,) = served.server.connections
        served.call(lambda: served.server.drop(connection))
        with pytest.raises(ControlError, match=r"closed|gone") as caught:
            client.request("status")
    assert caught.value.remedy == "sensorium run"


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
