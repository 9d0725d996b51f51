"""The first ten lines of the clients' README run as they stand, in every language."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

import pytest
from fixtures import clients
from fixtures.live_regions import LiveRegions, publish

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="built for Linux")


@pytest.fixture(scope="module")
def first_lines():
    text = (clients.CLIENTS / "README.md").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for language, code in re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        found.setdefault(language, code.replace("900", "30"))
    return found


@pytest.fixture
def live(tmp_path_factory):
    """Regions whose gesture is published all the time, so that it is fresh whenever one looks."""
    done = threading.Event()

    def write() -> None:
        while not done.wait(0.02):
            publish(regions, "gesture_right", name=b"pinch", score=0.5)

    with LiveRegions(tmp_path_factory.mktemp("run")) as regions:
        writer = threading.Thread(target=write)
        writer.start()
        yield regions
        done.set()
        writer.join()


def said(command, live):
    done = subprocess.run(
        command, capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", "SENSORIUM_RUNTIME_DIR": str(live.folder)},
    )
    return done.stdout.splitlines()[0]


@pytest.mark.parametrize(("compiler", "standard"), [("gcc", "c11"), ("g++", "c++17")])
def test_c_and_cpp(first_lines, live, tmp_path, compiler, standard):
    source = tmp_path / "game.c"
    source.write_text(first_lines["c"])
    program = clients.compile_c(
        tmp_path / "game", [source], compiler=compiler, standard=standard
    )
    assert said([str(program)], live) == "pinch 0.50"


def test_csharp(first_lines, live, tmp_path):
    source = tmp_path / "Game.cs"
    source.write_text(first_lines["csharp"])
    program = clients.compile_csharp(tmp_path / "game.exe", [source])
    assert said(clients.mono(program), live) == "pinch 0.5"


def test_python(first_lines, live, tmp_path):
    program = tmp_path / "game.py"
    program.write_text(first_lines["python"])
    (tmp_path / "sensorium_client.py").write_bytes(
        (clients.CLIENTS / "python" / "sensorium_client.py").read_bytes()
    )
    assert said([sys.executable, str(program)], live) == "pinch 0.5"


def test_root_readme_gives_the_same_c():
    text = (clients.ROOT / "README.md").read_text(encoding="utf-8")
    calls = set(re.findall(r"sensorium_\w+\(", text))
    header = clients.HEADER.read_text()
    assert calls
    assert all(f" {call}" in header for call in calls)
