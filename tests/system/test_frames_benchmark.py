"""The harness of frames, a few seconds of it: it runs to its end, and stops without leftovers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from fixtures import clients, engines
from fixtures.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="it measures processes of Linux"),
]
PROGRAM = Path(__file__).resolve().parents[1] / "benchmarks" / "frames.py"
_COMMAND = (
    sys.executable, str(PROGRAM), "--quick", "--block", "1", "--few", "--no-reaction", "--hz", "72",
    "--share", "0.2", "--threads", "1",
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Its own temporary folder; by its name all processes of a run are known."""
    clients.tool("gcc")
    for name in engines.DAEMON:
        engines.ensure_built(name)
    own = tmp_path / "temporary"
    own.mkdir()
    return {**os.environ, "TMPDIR": str(own)}


def of(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environments of the processes that run in this one."""
    mine = f"TMPDIR={environment['TMPDIR']}"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "environ").read_text(errors="replace").split("\0")
        except OSError:
            continue
        if mine in words:
            yield dict(word.split("=", 1) for word in words if "=" in word)


def left(environment: dict[str, str]) -> list[str]:
    """What lies in its temporary folder; ONNX Runtime leaves a hidden file of its own there."""
    return [name for name in os.listdir(environment["TMPDIR"]) if not name.startswith(".")]


def test_a_run_tells_each_way_apart(environment: dict[str, str], tmp_path: Path) -> None:
    told, drawn = tmp_path / "frames.json", tmp_path / "frames.svg"
    done = subprocess.run(
        [*_COMMAND, "--arms", "off", "governed", "--json", str(told), "--svg", str(drawn)],
        env=environment, capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(told.read_text())
    (case,) = document["cases"]
    assert set(case["arms"]) == {"off", "governed"}
    assert all(arm["frames"] > 5 for arm in case["arms"].values())
    assert case["period_ns"] == pytest.approx(1e9 / 72, abs=1)
    assert {"gesture_left", "voice_activity"} <= set(case["freshness"]["governed"])
    assert case["governor"]["told"]
    assert {"supervisor", "fast", "capture", "app 0"} <= set(case["cores"]["governed"])
    assert "supervisor" not in case["cores"]["off"]
    goals = " ".join(goal["goal"] for goal in document["goals"])
    assert all(word in goals for word in ("missed frames", "p99", "changes", "gesture"))
    assert any("rounds" in doubt for doubt in document["doubts"])
    assert ElementTree.parse(drawn).getroot().tag.endswith("svg")
    assert not list(of(environment))
    assert not left(environment)


def test_a_run_that_is_stopped_leaves_nothing(environment: dict[str, str]) -> None:
    running = subprocess.Popen(
        [*_COMMAND, "--minutes", "5", "--arms", "governed"], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    with running:
        runtime = eventually(
            lambda: next(
                (one["SENSORIUM_RUNTIME_DIR"] for one in of(environment)
                 if "SENSORIUM_RUNTIME_DIR" in one), None,
            ),
            "the renderer and the daemon",
        )  # fmt: skip
        eventually((Path(runtime) / "control.sock").exists, "the daemon's socket")
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate()
        assert running.returncode == 1, said
    assert "stopped" in said
    assert not list(of(environment))
    assert not left(environment)
    assert not Path(runtime).exists()
