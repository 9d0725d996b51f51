"""The wheel, installed into an empty environment outside the checkout, runs the demo there."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.checkout import copy_checkout, needs_package_index

pytestmark = pytest.mark.system

ROOMS = ("engines", "calibration", "configs", "clients", "layer")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the checkout, so that nothing lands in this one."""
    needs_package_index()
    folder = tmp_path_factory.mktemp("wheel")
    checkout = copy_checkout(folder / "checkout")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(folder)]
    built = run([*command, str(checkout)], folder)
    assert built.returncode == 0, built.stdout
    return next(folder.glob("*.whl"))


def run(
    command: list[str], folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, env=environment,
    )  # fmt: skip


def test_the_wheel_holds_two_packages_the_data_rooms_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "sensorium",
        "sensorium_tools",
    }
    for room in ROOMS:
        assert any(name.startswith(f"sensorium/_data/{room}/") for name in names), room
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "__pycache__" in name]


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with room for a socket's path, as pytest's own may not have."""
    with tempfile.TemporaryDirectory(prefix="sns-") as folder:
        yield Path(folder)


def test_the_installed_wheel_runs_the_demo_outside_the_checkout(
    wheel: Path, tmp_path: Path, short: Path
) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    programs = venv / ("Scripts" if sys.platform == "win32" else "bin")
    # Most of it is never imported, and what is is compiled then.
    install = [str(programs / "python"), "-m", "pip", "install", "--no-compile"]
    installed = run([*install, f"{wheel}[build]"], tmp_path)
    assert installed.returncode == 0, installed.stdout

    own = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "SENSORIUM_RUNTIME_DIR": str(short / "runtime"),
        "SENSORIUM_CONFIG_DIR": str(tmp_path / "config"),
        "SENSORIUM_DATA_DIR": str(tmp_path / "data"),
    }
    engines = ["build", "silero-vad", "gesture-recognizer"]
    built = run([str(programs / "sensorium-engines"), *engines], tmp_path, own)
    assert built.returncode == 0, built.stdout

    demo = subprocess.run(
        [str(programs / "sensorium"), "demo", "--seconds", "10", "--json"],
        cwd=tmp_path, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert demo.returncode == 0, demo.stderr
    assert isinstance(json.loads(demo.stdout), dict)
