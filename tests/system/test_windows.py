"""The daemon as a Windows program: Python for Windows, its packages, and the C client, under wine.

What wine cannot show is not claimed by these tests: see the README, "What it needs".
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fixtures import clients, engines, layer, pulse, windows_python
from fixtures.client_session import reads_waits_writes_and_survives, until
from fixtures.keeper import QUICK_KEEPER
from fixtures.layer import LayerHome
from fixtures.waiting import eventually
from fixtures.windows_daemon import WindowsDaemon
from fixtures.windows_python import ROOT, WindowsPython

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def windows_commands(python: WindowsPython) -> Iterator[tuple[str, bytes]]:
    """The process and the command line of each of its Pythons, from outside wine."""
    wine = python.environment["WINEPREFIX"].encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environ:
                mine = wine in environ.read()
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                words = line.read()
        except OSError:
            continue
        if mine and b"python.exe" in words:
            yield pid, words


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


def test_local_api_listens_on_loopback_and_comes_back_as_a_task(
    python: WindowsPython, tmp_path: Path
) -> None:
    steam = tmp_path / "config"
    steam.mkdir()
    registry = tmp_path / "openvrpaths.vrpath"
    registry.write_text(json.dumps({"config": [clients.windows_path(steam)]}))
    own = {"VR_PATHREG_OVERRIDE": clients.windows_path(registry)}
    config = "\n[service]\nenabled = true\ntcp = true\n"
    with WindowsDaemon(python, tmp_path, config, own) as daemon:
        listens_for_who_has_the_token(daemon)
        # It runs already, so the Task Scheduler, of which wine has half, is not to start it.
        wanted = ["install", "--with-steamvr", "--config", daemon.config]
        refused, none, made, status = daemon.at_once(
            ["service", "install", "--on-demand"], ["service", "status"], ["service", *wanted],
            ["service", "status"],
        )
        assert "--on-demand needs systemd" in refused["message"]
        assert none["units"] == {}
        assert made["started"] is False
        ((name, told),) = status["units"].items()
        assert (told["ActiveState"], told["UnitFileState"]) == ("inactive", "static")
        manifest = tmp_path / "data" / "service" / "sensorium.vrmanifest"
        (application,) = json.loads(manifest.read_text())["applications"]
        assert application["binary_path_windows"].endswith("pythonw.exe")
        told = f"--environment=SENSORIUM_DATA_DIR={daemon.environment['SENSORIUM_DATA_DIR']}"
        assert told in application["arguments"]
        assert json.loads((steam / "appconfig.json").read_text()) == {
            "manifest_paths": [clients.windows_path(manifest)]
        }
        daemon.stop()

        with daemon.task() as keeper:
            eventually(lambda: answering(daemon) > 0, "it is started")
            first = answering(daemon)
            assert daemon.kept() == {"pid": first, "restarts": 0, "failed": False}
            daemon.end(first)
            eventually(lambda: answering(daemon) not in (0, first), "it is started again")
            second = answering(daemon)
            status, removed = daemon.at_once(["service", "status"], ["service", "uninstall"])
            told = status["units"][name]
            assert (told["ActiveState"], told["NRestarts"]) == ("active", "1")
            assert told["MainPID"] == str(second)
            assert removed["removed"]
            assert keeper.wait(60) == 0
        assert not (steam / "vrappconfig" / "sensorium.daemon.vrappconfig").exists()
        assert "started again" in daemon.command("service", "logs").stdout
        # Of wine's schtasks this is what tells whether there is a task.
        assert python.schtasks("/delete", "/tn", name, "/f") == 1
        # With its file deleted the task is found all the same.
        (made,) = daemon.at_once(["service", *wanted])
        (tmp_path / "data" / "service" / "task.xml").unlink()
        removed, none = daemon.at_once(["service", "uninstall"], ["service", "uninstall"])
        assert removed["removed"][0] == made["installed"][0]
        assert none["removed"] == []
        assert python.schtasks("/delete", "/tn", name, "/f") == 1


def test_a_daemon_that_hangs_is_started_again(python: WindowsPython, tmp_path: Path) -> None:
    daemon = WindowsDaemon(python, tmp_path)

    def hang() -> None:
        """Stops the supervisor from outside wine; its children have another command line."""
        (pid,) = (
            int(pid) for pid, line in windows_commands(python) if b"-m\0sensorium\0run" in line
        )
        os.kill(pid, signal.SIGSTOP)

    def live(restarts: int) -> int:
        try:
            kept = daemon.kept()
        except (OSError, ValueError):
            return 0
        done = daemon.command("status", "--json")
        if kept["restarts"] != restarts or done.returncode:
            return 0
        return int(kept["pid"]) if json.loads(done.stdout)["pid"] == kept["pid"] else 0

    command = python.command("-c", QUICK_KEEPER, "--", "run", "--config", daemon.config)
    environment = {**os.environ, **python.environment, **daemon.environment}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as keeper:
        try:
            first = eventually(lambda: live(0), "a daemon", PATIENCE_S)
            hang()
            assert eventually(lambda: live(1), "another one", PATIENCE_S) != first
            assert daemon.command("stop").returncode == 0
            assert keeper.wait(60) == 0
        finally:
            # With it ends what it keeps.
            keeper.kill()
    assert "the daemon hangs" in daemon.command("service", "logs").stdout
    shutil.rmtree(daemon.runtime_dir)


def answering(daemon: WindowsDaemon) -> int:
    """The process of the daemon whose local API answers; 0: none."""
    try:
        address = json.loads((daemon.runtime_dir / "api.json").read_bytes())
        answer = httpx.get(
            f"{address['url']}/v1/status", headers={"Authorization": f"Bearer {address['token']}"},
            timeout=60,
        )
        return int(answer.json()["pid"])
    except (OSError, ValueError, KeyError, httpx.TransportError):
        return 0


def listens_for_who_has_the_token(daemon: WindowsDaemon) -> None:
    address = json.loads(daemon.command("api", "--json").stdout)
    assert address["socket"] == ""
    with httpx.Client(base_url=address["url"], timeout=60) as client:
        assert client.get("/v1/status").status_code == 401
        client.headers["Authorization"] = f"Bearer {address['token']}"
        status = client.get("/v1/status").json()
        scene = client.put(
            "/v1/scene", json={"targets": [{"id": 1, "position": [0, 0, -1], "radius": 0.1}]}
        )
    assert [child["name"] for child in status["processes"]] == ["service"]
    assert scene.json()["targets"] == 1


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
    config = "[sensors.microphone]\n[sensors.openxr]\n[senses.voice_activity]\n"
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
            microphone = daemon.status()["parts"]["microphone"]
            player.terminate()
        assert (microphone["state"], "48000 Hz" in microphone["detail"]) == ("live", True)
        # The binding loads; what is missing is a runtime, which wine has none of.
        eventually(
            lambda: daemon.status()["parts"].get("openxr", {}).get("state") == "missing",
            "OpenXR is looked for",
        )
        remedy = daemon.status()["parts"]["openxr"]["remedy"]
        assert remedy.startswith("start the headset's OpenXR runtime")


@pytest.fixture(scope="module")
def layer_library(python: WindowsPython, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return layer.build(tmp_path_factory.mktemp("layer") / "built", "windows")


def layer_host(library: Path, *arguments: str) -> list[str]:
    program = clients.wine(library.with_name("layer_host.exe"))
    return [*program, clients.windows_path(library), *arguments]


def test_the_layer_changes_nothing_for_an_app(python: WindowsPython, layer_library: Path) -> None:
    with LayerHome() as home:
        environment = {**python.environment, **home.on_windows()}
        home.allow("thread,gaze,hz=1000", "mock game")
        for scenario in layer.SCENARIOS:
            layer.passes(layer.run(layer_host(layer_library, scenario), environment))
        # The last of them leaves without an end, of which nobody is told on Windows.
        (left,) = home.files()
        left.unlink()
        home.allow("thread", "LAYER_HOST.exe")
        host = clients.Driver(layer_host(layer_library, "play"), environment, subprocess.DEVNULL)
        with host:
            assert host.answer() == "ready"
            # Wine makes files for the group, too; the reader takes none but its user's.
            (file,) = home.files()
            file.chmod(0o600)
            mapping = home.session()
            assert host(5).startswith("frames 5")
            assert len(mapping.frames_after(0, now_ns())[0]) == 5
            (got,) = eventually(lambda: mapping.newest_input(now_ns(), 3), "an input")
            assert got["head"]["position"].tolist() == [1, 2, 3]
            assert got["hands"]["trigger"].tolist() == [0.75, 0.75]
            host.send("end")
        assert host.process.returncode == 0
        assert home.files() == []
        done = layer.run(layer_host(layer_library, "members"), environment)
        assert layer.told_layout(done.stdout) == layer.layout_of_python()


def test_the_layer_is_registered_and_read(python: WindowsPython, layer_library: Path) -> None:
    with LayerHome() as home:
        environment = {**python.environment, **home.on_windows()}

        def command(*arguments: str) -> dict[str, Any]:
            given = ("-m", "sensorium", "layer", *arguments, "--json")
            done = python.run(*given, environment=environment)
            assert done.returncode == 0, done.stderr
            return dict(json.loads(done.stdout))

        def registry(action: str, *more: str) -> str:
            key = r"HKCU\Software\Khronos\OpenXR\1\ApiLayers\Implicit"
            query = [*clients.wine(Path("reg.exe")), action, key, *more]
            return layer.run(query, environment).stdout

        def put(manifest: str, value: str) -> None:
            registry("add", "/v", manifest, "/t", "REG_DWORD", "/d", value, "/f")

        other = r"Z:\other data\XrApiLayer_sensorium.json"
        put(other, "0")
        told = command("install", "--library", clients.windows_path(layer_library))
        assert told["manifest"] in registry("query")
        assert other not in registry("query")
        command("allow", "layer_host.exe", "--mode", "thread")
        game = [*layer_host(layer_library)[:-1], told["library"], "play"]
        with clients.Driver(game, environment, subprocess.DEVNULL) as host:
            assert host.answer() == "ready"
            assert host(5).startswith("frames 5")
            status: dict[str, Any] = {}

            def sampled() -> dict[str, Any] | None:
                """The game, once its thread has sampled and is not found amid a write."""
                status.update(command("status"))
                return next((one for one in status["sessions"] if one["inputs"]), None)

            seen = eventually(sampled, lambda: f"an input: {status}", PATIENCE_S)
            assert (seen["app"], seen["frames"], seen["missed"]) == ("mock game", 5, 0)
            assert len(status["sessions"]) == 1
            assert status["installed"]
            host.process.kill()
        # As tools do that switch layers off.
        put(told["manifest"], "1")

        def without_games() -> dict[str, Any] | None:
            status = command("status")
            return None if status["sessions"] else status

        status = eventually(without_games, "the killed game is told of no more", PATIENCE_S)
        assert not status["installed"]
        command("uninstall")
        assert told["manifest"] not in registry("query")


def test_it_is_the_checkouts_own_source(python: WindowsPython) -> None:
    done = python.run("-c", "import sensorium, sys; print(sensorium.__file__, sys.platform)")
    assert done.stdout.split() == [
        clients.windows_path(ROOT / "runtime" / "sensorium" / "__init__.py"), "win32",
    ]
