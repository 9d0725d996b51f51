"""Where the runtime folder lies: in memory, whatever XDG_RUNTIME_DIR names."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from sensorium import folders
from sensorium.cli.doctor import system

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's folders")


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    if folders.is_in_memory(tmp_path):
        pytest.skip("the tests' own folder is in memory here")
    return tmp_path


@pytest.fixture
def memory() -> Path:
    if not folders.is_in_memory(Path("/dev/shm")):
        pytest.skip("/dev/shm is not in memory here")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def test_a_common_folder_in_memory_is_used(memory, monkeypatch):
    monkeypatch.delenv("SENSORIUM_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(memory))
    assert folders.runtime_dir() == memory / "sensorium"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(memory / "not" / "made" / "yet"))
    assert folders.runtime_dir() == memory / "not" / "made" / "yet" / "sensorium"


def test_a_common_folder_on_a_disk_is_not_used(disk, monkeypatch):
    monkeypatch.delenv("SENSORIUM_RUNTIME_DIR", raising=False)
    shared = Path(f"/dev/shm/sensorium-{os.getuid()}")
    for base in (str(disk), ""):
        monkeypatch.setenv("XDG_RUNTIME_DIR", base)
        assert folders.runtime_dir() == shared


def test_the_owners_own_choice_stands_and_doctor_says_that_it_is_on_a_disk(disk, monkeypatch):
    disk.chmod(0o700)
    monkeypatch.setenv("SENSORIUM_RUNTIME_DIR", str(disk))
    assert folders.runtime_dir() == disk
    said = list(system._runtime_folder())
    assert f"{disk} is on a disk" in [finding.detail for finding in said]
    assert said[0].remedy


def test_doctor_has_nothing_to_say_of_a_folder_in_memory(memory, monkeypatch):
    monkeypatch.setenv("SENSORIUM_RUNTIME_DIR", str(memory))
    (finding,) = system._runtime_folder()
    assert finding.verdict is system.Verdict.OK
