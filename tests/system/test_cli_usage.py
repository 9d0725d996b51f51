"""What the command line says when it is used wrongly, or where there is no daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import sensorium

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]


def sensorium_command(
    folder: Path, *arguments: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs `sensorium` with folders of its own, in which no daemon runs."""
    folders = {
        f"SENSORIUM_{name}_DIR": str(folder / name.lower())
        for name in ("RUNTIME", "CONFIG", "DATA", "CACHE")
    }
    return subprocess.run(
        [sys.executable, "-m", "sensorium", *arguments], input=stdin,
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime"), **folders},
        capture_output=True, text=True, timeout=180, check=False,
    )


def test_version_imports_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c",
         "import sys, sensorium.cli as c; c.main(['--version']); "
         "print(sorted({'numpy', 'rich', 'mcap', 'platformdirs'} & set(sys.modules)))"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")},
        capture_output=True, text=True, check=True,
    )
    assert done.stdout.splitlines() == [f"sensorium {sensorium.__version__}", "[]"]


def test_help_names_every_command(tmp_path: Path) -> None:
    helped = sensorium_command(tmp_path, "--help")
    assert helped.returncode == 0
    for command in ("run", "demo", "top", "channels", "doctor", "record", "grants", "purge"):
        assert command in helped.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("fly",), ("record", "--classes", "sight"), ("record", "--minutes", "0"),
        ("demo", "--seconds", "0"), ("run", "--set", "nice"), ("run", "--speed", "0"),
        ("channels", "watch"), ("mute", "perhaps"), ("grants", "allow", "game"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_right(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = sensorium_command(tmp_path, *arguments)
    assert done.returncode == 2
    assert "usage: sensorium" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[daemon]\nlog_level = 3\n", "daemon.toml, line 2: daemon.log_level: 3 is of the wrong"),
        ("[demon]\n", "daemon.toml, line 1: demon: there is no such table"),
        ("[sensors.horn]\n", "daemon.toml, line 1: sensors.horn: there is no such sensor"),
        ("\n[sensors.microphone]\ngain = 1\n", "line 3: sensors.microphone.gain: there is no"),
        ("[inference]\nnice = 99\n", "line 2: inference.nice: 99 is not allowed"),
        ("[daemon\n", "daemon.toml, line 1"),
    ],
)
def test_a_bad_configuration_names_file_line_and_key(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "daemon.toml"
    file.write_text(text)
    done = sensorium_command(tmp_path, "run", "--config", str(file), "--json")
    assert done.returncode == 2
    assert said in done.stderr.replace("\n", " ")
    assert json.loads(done.stdout)["error"] == "ConfigError"


def test_an_override_that_is_wrong_names_itself(tmp_path: Path) -> None:
    done = sensorium_command(
        tmp_path, "run", "--config", "mic_only", "--set", "inference.nice=99"
    )
    assert done.returncode == 2
    assert "--set inference.nice: 99 is not allowed" in done.stderr
    assert "remedy: allowed: a whole number, 0 to 19" in done.stderr


def test_a_configuration_or_recording_that_is_not_there(tmp_path: Path) -> None:
    missing = sensorium_command(tmp_path, "run", "--config", "defualt")
    assert missing.returncode == 2
    assert "default" in missing.stderr
    replay = sensorium_command(tmp_path, "run", "--replay", str(tmp_path / "no.mcap"))
    assert replay.returncode == 1
    assert "no.mcap: there is no such recording" in replay.stderr


def test_speed_without_a_replay_is_refused(tmp_path: Path) -> None:
    done = sensorium_command(tmp_path, "run", "--config", "mic_only", "--speed", "4")
    assert done.returncode == 2
    assert "--speed is for a replay only" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("status",), ("top",), ("mute",), ("stop",), ("record",), ("channels", "list")]
)
def test_without_a_daemon_the_remedy_is_to_run_it(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = sensorium_command(tmp_path, *arguments)
    assert done.returncode == 1
    assert "remedy: sensorium run" in done.stderr


def test_grants_work_on_the_file_where_no_daemon_runs(tmp_path: Path) -> None:
    allowed = sensorium_command(tmp_path, "grants", "allow", "game", "motion", "gaze")
    assert allowed.returncode == 0, allowed.stderr
    denied = sensorium_command(tmp_path, "grants", "deny", "spy", "audio", "--hours", "2")
    assert denied.returncode == 0, denied.stderr
    listed = json.loads(sensorium_command(tmp_path, "grants", "--json").stdout)
    assert listed["daemon_running"] is False
    assert {grant["app"]: grant["allowed"] for grant in listed["grants"]} == {
        "game": True, "spy": False,
    }
    assert listed["grants"][1]["until"]
    assert sensorium_command(tmp_path, "grants", "revoke", "game").returncode == 0
    left = json.loads(sensorium_command(tmp_path, "grants", "list", "--json").stdout)["grants"]
    assert [grant["app"] for grant in left] == ["spy"]


def test_a_broken_grants_file_is_named_and_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "config" / "grants.toml"
    file.parent.mkdir()
    file.write_text('[[grant]]\napp = 3\n')
    done = sensorium_command(tmp_path, "grants", "allow", "game", "motion")
    assert done.returncode == 2
    assert "grants.toml, line 2" in done.stderr.replace("\n", " ")
    assert file.read_text() == '[[grant]]\napp = 3\n'


def test_purge_deletes_what_was_named_and_asks_first(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for room in ("recordings", "enrolments", "calibration", "engines"):
        (data / room).mkdir(parents=True)
        (data / room / "a").write_bytes(b"12345")
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (data / "recordings" / "link").symlink_to(outside)
    assert sensorium_command(tmp_path, "purge").returncode == 2
    unasked = sensorium_command(tmp_path, "purge", "--recordings")
    assert unasked.returncode == 2
    assert "--yes" in unasked.stderr
    assert (data / "recordings" / "a").exists()
    done = sensorium_command(tmp_path, "purge", "--recordings", "--yes", "--json")
    assert json.loads(done.stdout)["rooms"] == {"recordings": 2}
    assert outside.read_text() == "mine"
    assert sorted(path.name for path in data.iterdir()) == ["calibration", "engines", "enrolments"]
    assert sensorium_command(tmp_path, "purge", "--all", "--yes").returncode == 0
    assert [path.name for path in data.iterdir()] == ["engines"]


def test_a_runtime_folder_that_cannot_be_made_is_named_with_the_variable(tmp_path: Path) -> None:
    (tmp_path / "runtime").write_text("a file, not a folder")
    done = sensorium_command(tmp_path, "run", "--config", "mic_only")
    assert done.returncode == 1
    assert str(tmp_path / "runtime") in done.stderr.replace("\n", "")
    assert "set SENSORIUM_RUNTIME_DIR" in done.stderr


def test_doctor_without_a_daemon_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "daemon.toml"
    file.write_text("[sensors.microphone]\n[senses.voice_activity]\n[senses.wake_word]\n")
    done = sensorium_command(tmp_path, "doctor", "--config", str(file), "--json")
    found = json.loads(done.stdout)
    topics = {finding["topic"]: finding for finding in found["findings"]}
    assert topics["python"]["verdict"] == "ok"
    assert topics["daemon"]["verdict"] == "note"
    assert topics["engine silero-vad"]["verdict"] == "missing"
    assert topics["engine hey-sensorium"]["verdict"] == "missing"
    assert topics["engine whisper-tiny-en-encoder"]["verdict"] == "note"
    assert "wake_word goes without" in topics["engine whisper-tiny-en-encoder"]["detail"]
    assert "sensorium-engines build silero-vad" in topics["engine silero-vad"]["remedy"]
    assert topics["openxr runtime"]["verdict"] in ("ok", "note")
    assert (done.returncode, found["ok"]) == (1, False)


def test_doctor_names_the_line_of_a_bad_configuration(tmp_path: Path) -> None:
    file = tmp_path / "daemon.toml"
    file.write_text("[inference]\nnice = 99\n")
    done = sensorium_command(tmp_path, "doctor", "--config", str(file), "--json")
    topics = {finding["topic"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1
    assert "line 2" in topics["configuration"]["detail"]


def test_a_reader_that_goes_away_is_no_error_message(tmp_path: Path) -> None:
    command = f"{sys.executable} -m sensorium doctor --config mic_only | head -1"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=180, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime"),
             "SENSORIUM_RUNTIME_DIR": str(tmp_path / "run")},
    )
    assert "python" in done.stdout
    assert done.stderr == ""
