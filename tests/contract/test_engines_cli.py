"""`sensorium-engines` as a process: what stands on stdout, on stderr, and the exit status."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import onnx
import pytest
from fixtures import engines, graphs

from sensorium import folders
from sensorium.inference import store
from sensorium_tools import cli
from sensorium_tools.plan.build import missing

ROOT = folders.data_room("engines").parent
CODE = "import sys; from sensorium_tools.cli import main; sys.exit(main())"
CARD = """
[engine]
name = "{name}"
[[sources]]
kind = "file"
paths = ["model.onnx"]
[[weights]]
sha256 = "{sha256}"
[quantisation]
scheme = "{scheme}"
"""


def environment(**more: str) -> dict[str, str]:
    path = f"{ROOT / 'runtime'}{os.pathsep}{ROOT / 'tools'}"
    return {**os.environ, "PYTHONPATH": path, **more}


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CODE, *arguments], env=environment(**more),
        capture_output=True, text=True, check=False, timeout=240,
    )


def document(done: subprocess.CompletedProcess[str], key: str = "engines"):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[key]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with nothing but the archives of the daemon's engines."""
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    for name in engines.DAEMON:
        archive = engines.archive(name)
        (downloads / archive.name).symlink_to(archive)
    # Voices and hands are not what is tested here, and take long to make.
    (folders.cache_dir() / "samples").mkdir(exist_ok=True)
    (tmp_path / "samples").symlink_to(folders.cache_dir() / "samples")
    return tmp_path


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    """Folders of a user with one model of his own, a small CNN."""
    add_card(tmp_path, "my-model", graphs.cnn().SerializeToString())
    return {
        "SENSORIUM_DATA_DIR": str(tmp_path / "data"),
        "SENSORIUM_CACHE_DIR": str(tmp_path / "cache"),
    }


def add_card(
    folder: Path, name: str, data: bytes, scheme: str = "static", more: str = "", sha256: str = ""
) -> Path:
    room = folder / "data" / "engines" / name
    room.mkdir(parents=True)
    (room / "model.onnx").write_bytes(data)
    digest = sha256 or store.sha256(room / "model.onnx")
    card = room / "card.toml"
    card.write_text(CARD.format(name=name, sha256=digest, scheme=scheme) + more)
    return card


def test_build_and_list_give_one_json_document(cache: Path) -> None:
    given = {"SENSORIUM_CACHE_DIR": str(cache)}
    before = {row["name"]: row["state"] for row in document(run("list", "--json", **given))}
    assert set(before) == set(store.names())
    assert {before[name] for name in engines.DAEMON} == {"fetched"}
    built = run("build", *engines.DAEMON, "--json", **given)
    assert "converting" in built.stderr
    for row in document(built):
        assert row["state"] == "built"
        assert row["precision"] in ("fp32", "int8")
        assert store.sha256(Path(row["file"])) == row["sha256"]
    again = run("build", "silero-vad", **given)
    assert (again.returncode, again.stderr) == (0, "")
    assert "present" in again.stdout
    after = {row["name"]: row["state"] for row in document(run("list", "--json", **given))}
    assert {after[name] for name in engines.DAEMON} == {"built"}


def test_a_model_of_ones_own_in_ten_lines(own: dict[str, str]) -> None:
    assert sum(bool(line) for line in CARD.splitlines()) <= 10
    (row,) = document(run("build", "my-model", "--json", **own))
    assert row["state"] == "built"
    (page,) = document(run("verify", "my-model", "--json", **own))
    names = [precision["name"] for precision in page["report"]["precisions"]]
    assert sorted(names) == ["fp16", "fp32", "int8"]
    assert {"installed"} <= {precision["state"] for precision in page["report"]["precisions"]}
    shown = run("verify", "my-model", **own).stdout
    assert "| int8 |" in shown
    assert "agreement with fp32" in shown
    explained = run("explain", "my-model", **own).stdout
    for said in ("my-model", "the user's own", "model.onnx", "image float32 [1, 3, 32, 32]",
                 "static; Conv, Gemm, MatMul", "installed"):
        assert said in explained
    (timed,) = document(run("bench", "my-model", "--json", **own))
    assert timed["p50_ms"] > 0
    assert timed["fp32"] > 0


