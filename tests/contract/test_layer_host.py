"""The OpenXR API layer over a mock runtime: what no real one does on demand.

The host (programs/layer_host.c) loads the library as a loader does, and checks by itself that its
app is answered what it would be without the layer, and that nothing is called which may not be.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest
from fixtures import clients, layer
from fixtures.clients import Driver
from fixtures.layer import home
from fixtures.mock_game import APP, builds, command, newest, own_thread
from fixtures.waiting import eventually

from sensorium.clock import now_ns
from sensorium.sensors.openxr.bindings import PROFILES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layer is built on Linux")

BUSY = "thread,gaze,hz=1000"

layer_home = pytest.fixture(home, name="home")
built_once = pytest.fixture(builds, name="built", scope="module")


@pytest.mark.parametrize("kind", ["address", "thread"])
@pytest.mark.parametrize("mode", ["timing", BUSY, "thread,app-actions,hz=1000"])
def test_an_app_is_answered_the_same_whatever_fails_below(built, home, kind, mode):
    home.allow(mode, APP)
    for scenario in layer.SCENARIOS:
        done = layer.run(command(built(kind), scenario), home.environment)
        layer.passes(done)
    # The last of them leaves without an end.
    assert done.stdout.startswith("not sampled" if mode == "timing" else "sampled")
    assert home.files() == []


def test_32_bit_apps_are_answered_the_same(home, tmp_path):
    library = layer.build(tmp_path / "narrow", "linux-i686")
    home.allow(BUSY, APP)
    for scenario in layer.SCENARIOS:
        layer.passes(layer.run(command(library, scenario), home.environment))
    assert home.files() == []
    done = layer.run(command(library, "members"), home.environment)
    assert layer.told_layout(done.stdout) == layer.layout_of_python()
    with Driver(command(library, "play"), home.environment) as app:
        assert app.answer() == "ready"
        mapping = home.session()
        assert app(5).startswith("frames 5")
        assert mapping.frames_after(0, now_ns())[1] == 5
        assert newest(mapping)["head"]["position"].tolist() == [1, 2, 3]
        app.send("end")


def test_where_it_is_not_allowed_the_runtimes_functions_are_handed_out(built, home):
    for allowed in ([], ["another game"]):
        home.allow("thread", *allowed)
        layer.passes(layer.run(command(built("address"), "off"), home.environment))
    (home.config / "layer.allow").unlink()
    layer.passes(layer.run(command(built("address"), "off"), home.environment))


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "sensorium-layer 2\nthread mock game\n", "thread mock game\n", "\0" * 100,
        "sensorium-layer 1\nthread,faster mock game\n", "sensorium-layer 1\nthread,hz=5 mock game",
        "sensorium-layer 1\nthread\n", "sensorium-layer 1\nthread \n", "sensorium-layer 1\n" * 4000,
        "sensorium-layer 1\noff mock game\nthread mock game\n",
        "sensorium-layer 1\n thread mock game",
        "sensorium-layer 1\nthread mock gam\n", "sensorium-layer 1\nthread /mock game\n",
    ],
)  # fmt: skip
def test_a_list_that_does_not_allow_it_allows_nothing(built, home, text):
    (home.config / "layer.allow").write_text(text)
    layer.passes(layer.run(command(built("address"), "off"), home.environment))


def give_away(path: Path) -> None:
    """To another user of the PC."""
    if os.geteuid():
        pytest.skip("only root gives files away")
    os.chown(path, 12345, 12345)


@pytest.mark.parametrize("whose", ["everybody's", "another's"])
def test_a_list_of_others_allows_nothing(built, home, whose):
    home.allow("thread", APP)
    if whose == "another's":
        give_away(home.config / "layer.allow")
    else:
        (home.config / "layer.allow").chmod(0o622)
    layer.passes(layer.run(command(built("address"), "off"), home.environment))


@pytest.mark.parametrize("who", ["layer_host", "{program}", APP])
def test_an_app_is_known_by_its_name_or_its_program(built, home, who):
    program = command(built("address"))[0]
    home.allow("timing", "something else", who.format(program=os.path.realpath(program)))
    with Driver(command(built("address"), "play"), home.environment) as app:
        assert app.answer() == "ready"
        assert home.session().about.mode == "timing"
        app.send("end")


@pytest.mark.parametrize("who", ["AC/DC \\ the game", "layer_host"])
def test_a_name_with_slashes_is_a_name(built, home, who):
    home.allow("timing", "AC/DC", "the game", " the game", who)
    with Driver(command(built("address"), "play", "slashes"), home.environment) as app:
        assert app.answer() == "ready"
        assert home.session().about.app == "AC/DC \\ the game"
        app.send("end")


def test_a_name_without_an_end_is_cut(built, home):
    home.allow("timing", "layer_host")
    with Driver(command(built("address"), "play", "endless"), home.environment) as app:
        assert app.answer() == "ready"
        assert home.session().about.app == "\ufffd" * 127
        app.send("end")
    assert app.process.returncode == 0


def test_a_game_that_is_killed_leaves_nothing_for_long(built, home, monkeypatch):
    monkeypatch.setenv("SENSORIUM_RUNTIME_DIR", str(home.runtime))
    home.allow("thread", APP)
    with Driver(command(built("address"), "play", "pinned,copied"), home.environment) as app:
        assert app.answer() == "ready"
        mapping = home.session()
        assert mapping.about.pid == app.process.pid
        assert not mapping.is_over()
        # A daemon that is started anew finds it again.
        layer.folder.prepare()
        assert len(home.files()) == 1
        ours = eventually(lambda: own_thread(app), "the layer's thread")
        assert os.sched_getaffinity(ours) == os.sched_getaffinity(0)
        assert os.getpriority(os.PRIO_PROCESS, ours) > 0
        status = Path(f"/proc/{ours}/status").read_text()
        blocked = int(status.partition("SigBlk:")[2].split()[0], 16)
        assert blocked & (1 << signal.SIGALRM - 1)
        assert not blocked & (1 << signal.SIGSEGV - 1)
        app.process.kill()
        app.process.wait()
        # A copy of it lives on until then.
        assert mapping.is_over()
        app.process.stdin.close()
    assert len(home.files()) == 1
    layer.folder.prepare()
    assert home.files() == []


@pytest.mark.parametrize("harm", ["gone", "not ours alone", "another's", "a link", "a file"])
def test_without_a_folder_of_the_daemons_own_it_passes_through(built, home, tmp_path, harm):
    home.allow(BUSY, APP)
    home.folder.rmdir()
    if harm == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        home.folder.symlink_to(tmp_path / "elsewhere")
    elif harm == "a file":
        home.folder.touch(0o600)
    elif harm == "not ours alone":
        home.folder.mkdir()
        home.folder.chmod(0o770)
    elif harm == "another's":
        home.folder.mkdir(0o700)
        give_away(home.folder)
    layer.passes(layer.run(command(built("address"), "same"), home.environment))
    if harm == "a link":
        assert list((tmp_path / "elsewhere").iterdir()) == []


FOLDERS_WITHOUT_ROOM = {
    "full": "mount -t tmpfs -o size=64k none {run} && mkdir -m 700 {folder}",
    "out of inodes": "mount -t tmpfs -o nr_inodes=2 none {run} && mkdir -m 700 {folder}",
    "read-only": "mount -t tmpfs none {run} && mkdir -m 700 {folder} && mount -o remount,ro {run}",
    "beyond the app's limit": "ulimit -f 8",
}
"""What is done to the daemon's folder before the app starts, by a shell."""


