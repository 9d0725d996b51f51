"""tools/run in a copied checkout: interrupted, started twice at once, and again."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fixtures.checkout import copy_checkout, needs_package_index

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="signals as Linux has them"),
]


def start(checkout: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(checkout / "tools" / "run"), "--", "--version"],
        cwd=checkout.parent, stdin=subprocess.DEVNULL, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip


def spare_the_tools(project: Path) -> None:
    """What builds engines takes longest to install, and is not needed here."""
    text, count = re.subn(r"(?ms)^build = \[$.*?^\]$", "build = []", project.read_text())
    assert count == 1
    project.write_text(text)


def test_an_interrupted_run_is_made_anew_and_two_at_once_share_one_environment(
    tmp_path: Path,
) -> None:
    needs_package_index()
    checkout = copy_checkout(tmp_path / "checkout")
    spare_the_tools(checkout / "pyproject.toml")
    making = checkout / ".venv" / "sensorium-making"
    stamp = checkout / ".venv" / "sensorium-stamp.json"

    with start(checkout) as interrupted:
        for _ in range(600):
            if (checkout / ".venv" / "bin" / "pip").exists():
                break
            time.sleep(0.05)
        os.killpg(interrupted.pid, signal.SIGINT)
        printed = interrupted.communicate()[1]
    assert interrupted.returncode == 130, printed
    assert "Traceback" not in printed
    assert making.exists()
    assert not stamp.exists()

    with start(checkout) as first, start(checkout) as second:
        ended = [first.communicate(), second.communicate()]
    assert [first.returncode, second.returncode] == [0, 0], ended
    assert {output.split()[0] for output, _ in ended} == {"sensorium"}
    assert sum("making it anew" in errors for _, errors in ended) == 1
    assert sum("waiting for it" in errors for _, errors in ended) == 1
    assert stamp.exists()
    assert not making.exists()

    with start(checkout) as again:
        errors = again.communicate()[1]
    assert (again.returncode, errors) == (0, "")
