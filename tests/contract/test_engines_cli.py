"""`sensorium-engines` as a process: what stands on stdout, on stderr, and the exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fixtures import engines

from sensorium import folders
from sensorium.inference import store

if TYPE_CHECKING:
    from pathlib import Path

ROOT = folders.data_room("engines").parent


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import sys; from sensorium_tools.cli import main; "
         "sys.exit(main())", *arguments],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'runtime'}{os.pathsep}{ROOT / 'tools'}",
             **environment},
        capture_output=True, text=True, check=False, timeout=120,
    )


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    wheels = tmp_path / "downloads"
    wheels.mkdir()
    for name in store.names():
        wheel = engines.archive(name)
        (wheels / wheel.name).symlink_to(wheel)
    return tmp_path


def test_build_and_list_give_one_json_document(cache: Path) -> None:
    environment = {"SENSORIUM_CACHE_DIR": str(cache)}
    before = json.loads(run("list", "--json", **environment).stdout)["engines"]
    assert {row["name"]: row["state"] for row in before} == dict.fromkeys(store.names(), "fetched")
    built = run("build", "--json", **environment)
    assert built.returncode == 0, built.stderr
    assert "converting" in built.stderr
    for row in json.loads(built.stdout)["engines"]:
        assert row["state"] == "built"
        assert store.sha256(cache / "engines" / row["name"] / os.path.basename(row["file"])) == (
            row["sha256"]
        )
    again = run("build", "silero-vad", **environment)
    assert (again.returncode, again.stderr) == (0, "")
    assert "present" in again.stdout
    after = json.loads(run("list", "--json", **environment).stdout)["engines"]
    assert {row["state"] for row in after} == {"built"}


def test_an_unknown_engine_is_a_failed_command() -> None:
    done = run("build", "no-such-engine", "--json")
    assert done.returncode == 1
    assert "silero-vad" in json.loads(done.stdout)["engines"][0]["remedy"]
    assert "no-such-engine" in done.stderr


def test_wrong_arguments_end_with_2() -> None:
    done = run("bild")
    assert (done.returncode, done.stdout) == (2, "")
    assert "fetch" in done.stderr


def test_a_folder_that_cannot_be_written_is_a_failed_command(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("build", "silero-vad", SENSORIUM_CACHE_DIR=str(tmp_path / "file"))
    assert done.returncode == 1
    assert "error:" in done.stderr
    assert "Traceback" not in done.stderr
