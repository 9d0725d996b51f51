"""`sensorium layer`: nothing is registered that an app could not load."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures import clients, layer
from fixtures.layer import LayerHome
from fixtures.layer_file import Game
from fixtures.waiting import eventually

from sensorium import cli
from sensorium.sensors.openxr_layer import allowed, manifest
from sensorium.sensors.openxr_layer.library import NARROW

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layer is built on Linux")

SAYS_NO = """
int xrNegotiateLoaderApiLayerInterface(void *loader, const char *name, void *request);
int xrNegotiateLoaderApiLayerInterface(void *loader, const char *name, void *request) {
  return loader && name && request ? -1 : -2;
}
"""
WAITS = """
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) void wait_for_its_end(void);
void wait_for_its_end(void) {
  close(open("TRIED", O_CREAT, 0600));
  while (!access("TRIED", F_OK)) usleep(1000);
}
"""
CRASHES = "__attribute__((constructor)) void crash(void);\nvoid crash(void) { __builtin_trap(); }\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("built")
    layer.require()
    return layer.layer_build.build(out)


@pytest.fixture
def home(monkeypatch):
    with LayerHome() as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


def compiled(folder: Path, source: str) -> Path:
    (folder / "other.c").write_text(source)
    out = folder / "other.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", out, folder / "other.c"], check=True)
    return out


def command(*arguments: str) -> int:
    return cli.main(["layer", *arguments])


def named() -> Path:
    return Path(json.loads(manifest.path().read_text())["api_layer"]["library_path"])


def test_it_is_installed_and_removed(library, home, capsys):
    assert command("status") == 0
    assert "not installed" in capsys.readouterr().out
    assert command("install", "--library", str(library)) == 0
    said = capsys.readouterr().out
    assert "anti-cheat" in said
    assert "32-bit OpenXR apps find it, too, cannot load it" in " ".join(said.split())
    assert manifest.DISABLE in said
    assert named().read_bytes() == library.read_bytes()
    assert json.loads(manifest.path().read_text())["api_layer"]["disable_environment"] == (
        "DISABLE_SENSORIUM_LAYER"
    )
    # Again is the same; what was copied is no other's to write.
    for killed in (manifest.path(), named()):
        killed.with_name(f"{killed.name}.123.tmp").touch()
    assert command("install", "--library", str(library)) == 0
    assert named().stat().st_mode & 0o022 == 0
    capsys.readouterr()
    assert command("status", "--json") == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["installed"], status["problem"], status["sessions"]) == (True, "", [])
    assert command("uninstall") == 0
    assert not list(manifest.path().parent.iterdir())
    assert not list(named_folder(home).iterdir())
    capsys.readouterr()
    assert command("uninstall") == 0
    assert "was not installed" in capsys.readouterr().out


def named_folder(home: LayerHome) -> Path:
    return Path(home.environment["SENSORIUM_DATA_DIR"]) / "layer"


@pytest.mark.parametrize("kind", ["text", "another library", "says no", "crashes", "missing"])
def test_what_cannot_be_loaded_is_not_registered(library, home, tmp_path, capsys, kind):
    assert command("install", "--library", str(library)) == 0
    before = manifest.path().read_bytes()
    bad = tmp_path / "bad.so"
    if kind == "text":
        bad.write_text("no library")
    elif kind == "another library":
        shutil.copy(compiled(tmp_path, "int nothing;\n"), bad)
    elif kind != "missing":
        shutil.copy(compiled(tmp_path, SAYS_NO if kind == "says no" else CRASHES), bad)
    assert command("install", "--library", str(bad)) == 1
    assert str(bad) in capsys.readouterr().err
    assert manifest.path().read_bytes() == before
    assert named().read_bytes() == library.read_bytes()
    assert list(named_folder(home).iterdir()) == [named()]


@pytest.fixture(scope="module")
def narrow(tmp_path_factory) -> Path:
    layer.require("linux-i686")
    return layer.layer_build.build(tmp_path_factory.mktemp("narrow"), "linux-i686")


def test_a_library_for_32_bit_apps_is_registered_beside_it(library, narrow, home, capsys):
    assert command("install", "--library", str(narrow), "--library", str(library)) == 0
    assert "32-bit OpenXR apps find it, too" not in " ".join(capsys.readouterr().out.split())
    assert named().read_bytes() == library.read_bytes()
    about = json.loads(manifest.path(NARROW).read_text())["api_layer"]
    assert about["name"] == "XR_APILAYER_NOVENDOR_sensorium_32"
    assert Path(about["library_path"]).read_bytes() == narrow.read_bytes()
    assert command("status", "--json") == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["library_32"], status["problem_32"]) == (about["library_path"], "")
    Path(about["library_path"]).write_bytes(b"broken")
    assert command("status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["problem_32"]
    assert command("install", "--library", str(library), "--library", str(narrow)) == 0
    # Of the one alone the other is none any more.
    assert command("install", "--library", str(library)) == 0
    assert not manifest.path(NARROW).exists()
    assert manifest.path().exists()
    assert command("install", "--library", str(library), "--library", str(narrow)) == 0
    assert command("uninstall") == 0
    assert not list(manifest.path().parent.iterdir())
    assert not list(named_folder(home).iterdir())


@pytest.mark.parametrize("kind", ["alone", "without its probe", "untried", "twice"])
def test_a_library_for_32_bit_apps_that_may_harm_is_not_registered(
    library, home, tmp_path, capsys, kind
):
    assert command("install", "--library", str(library)) == 0
    before = manifest.path().read_bytes()
    foreign = bytearray(library.read_bytes())
    foreign[4] = 1
    bad = tmp_path / "narrow.so"
    bad.write_bytes(foreign)
    if kind != "without its probe":
        probe = tmp_path / NARROW.probe
        probe.write_text(f"#!/bin/sh\nexit {int(kind == 'untried')}\n")
    libraries = {"alone": [bad], "twice": [library, bad, bad]}.get(kind, [library, bad])
    words = [word for file in libraries for word in ("--library", str(file))]
    capsys.readouterr()
    assert command("install", *words) == 1
    says = {"alone": "32-bit apps alone", "twice": "is a second library"}
    assert says.get(kind, NARROW.probe if kind == "without its probe" else "cannot be loaded") in (
        " ".join(capsys.readouterr().err.split())
    )
    assert manifest.path().read_bytes() == before
    assert not manifest.path(NARROW).exists()
    assert list(named_folder(home).iterdir()) == [named()]


def test_an_install_that_is_killed_registers_nothing(library, home, tmp_path):
    assert command("install", "--library", str(library)) == 0
    before = manifest.path().read_bytes()
    tried = tmp_path / "tried"
    waiting = compiled(tmp_path, WAITS.replace("TRIED", str(tried)))
    line = [sys.executable, "-m", "sensorium", "layer", "install", "--library", str(waiting)]
    with subprocess.Popen(line, stdin=subprocess.DEVNULL) as install:
        eventually(tried.exists, "its copy is tried")
        install.kill()
    tried.unlink()
    assert manifest.path().read_bytes() == before
    assert len(list(named_folder(home).iterdir())) == 2
    assert command("uninstall") == 0
    assert not list(named_folder(home).iterdir())


def test_status_says_that_a_registered_library_is_broken(library, home, capsys):
    assert command("install", "--library", str(library)) == 0
    named().write_text("broken")
    capsys.readouterr()
    assert command("status") == 0
    assert "OpenXR apps may not start" in capsys.readouterr().out
    # Installing mends it: the copy is judged by what lies there.
    assert command("install", "--library", str(library)) == 0
    assert named().read_bytes() == library.read_bytes()


@pytest.mark.parametrize("options", ["size=64k", "nr_inodes=2", "ro", "size=0"])
def test_a_folder_without_room_is_said(home, options):
    """No game can: it passes through and says nothing."""
    alone = [clients.tool("unshare"), "-rm"]
    if layer.run([*alone, "true"], {}).returncode:
        pytest.skip("no mounts of one's own permitted")
    run = home.runtime
    script = (
        f"mount -t tmpfs none {run} && mkdir -m 700 {home.folder}"
        f' && mount -o remount,{options} {run} && exec "$@"'
    )
    status = [sys.executable, "-m", "sensorium", "layer", "status", "--json"]
    done = layer.run([*alone, "sh", "-c", script, "sh", *status], {})
    assert done.returncode == 0, done.stderr
    problem = json.loads(done.stdout)["folder_problem"]
    assert ("has no room for a game's file" in problem) == (options != "size=0"), problem


def test_what_cannot_be_read_is_said(home, capsys):
    game = Game(home.folder / "1-1")
    game.header["version"] = 2
    game.save()
    assert command("status") == 0
    assert "the layer in the game is of version 2" in " ".join(capsys.readouterr().out.split())


def test_apps_are_allowed_and_denied(home, capsys):
    assert command("allow", "A Game") == 0
    assert command("allow", "/opt/other game/run", "--mode", "thread", "--gaze", "--hz", "72") == 0
    assert allowed.path().read_text() == (
        "sensorium-layer 1\nthread,gaze,hz=72 /opt/other game/run\ntiming A Game\n"
    )
    assert allowed.path().stat().st_mode & 0o777 == 0o600
    assert command("allow", "A Game", "--mode", "thread", "--app-actions", "--no-hands") == 0
    assert allowed.read()[0].line() == "thread,app-actions,no-hands A Game"
    assert len(allowed.read()) == 2
    assert command("deny", "A Game") == 0
    assert command("deny", "A Game") == 0
    said = capsys.readouterr().out
    assert "was not allowed" in said
    assert "still allowed: /opt/other game/run" in said
    assert [each.who for each in allowed.read()] == ["/opt/other game/run"]


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "\x1b[2J", "x" * 1001])
def test_a_name_that_the_list_cannot_hold_is_refused(home, capsys, name):
    assert command("allow", name) == 2
    assert "is no app's name" in capsys.readouterr().err
    assert not allowed.path().exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("thread game\n", "line 1"), ("sensorium-layer 2\n", "line 1"),
        ("sensorium-layer 1\nfast game\n", "line 2"), ("sensorium-layer 1\ntiming\n", "line 2"),
        ("sensorium-layer 1\nthread,hz=5 game\n", "hz=5"),
        ("sensorium-layer 1\nthread,nose game\n", "nose"), (b"\xff\xfe", "cannot be read"),
    ],
)  # fmt: skip
def test_a_list_that_is_wrong_says_where(home, capsys, text, says):
    allowed.path().write_bytes(text if isinstance(text, bytes) else text.encode())
    assert command("status") == 2
    assert says in capsys.readouterr().err
    assert command("deny", "game") == 2