def test_what_was_not_built_cannot_be_timed_but_explained(own: dict[str, str]) -> None:
    done = run("bench", "my-model", **own)
    assert done.returncode == 1
    assert "sensorium-engines build my-model" in done.stderr
    assert "not built" in run("explain", "my-model", **own).stdout


def test_a_readme_is_written_in_a_checkout_only(own: dict[str, str]) -> None:
    done = run("verify", "my-model", "--write-readme", **own)
    assert done.returncode == 1
    assert "not in a checkout" in done.stderr


def garbled(model: onnx.ModelProto, **changes: object) -> bytes:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    if "opset" in changes:
        copy.opset_import[0].version = changes["opset"]
    if "domain" in changes:
        copy.graph.node[1].domain = changes["domain"]
        copy.opset_import.append(onnx.helper.make_opsetid(changes["domain"], 1))
    if "axis" in changes:
        copy.graph.input[0].type.tensor_type.shape.dim[2].dim_param = changes["axis"]
    if "nan" in changes:
        copy.graph.initializer[0].raw_data = b"\xff" * len(copy.graph.initializer[0].raw_data)
    return copy.SerializeToString()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"not a model at all", "not an ONNX model"),
        (b"", "not an ONNX model"),
        (graphs.cnn().SerializeToString()[:5000], "not an ONNX model"),
        (garbled(graphs.cnn(), domain="com.example"), "com.example"),
        (garbled(graphs.cnn(), opset=99), "opset"),
        (garbled(graphs.cnn(), opset=3), "opset"),
        (garbled(graphs.cnn(), axis="height"), "height"),
        (garbled(graphs.cnn(), nan=True), "finite"),
    ],
    ids=["text", "empty", "cut", "domain", "new opset", "old opset", "axis", "nan"],
)
def test_a_bad_model_is_refused_with_its_fault(
    tmp_path: Path, data: bytes, says: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add_card(tmp_path, "bad-model", data)
    for name in ("DATA", "CACHE"):
        monkeypatch.setenv(f"SENSORIUM_{name}_DIR", str(tmp_path / name.lower()))
    assert cli.main(["build", "bad-model"]) == cli.FAILED
    said = capsys.readouterr().err
    assert says in said
    assert "bad-model" in said
    assert "Traceback" not in said


def test_a_varying_size_with_a_profile_is_built(tmp_path: Path) -> None:
    more = '[[axes]]\nname = "height"\nmin = 16\ntypical = 32\nmax = 64\n'
    add_card(tmp_path, "tall", garbled(graphs.cnn(), axis="height"), more=more)
    done = run("build", "tall", "--json", SENSORIUM_DATA_DIR=str(tmp_path / "data"),
               SENSORIUM_CACHE_DIR=str(tmp_path / "cache"))
    (row,) = document(done)
    assert row["state"] == "built"


def test_another_file_than_the_pinned_one_is_refused_with_its_digest(tmp_path: Path) -> None:
    card = add_card(tmp_path, "other", graphs.cnn().SerializeToString(), sha256="0" * 64)
    done = run("build", "other", SENSORIUM_DATA_DIR=str(tmp_path / "data"),
               SENSORIUM_CACHE_DIR=str(tmp_path / "cache"))
    assert done.returncode == 1
    assert store.sha256(card.parent / "model.onnx") in done.stderr


def test_whatever_was_changed_of_an_engine_is_built_anew(tmp_path: Path) -> None:
    more = '[[targets]]\n[[targets]]\nkind = "rtx"\ncompute = ["8.6"]\n'
    add_card(tmp_path, "my-model", graphs.cnn().SerializeToString(), more=more)
    own = {"SENSORIUM_DATA_DIR": str(tmp_path / "data"),
           "SENSORIUM_CACHE_DIR": str(tmp_path / "cache")}
    (row,) = document(run("build", "my-model", "--quick", "--json", **own))
    folder = Path(row["file"]).parent
    graph = (tmp_path / "cache" / "artefacts").glob("*/model.onnx")
    plans = [] if missing() else ["*.plan", "engine-rtx.json"]
    for pattern in ("model-*.onnx", "report.json", *plans):
        (path,) = folder.glob(pattern)
        for each in (path, *graph):
            each.write_bytes(each.read_bytes()[:-1] + b"!")
        (again,) = document(run("build", "my-model", "--quick", "--json", **own))
        assert again["state"] == "built", pattern
        assert store.sha256(Path(again["file"])) == again["sha256"]
        (kept,) = document(run("build", "my-model", "--quick", "--json", **own))
        assert kept["state"] == "present", pattern


def test_a_calibration_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    more = '[evaluation]\nsets = ["no-such-set"]\n'
    add_card(tmp_path, "lost", graphs.cnn().SerializeToString(), more=more)
    done = run("build", "lost", SENSORIUM_DATA_DIR=str(tmp_path / "data"),
               SENSORIUM_CACHE_DIR=str(tmp_path / "cache"))
    assert done.returncode == 1
    assert "no-such-set" in done.stderr
    assert "photographs" in done.stderr


def test_the_cache_is_swept_and_what_is_installed_stays(own: dict[str, str]) -> None:
    (row,) = document(run("build", "my-model", "--quick", "--json", **own))
    (swept,) = document(run("gc", "--max-mb", "0", "--json", **own), "cache")
    assert swept["removed"] >= 1
    assert swept["left"] == 0
    assert Path(row["file"]).is_file()
    again = run("build", "my-model", "--quick", **own)
    assert "present" in again.stdout
    assert run("gc", "--max-mb", "-1", **own).returncode == 1


def test_ctrl_c_leaves_the_cache_whole(own: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, "build", "my-model", "--force"], env=environment(**own),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    artefacts = Path(own["SENSORIUM_CACHE_DIR"]) / "artefacts"
    deadline = time.monotonic() + 60
    while not list(artefacts.glob("*/model.onnx")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=180)[1]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    left = [path.name for path in Path(own["SENSORIUM_CACHE_DIR"]).rglob(".*")]
    assert left == []
    (row,) = document(run("build", "my-model", "--quick", "--json", **own))
    assert row["state"] == "built"


def test_two_builders_at_once_both_succeed(own: dict[str, str]) -> None:
    builders = [
        subprocess.Popen([sys.executable, "-c", CODE, "build", "my-model", "--quick", "--json"],
                         env=environment(**own), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
        for _ in range(2)
    ]
    for builder in builders:
        out, error = builder.communicate(timeout=240)
        assert builder.returncode == 0, error
        assert json.loads(out)["engines"][0]["state"] in ("built", "present")
    (row,) = document(run("build", "my-model", "--quick", "--json", **own))
    assert row["state"] == "present"
    assert store.sha256(Path(row["file"])) == row["sha256"]


def test_opt_in_engines_are_left_out_unless_named() -> None:
    listed = {row["name"]: row["opt_in"] for row in document(run("list", "--json"))}
    for name, why in listed.items():
        card = store.find_card(name)
        assert why == card.engine.opt_in
        if not why:
            assert card.upstream.licence in ("MIT", "Apache-2.0", "BSD-3-Clause")
    assert listed["face-emotion"]


def test_calibrate_makes_sets_of_ones_own_recording(tmp_path: Path) -> None:
    given = {"SENSORIUM_DATA_DIR": str(tmp_path)}
    recording = str(folders.data_room("configs") / "demo.mcap")
    (row,) = document(run("calibrate", "--from", recording, "--name", "mine", "--json", **given),
                      "sets")
    assert row["state"] != "failed"
    assert list((tmp_path / "calibration").glob("mine*/manifest.toml"))
    again = run("calibrate", "--from", recording, "--name", "mine", **given)
    assert again.returncode == 1
    missing = run("calibrate", "--from", str(tmp_path / "none.mcap"), **given)
    assert missing.returncode == 1
    assert "none.mcap" in missing.stderr
    shutil.rmtree(tmp_path / "calibration")


def test_an_unknown_engine_is_a_failed_command() -> None:
    done = run("build", "no-such-engine", "--json")
    assert done.returncode == 1
    assert "silero-vad" in json.loads(done.stdout)["engines"][0]["remedy"]
    assert "no-such-engine" in done.stderr


def test_wrong_arguments_end_with_2() -> None:
    done = run("bild")
    assert (done.returncode, done.stdout) == (2, "")
    assert "fetch" in done.stderr


def test_a_folder_that_cannot_be_written_is_a_failed_command(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("build", "silero-vad", SENSORIUM_CACHE_DIR=str(tmp_path / "file"))
    assert done.returncode == 1
    assert "error:" in done.stderr
    assert "Traceback" not in done.stderr
