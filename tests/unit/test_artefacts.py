"""The content-addressed cache: whole or not there, whatever happens to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sensorium_tools import artefacts

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"model.onnx": b"graph" * 1000, "ranges.json": b"{}"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path))
    return tmp_path


def left() -> list[str]:
    return sorted(path.name for path in artefacts.root().iterdir())


def test_a_key_is_of_all_that_it_is_made_from() -> None:
    one = artefacts.key("graph", card="a", tools={"onnx": "1", "numpy": "2"})
    assert one == artefacts.key("graph", tools={"numpy": "2", "onnx": "1"}, card="a")
    assert len({
        one, artefacts.key("int8", card="a", tools={"onnx": "1", "numpy": "2"}),
        artefacts.key("graph", card="b", tools={"onnx": "1", "numpy": "2"}),
        artefacts.key("graph", card="a", tools={"onnx": "2", "numpy": "2"}),
    }) == 4


def test_what_was_kept_is_found() -> None:
    key = artefacts.key("graph", card="a")
    assert artefacts.find(key) is None
    folder = artefacts.keep(key, FILES)
    assert artefacts.find(key) == folder
    assert (folder / "model.onnx").read_bytes() == FILES["model.onnx"]
    assert left() == [key]


@pytest.mark.parametrize("file", ["model.onnx", "ranges.json", "sums.json"])
@pytest.mark.parametrize("damage", [b"", b"other", None])
def test_a_changed_artefact_is_thrown_away(file: str, damage: bytes | None) -> None:
    key = artefacts.key("graph", card="a")
    path = artefacts.keep(key, FILES) / file
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    assert artefacts.find(key) is None
    assert left() == []
    assert artefacts.find(key) is None
    artefacts.keep(key, FILES)
    assert artefacts.find(key) is not None


BUILDER = """
import sys
from sensorium_tools import artefacts
key = artefacts.key("graph", card="a")
for round in range(50):
    folder = artefacts.keep(key, {"model.onnx": b"graph" * 100000})
    assert (folder / "model.onnx").stat().st_size == 500000
print("ok")
"""


def test_two_builders_at_once_leave_one_whole_artefact(cache: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    builders = [
        subprocess.Popen([sys.executable, "-c", BUILDER], env=environment,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for builder in builders:
        out, error = builder.communicate(timeout=180)
        assert out == "ok\n", error
    assert left() == [artefacts.key("graph", card="a")]
    assert artefacts.find(left()[0]) is not None


def test_a_full_disk_leaves_nothing(cache: Path) -> None:
    resource = pytest.importorskip("resource", exc_type=ImportError)
    code = f"""
import resource, signal, errno
from sensorium_tools import artefacts
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    artefacts.keep({"k" * 64!r}, {{"small": b"x", "model.onnx": b"x" * 500_000}})
except OSError as error:
    assert error.errno == errno.EFBIG
    print("refused")
"""
    assert resource
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout == "refused\n", done.stderr
    assert left() == []


def test_sweeping_removes_what_was_not_used_for_longest(cache: Path) -> None:
    keys = [artefacts.key("graph", card=str(number)) for number in range(4)]
    now = time.time()
    for age, key in enumerate(keys):
        folder = artefacts.keep(key, {"model.onnx": bytes(100_000)})
        os.utime(folder, (now - 1000 * (4 - age), now - 1000 * (4 - age)))
    downloads = cache / "downloads"
    downloads.mkdir()
    (downloads / "wheel").write_bytes(bytes(50_000))
    artefacts.find(keys[0])
    done = artefacts.sweep(270_000)
    assert done.removed == 2
    assert done.left <= 270_000
    assert left() == sorted([keys[0], keys[3]])
    assert (downloads / "wheel").exists()
    assert artefacts.sweep(0).left == 0
    assert not (downloads / "wheel").exists()
    assert artefacts.sweep(0) == artefacts.Swept(0, 0, 0)


def test_sweeping_removes_what_a_killed_builder_left_and_nothing_that_is_being_made() -> None:
    artefacts.root().mkdir()
    for name, age in ((".part-old", 7200), (".part-new", 10)):
        folder = artefacts.root() / name
        folder.mkdir()
        os.utime(folder, (time.time() - age, time.time() - age))
    artefacts.sweep(10**9)
    assert left() == [".part-new"]
