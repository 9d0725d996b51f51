"""The container, built and run; by hand with SENSORIUM_TEST_CONTAINER=1: it takes minutes.

Its base is a bare Debian of our own making, where no registry of images can be reached.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fixtures.bare_root import PASSED_ON, PROXIES, BareRoot
from fixtures.checkout import copy_checkout
from fixtures.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system

if not os.environ.get("SENSORIUM_TEST_CONTAINER"):
    pytest.skip("by hand: SENSORIUM_TEST_CONTAINER=1", allow_module_level=True)
if sys.platform != "linux" or os.geteuid() != 0:
    pytest.skip("needs root on Linux", allow_module_level=True)
for program in ("podman", "debootstrap"):
    if not shutil.which(program):
        pytest.skip(f"needs {program}", allow_module_level=True)

BASE, IMAGE, NAME = "localhost/sensorium-test-base", "localhost/sensorium-test", "sensorium-test"
USER = 1000
"""Whom the image runs as."""


RUNTIME = ["--runtime", "runc"] if shutil.which("runc") else []
"""It goes along with control groups of both versions, as crun does not."""


def podman(*arguments: object) -> str:
    done = subprocess.run(
        ["podman", *RUNTIME, *map(str, arguments)], capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("container")
    BareRoot(folder / "root", "trixie")
    copy_checkout(folder / "checkout")
    archive = folder / "base.tar"
    subprocess.run(["tar", "-C", folder / "root", "-cf", archive, "."], check=True)
    podman("import", archive, BASE)
    passed = [
        word for name, value in os.environ.items()
        if name.startswith(PASSED_ON) or name.lower() in PROXIES
        for word in ("--env", f"{name}={value}")
    ]
    podman(
        "build", "--isolation", "chroot", "--format", "docker", "--network", "host",
        "--build-arg", f"BASE={BASE}",
        *passed, "--volume", "/etc/ssl/certs:/etc/ssl/certs:ro", "-t", IMAGE,
        "-f", folder / "checkout" / "runtime" / "Containerfile", folder / "checkout",
    )
    yield IMAGE
    podman("rmi", "--force", IMAGE, BASE)


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A runtime folder that the container's user owns, and can get at."""
    with tempfile.TemporaryDirectory(prefix="sns-") as folder:
        os.chown(folder, USER, USER)
        yield Path(folder)


def test_it_answers_its_own_user_at_its_socket(image: str, runtime: Path) -> None:
    podman(
        "run", "--detach", "--rm", "--name", NAME, "--network", "none", "--cap-drop", "all",
        # Its own limits podman may not give where it may not raise them itself.
        "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=2048:2048", "--read-only",
        "--volume", f"{runtime}:/run/sensorium", image,
    )
    try:
        eventually(lambda: status_at(runtime / "api.sock") == 200, "it answers")
        status = json.loads(podman("exec", NAME, "sensorium", "status", "--json"))
        assert [process["name"] for process in status["processes"]] == ["service"]
        assert podman("exec", NAME, "id", "-u").strip() == str(USER)
        health = json.loads(podman("image", "inspect", IMAGE))[0]["Healthcheck"]["Test"]
        podman("exec", NAME, *health[1:])
        packages = podman("exec", NAME, "/opt/sensorium/bin/pip", "list").lower()
        assert "onnxruntime" in packages
        assert not any(name in packages for name in ("nvidia", "cuda", "tensorrt"))
        assert json.loads(podman("exec", NAME, "sensorium-engines", "list", "--json"))
    finally:
        podman("stop", "--time", "20", NAME)


def status_at(path: Path) -> int:
    """What the local API answers to its own user; 0: nothing."""
    os.seteuid(USER)
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(20)
            link.connect(str(path))
            link.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: local\r\n\r\n")
            said = link.recv(64).split()
    except OSError:
        return 0
    finally:
        os.seteuid(0)
    return int(said[1]) if said else 0