@pytest.mark.parametrize("mode", ["timing", BUSY])
@pytest.mark.parametrize("how", FOLDERS_WITHOUT_ROOM)
def test_without_room_for_its_file_it_passes_through(built, home, how, mode):
    home.allow(mode, APP)
    harm = FOLDERS_WITHOUT_ROOM[how].format(run=home.runtime, folder=home.folder)
    alone = [] if harm.startswith("ulimit") else [clients.tool("unshare"), "-rm"]
    if alone and layer.run([*alone, "true"], {}).returncode:
        pytest.skip("no mounts of one's own permitted")
    script = f"{harm} && \"$@\" && ls {home.folder}"
    for scenario in ("same", "times"):
        line = [*alone, "sh", "-c", script, "sh", *command(built("address"), scenario)]
        done = layer.run(line, home.environment)
        layer.passes(done)


def test_python_reads_the_layout_that_the_compiler_made(built, home):
    done = layer.run(command(built("address"), "members"), home.environment)
    layer.passes(done)
    assert layer.told_layout(done.stdout) == layer.layout_of_python()


def test_its_bindings_are_those_of_the_openxr_sensor(built, home):
    names = [f"/interaction_profiles/{profile.path}" for profile in PROFILES]
    done = layer.run(command(built("address"), "bindings", *names), home.environment)
    layer.passes(done)
    told: dict[str, set[tuple[str, str]]] = {}
    for line in done.stdout.splitlines()[:-1]:
        if line.startswith("profile "):
            bindings = told.setdefault(line.split()[1], set())
            continue
        action, side, component = line.split()
        hand = ("left", "right")[int(side)]
        bindings.add((action, f"/user/hand/{hand}/input/{component}"))
    for name, profile in zip(names, PROFILES, strict=True):
        assert told[name] == set(profile.bindings()), name


def test_it_is_good_for_32_bits(tmp_path):
    """Compiled, also where its libraries are not there; linked for Windows where they are."""
    layer.require()
    clang = clients.tool("clang")
    (tmp_path / "gnu").mkdir()
    (tmp_path / "gnu" / "stubs-32.h").touch()
    (tmp_path / "openxr").symlink_to("/usr/include/openxr")
    strict = ("-std=c11", "-O0", *layer.layer_build.WARNINGS, f"-I{tmp_path}", "-S")
    linux = ("-m32", "-isystem", "/usr/include/x86_64-linux-gnu")
    mingw = ("--target=i686-w64-mingw32", "-isystem", "/usr/share/mingw-w64/include")
    for windows_program, system in ((False, linux), (True, mingw)):
        sources = layer.layer_build.sources(windows=windows_program)
        done = layer.run([clang, *strict, *system, *map(str, sources)], {}, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert not [path for path in tmp_path.glob("*.s") if "__atomic_" in path.read_text()]
    if shutil.which(layer.layer_build.TARGETS["windows-i686"].compiler):
        built = layer.layer_build.build(tmp_path, "windows-i686")
        assert (tmp_path / "layer_probe32.exe").is_file()
        told = layer.run([clients.tool("i686-w64-mingw32-objdump"), "-p", str(built)], {}).stdout
        assert "] xrNegotiateLoaderApiLayerInterface\n" in told
        assert set(re.findall(r"DLL Name: (.*)", told)) == {"KERNEL32.dll", "msvcrt.dll"}
