"""The container's file: what a linter says of it, and that it takes what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "runtime" / "Containerfile"


def instructions() -> list[tuple[str, str]]:
    """Each instruction and its arguments, with continued lines joined and without comments."""
    lines = [line for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [(word, rest.strip()) for word, _, rest in
            (line.partition(" ") for line in joined.splitlines() if line.strip())]


def test_a_linter_finds_nothing() -> None:
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.exists() else shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint is not installed: it comes with the dev packages")
    done = subprocess.run([program, FILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_takes_what_there_is_and_what_is_not_left_out() -> None:
    kept = {line[1:] for line in (ROOT / ".containerignore").read_text("utf-8").splitlines()
            if line.startswith("!")}
    taken = {name for word, rest in instructions() if word == "COPY" and "--from" not in rest
             for name in rest.split()[:-1]}
    assert taken == kept
    assert all((ROOT / name).exists() for name in taken)
    built = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = built["tool"]["hatch"]["build"]["targets"]["wheel"]
    rooms = {Path(path).parts[0] for path in (*wheel["packages"], *wheel["force-include"])}
    assert rooms <= taken


def test_nothing_of_nvidias_is_in_it_and_it_runs_as_nobody_else() -> None:
    found = instructions()
    extras = next(rest for _, rest in found if rest.startswith("EXTRAS=")).removeprefix("EXTRAS=")
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for extra in extras.split(","):
        packages = " ".join(known["optional-dependencies"][extra])
        assert not re.search(r"nvidia|cuda|tensorrt", packages), extra
    last = max(place for place, (word, _) in enumerate(found) if word == "FROM")
    words = dict(found[last:])
    assert words["USER"] == "1000"
    assert "status" in words["HEALTHCHECK"]
    assert "/run/sensorium" in words["VOLUME"]
    assert (ROOT / "configs" / "service.toml").exists()
    assert '"--config", "service"' in words["CMD"]
