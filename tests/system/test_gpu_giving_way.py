"""The local API's engines leave the GPU to an app that waits for it: a real daemon and app.

Driver and TensorRT are stand-ins in a process of their own; the CPU's engine is real.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fixtures import counting_engine, inference_calls, served, stand_in
from fixtures.daemon import Daemon
from fixtures.frames_app import FramesApp
from fixtures.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

pytestmark = pytest.mark.system

NAME = counting_engine.NAME
CONFIG = """
[inference]
reserve_mib = 0
nice = 0
# However long a busy machine's stand-in takes.
gpu_slice_ms = 0.0
[service]
enabled = true
"""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    counting_engine.write(tmp_path / "cache")
    environment = stand_in.environment()
    with Daemon(
        tmp_path, CONFIG, cache=tmp_path / "cache",
        environment={name: environment[name] for name in ("LD_LIBRARY_PATH", "PYTHONPATH")},
    ) as running:
        eventually((running.runtime_dir / "api.json").exists, running.read_log)
        yield running


def runs(unix: httpx.Client) -> dict[str, Any]:
    """What the engine says of itself after a run."""
    answer = inference_calls.infer(unix, NAME, inference_calls.FEEDS[NAME])
    assert answer.status_code == 200, answer.text
    engines = {one["engine"]: one for one in unix.get("/v1/engines").json()["engines"]}
    found: dict[str, Any] = engines[NAME]
    return found


def gpu_pid(daemon: Daemon) -> int:
    (found,) = (one["gpu_pid"] for one in daemon.status()["processes"] if one["name"] == "service")
    return int(found)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) if pid else 0


def test_what_callers_run_is_the_cpus_while_an_app_waits_for_the_gpu(
    daemon: Daemon, tmp_path: Path
) -> None:
    with served.unix(daemon) as unix, FramesApp(tmp_path, daemon) as app:

        def runs_on(device: str) -> dict[str, Any]:
            said = eventually(
                lambda: (one := runs(unix))["device"] == device and one,
                lambda: f"{device}: {runs(unix)}, {daemon.status()['governor']}",
            )
            return said or {}

        runs_on("gpu")
        # Its load on processors and the GPU is the daemon's own.
        child = daemon.children()["service"]
        eventually(
            lambda: parent_of(gpu_pid(daemon)) == child, "the supervisor knows who is on the GPU"
        )
        # Who is late for another reason is helped by nothing that the CPU would do besides.
        app("late")
        eventually(lambda: daemon.status()["governor"]["background"], "it is answered")
        assert runs(unix)["device"] == "gpu"
        app("steady")
        eventually(lambda: not daemon.status()["governor"]["level"], "all is at full")
        app("heavy")
        assert runs_on("cpu")["note"] == "the GPU is left to the game's frames"
        app("steady")
        assert runs_on("gpu")["note"] == ""
