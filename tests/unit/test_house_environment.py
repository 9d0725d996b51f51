"""When tools/run keeps an environment, and when it makes it anew."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap.environment import ROOT, Environment, Stamp

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A real environment, without pip, that nothing was installed into yet."""
    pytest.importorskip("venv", reason="an embeddable Python has no venv")
    command = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / ".venv")]
    subprocess.run(command, check=True)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'tiny'\n")
    return Environment(tmp_path)


def stamp(checkout: Path, python: str = HERE) -> Stamp:
    return Stamp(str(checkout), "0" * 64, python, ("build",))


def test_a_stamp_comes_back_as_it_was_written(tmp_path: Path) -> None:
    stamp(tmp_path).write(tmp_path)
    assert Stamp.read(tmp_path) == stamp(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"parts": 7}', '{"parts": [], "x": 1}'])
def test_a_stamp_that_cannot_be_understood_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "sensorium-stamp.json").write_text(content)
    assert Stamp.read(tmp_path) is None


def test_one_made_by_hand_is_kept(environment: Environment) -> None:
    assert environment.is_usable(None)


def test_one_of_this_checkout_and_python_is_kept(environment: Environment) -> None:
    assert environment.is_usable(stamp(environment.root))


def test_an_interrupted_one_is_not_kept(environment: Environment) -> None:
    (environment.folder / "sensorium-making").touch()
    assert not environment.is_usable(None)
    assert not environment.is_usable(stamp(environment.root))


def test_one_that_was_moved_is_not_kept(environment: Environment, tmp_path: Path) -> None:
    assert not environment.is_usable(stamp(tmp_path / "elsewhere"))


def test_one_of_another_python_is_not_kept(environment: Environment) -> None:
    assert not environment.is_usable(stamp(environment.root, python="3.4"))


@pytest.mark.skipif(sys.platform == "win32", reason="links as Linux has them")
def test_one_whose_python_is_gone_is_not_kept(environment: Environment, tmp_path: Path) -> None:
    python = environment.program("python")
    python.unlink()
    python.symlink_to(tmp_path / "no-such-python")
    assert not environment.is_usable(None)


@pytest.mark.parametrize(
    "file", ["run", "check", "bootstrap/__init__.py", "bootstrap/python_version.py"]
)
def test_what_an_outdated_python_reads_it_understands(file: str) -> None:
    source = (ROOT / "tools" / file).read_text("utf-8")
    assert "from __future__" not in source
    ast.parse(source, feature_version=(3, 6))
