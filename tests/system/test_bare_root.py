"""Both commands in bare Debian roots; by hand with `tools/check --bare`: it takes a long while."""

import os
import shutil
import sys
import time
from collections.abc import Iterator

import pytest
from fixtures.bare_root import BareRoot
from fixtures.checkout import copy_checkout

pytestmark = pytest.mark.system

if not os.environ.get("SENSORIUM_TEST_BARE_ROOTS"):
    pytest.skip("by hand: tools/check --bare", allow_module_level=True)
if sys.platform != "linux" or os.geteuid() != 0:
    pytest.skip("needs root on Linux", allow_module_level=True)
for program in ("debootstrap", "unshare", "chroot", "apt-get"):
    if not shutil.which(program):
        pytest.skip(f"needs {program}", allow_module_level=True)


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def root(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BareRoot]:
    folder = tmp_path_factory.mktemp("bare")
    made = BareRoot(folder / "root", request.param)
    copy_checkout(folder / "root" / "srv" / "sensorium")
    yield made
    shutil.rmtree(folder)


def test_a_plain_user_is_told_the_one_line(root: BareRoot) -> None:
    ended = root.run(
        "useradd -m newcomer && cp -r /srv/sensorium /home/newcomer/ "
        "&& chown -R newcomer /home/newcomer/sensorium"
    )
    assert ended.returncode == 0, ended.stdout
    ended = root.run("cd ~/sensorium && tools/run; echo status $?", user="newcomer")
    assert "su -c 'apt-get update && apt-get install" in ended.stdout
    assert ended.stdout.endswith("status 2\n"), ended.stdout


def test_run_starts_the_demo_with_nothing_but_venv(
    root: BareRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = time.monotonic()
    ended = root.run("cd /srv/sensorium && tools/run --yes -- demo --seconds 10")
    with capsys.disabled():
        sys.stdout.write(f"\ntools/run, ten seconds of demo: {time.monotonic() - begin:.0f} s\n")
        sys.stdout.write(ended.stdout)
    assert ended.returncode == 0
    assert not root.has_package("libgl1")
    assert not root.has_package("libportaudio2")


def test_check_brings_what_it_needs_and_passes(
    root: BareRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = time.monotonic()
    ended = root.run("cd /srv/sensorium && tools/check --yes")
    with capsys.disabled():
        sys.stdout.write(f"\ntools/check: {time.monotonic() - begin:.0f} s\n{ended.stdout}")
    assert ended.returncode == 0
    assert "Tests will skip without" not in ended.stdout
