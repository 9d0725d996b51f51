"""The OpenXR API layer as a Windows library, under wine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fixtures import clients, layer, windows_python
from fixtures.layer import LayerHome
from fixtures.waiting import eventually
from fixtures.windows_python import WindowsPython

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WindowsPython]:
    windows_python.require()
    running = WindowsPython(tmp_path_factory.mktemp("windows"))
    yield running
    running.close()


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
