"""The commands against a real daemon: one that needs no device and no engine."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.daemon import Daemon
from fixtures.terminal import CTRL_C, in_a_terminal

from sensorium.control.replies import Refused
from sensorium.control.sessions import MAX_APPS
from sensorium.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system

CONFIG = "[sensors.microphone]\nenabled = true\n"
"""No sense needs the microphone, so it stays closed and its state is published."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("daemon"), CONFIG) as started:
        yield started


def document(daemon: Daemon, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Runs a command with --json: stdout must be one document and nothing else."""
    done = daemon.command(*arguments, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_ready_says_what_is_live(daemon: Daemon) -> None:
    assert daemon.ready["ready"] is True
    assert daemon.ready["pid"] == daemon.process.pid
    assert [process["state"] for process in daemon.ready["processes"]] == ["live"]


def test_a_second_daemon_is_told_who_is_there(daemon: Daemon) -> None:
    second = daemon.command("run", "--config", str(daemon.folder / "daemon.toml"))
    assert second.returncode == 1
    assert f"running already (process {daemon.process.pid})" in second.stderr
    assert "sensorium stop" in second.stderr


def test_status_for_people_and_for_programs(daemon: Daemon) -> None:
    assert document(daemon, "status")["processes"][0]["name"] == "capture"
    shown = daemon.command("status").stdout
    assert "supervisor" in shown
    assert "\x1b" not in shown


def test_channels_list_says_of_each_whether_it_lives(daemon: Daemon) -> None:
    channels = document(daemon, "channels", "list")
    assert channels["microphone"]["status"] in ("new", "same")
    assert channels["microphone"]["rate_hz"] > 1
    assert channels["health"]["writer"] == "supervisor"
    assert channels["head"]["status"] == "denied"
    assert channels["wake_word"]["status"] == "invalid"


def test_a_terminal_without_unicode_gets_plain_characters(daemon: Daemon) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sensorium", "top"], capture_output=True, check=False, timeout=120,
        env={**daemon.environment, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"microphone" in done.stdout
    assert done.stdout.isascii()


def test_dump_is_json_with_and_without_the_option(daemon: Daemon) -> None:
    done = daemon.command("channels", "dump", "microphone", "health")
    assert done.returncode == 0, done.stderr
    dumped = json.loads(done.stdout)
    assert dumped["microphone"]["record"]["state"] == 2
    assert dumped["health"]["record"]["processes"][1]["name"] == "capture"
    assert json.loads(daemon.command("channels", "dump").stdout).keys() >= {"health"}


def test_dump_of_what_nobody_writes_fails_with_the_reason(daemon: Daemon) -> None:
    done = daemon.command("channels", "dump", "wake_word")
    assert done.returncode == 1
    assert json.loads(done.stdout)["wake_word"]["status"] == "INVALID"
    assert "not configured" in done.stderr


def test_watch_gives_each_record_once(daemon: Daemon) -> None:
    done = daemon.command("channels", "watch", "microphone", "--count", "3", "--json")
    numbers = [reading["n"] for reading in json.loads(done.stdout)]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    lines = daemon.command("channels", "watch", "microphone", "--count", "2").stdout.splitlines()
    assert len(lines) == 2
    assert "closed" in lines[0]


def test_watch_is_one_whole_document_after_ctrl_c_too(daemon: Daemon) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "sensorium", "channels", "watch", "health", "--json"],
        env=daemon.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    with watching:
        said = watching.stdout.readline() + watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        said += watching.stdout.read()
        complaints = watching.stderr.read()
    assert json.loads(said)[0]["record"]["process_count"] == 2
    assert (watching.returncode, complaints) == (130, "")


def test_top_in_a_terminal_goes_on_until_ctrl_c(daemon: Daemon) -> None:
    shown, code = in_a_terminal(
        [sys.executable, "-m", "sensorium", "top"], daemon.environment,
        keys=CTRL_C, once_shown="Ctrl-C ends it",
    )
    assert code == 130
    assert "supervisor" in shown
    assert "Traceback" not in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is there again"


def test_a_full_house_of_apps_leaves_the_owner_his_commands(daemon: Daemon) -> None:
    with contextlib.ExitStack() as apps:
        for number in range(MAX_APPS):
            apps.enter_context(daemon.client(f"app-{number}")).request("open", region="public")
        status = document(daemon, "status")
        assert len(status["clients"]) == MAX_APPS + 1
        assert status["left_out"] == {}
        assert not any(client["classes"] for client in status["clients"])
        assert daemon.command("mute", "off").returncode == 0


def test_grants_of_long_paths_are_listed_to_the_last(daemon: Daemon) -> None:
    programs = [f"/{number}/{'x' * 4000}" for number in range(30)]
    try:
        with daemon.client() as owner:
            for program in programs:
                owner.request(
                    "grant", action="deny", app="long", classes="gaze", executable=program
                )
        listed = document(daemon, "grants", "list")["grants"]
        assert [row["executable"] for row in listed if row["app"] == "long"] == programs
    finally:
        assert daemon.command("grants", "revoke", "long").returncode == 0


def test_a_recording_of_impossible_size_does_not_end_the_daemon(daemon: Daemon) -> None:
    with daemon.client() as client:
        for size in (2**70, -1):
            with pytest.raises(Refused, match="whole number"):
                client.request("recording", on=True, classes="public", bytes=size)
        client.request("recording", on=True, classes="public", bytes=2**53)
        time.sleep(0.7)
        assert client.request("status")["recording_bytes"] == 2**53
        client.request("recording", on=False, classes="public", bytes=0)


def test_an_unknown_channel_is_a_usage_error(daemon: Daemon) -> None:
    done = daemon.command("channels", "watch", "hed")
    assert done.returncode == 2
    assert "there is no channel hed" in done.stderr
    assert "known: health" in done.stderr


def test_a_private_channel_needs_a_grant_and_says_which_command_gives_it(daemon: Daemon) -> None:
    refused = daemon.command("channels", "watch", "head", "--json")
    assert refused.returncode == 1
    remedy = "sensorium grants allow sensorium-cli motion"
    assert f"remedy: {remedy}" in refused.stderr
    pending = document(daemon, "grants", "list")["pending"]
    assert ("sensorium-cli", "motion") in [(wish["app"], wish["class"]) for wish in pending]
    assert daemon.command(*remedy.split()[1:]).returncode == 0
    assert document(daemon, "channels", "list")["head"]["status"] == "invalid"
    assert daemon.command("grants", "revoke", "sensorium-cli", "motion").returncode == 0
    assert document(daemon, "channels", "list")["head"]["status"] == "denied"


def test_a_grant_for_a_class_that_does_not_exist_is_refused(daemon: Daemon) -> None:
    done = daemon.command("grants", "allow", "game", "moton")
    assert done.returncode == 1
    assert "no class moton" in done.stderr


def test_mute_is_seen_in_shared_memory_and_survives(daemon: Daemon) -> None:
    try:
        assert document(daemon, "mute") == {"muted": True}
        assert document(daemon, "status")["muted"] is True
        wait_for(daemon, "microphone", "state", 3)
    finally:
        daemon.command("mute", "off")
    wait_for(daemon, "microphone", "state", 2)


def test_top_without_a_terminal_looks_once(daemon: Daemon) -> None:
    looked = document(daemon, "top")
    assert looked["channels"]["microphone"]["rate_hz"] > 1
    costs = {process["name"]: process for process in looked["status"]["processes"]}
    assert costs["supervisor"]["pss_mb"] > 1
    assert "what an app sees" in daemon.command("top").stdout


def test_a_recording_of_a_private_class_needs_a_grant(daemon: Daemon, tmp_path: Path) -> None:
    file = tmp_path / "a.mcap"
    refused = daemon.command("record", "--classes", "public,motion", "--out", str(file))
    assert refused.returncode == 1
    assert "sensorium grants allow sensorium-record motion" in refused.stderr
    assert not file.exists()


def test_a_recording_ends_at_its_limit_and_can_be_read(daemon: Daemon, tmp_path: Path) -> None:
    file = tmp_path / "a.mcap"
    done = document(daemon, "record", "--out", str(file), "--minutes", "0.03")
    assert done["ended"] == "the longest time is reached"
    assert done["bytes"] == file.stat().st_size
    with Recording(file) as recording:
        assert done["records"] == sum(1 for _ in recording.events()) > 5


def test_ctrl_c_ends_a_recording_that_everybody_could_see(
    daemon: Daemon, tmp_path: Path
) -> None:
    file = tmp_path / "a.mcap"
    recorder = subprocess.Popen(
        [sys.executable, "-m", "sensorium", "record", "--out", str(file), "--json"],
        env=daemon.environment, stdout=subprocess.PIPE, text=True,
    )
    try:
        wait_for(daemon, "health", "recording", 1)
        wait_until_it_grows(file)
        recorder.send_signal(signal.SIGINT)
        said, _ = recorder.communicate(timeout=60)
    finally:
        recorder.kill()
        recorder.wait()
    assert json.loads(said)["ended"] == "stopped by you"
    assert recorder.returncode == 0
    wait_for(daemon, "health", "recording", 0)
    with Recording(file) as recording:
        assert "microphone" in {channel for channel, _ in recording.events()}


def test_doctor_proves_that_data_arrives(daemon: Daemon) -> None:
    done = daemon.command("doctor", "--json")
    listed = json.loads(done.stdout)["findings"]
    findings = {finding["topic"]: finding for finding in listed}
    assert findings["daemon"]["verdict"] == "ok"
    assert findings["channel microphone"]["verdict"] == "ok"
    assert "/s" in findings["channel microphone"]["detail"]
    assert findings["runtime folder"]["verdict"] == "ok"
    missing = [finding for finding in listed if finding["verdict"] == "missing"]
    assert done.returncode == (1 if missing else 0)
    assert all(finding["remedy"] for finding in missing)


def test_reload_takes_over_what_is_right_and_refuses_what_is_not(tmp_path: Path) -> None:
    with Daemon(tmp_path, CONFIG, arguments=("--set", "inference.nice=7")) as own:
        file = tmp_path / "daemon.toml"
        before = own.children()
        file.write_text("[sensors.microphone]\ngain = 1\n")
        wrong = own.command("reload")
        assert wrong.returncode == 1
        assert "line 2: sensors.microphone.gain" in wrong.stderr.replace("\n", " ")
        assert own.children() == before
        file.write_text("[sensors.microphone]\ndevice = 'another'\n")
        assert own.command("reload").returncode == 0
        # The one leaves, and then the other is started.
        end = time.monotonic() + 60
        while own.children().get("capture", before["capture"]) == before["capture"]:
            assert time.monotonic() < end, own.read_log()
            time.sleep(0.05)


def test_top_waits_for_a_daemon_that_is_gone_and_shows_the_next_one(tmp_path: Path) -> None:
    with Daemon(tmp_path, CONFIG) as own:
        def restarted() -> Iterator[str]:
            yield "supervisor"
            own.stop()
            yield "the daemon is gone"
            own.start()
            yield f"{own.process.pid}"

        shown, code = in_a_terminal(
            [sys.executable, "-m", "sensorium", "top"], own.environment,
            keys=CTRL_C, once_shown=restarted(),
        )
        gone = shown.index("the daemon is gone")
        assert "supervisor" in shown[:gone]
        assert f"{own.process.pid}" in shown[gone:]
        assert code == 130


def test_stop_ends_it_and_every_command_then_says_so(tmp_path: Path) -> None:
    with Daemon(tmp_path, CONFIG) as own:
        assert own.command("stop").returncode == 0
        assert own.process.wait(60) == 0
        gone = own.command("status")
        assert gone.returncode == 1
        assert "no daemon is running" in gone.stderr
        assert "remedy: sensorium run" in gone.stderr
        listed = own.command("channels", "list")
        assert (listed.returncode, listed.stdout) == (1, "")


def test_a_daemon_that_is_someones_child_ends_with_its_standard_input(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, CONFIG)
    child = subprocess.Popen(
        [sys.executable, "-m", "sensorium", "run", "--config", str(tmp_path / "daemon.toml"),
         "--until-eof", "--json"],
        env=daemon.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert child.stdout.readline() == b"{\n"
        child.stdin.close()
        assert child.wait(60) == 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        daemon.__exit__(None, None, None)


def wait_for(daemon: Daemon, channel: str, field: str, value: int) -> None:
    """Waits until a public record's field has a value, as an app would see it."""
    end = time.monotonic() + 60
    seen = None
    while time.monotonic() < end:
        seen = json.loads(daemon.command("channels", "dump", channel).stdout)
        if seen[channel]["record"][field] == value:
            return
        time.sleep(0.1)
    pytest.fail(f"{channel}.{field} is not {value}: {seen} (pid {os.getpid()})")


def wait_until_it_grows(file: Path) -> None:
    """Waits until a recording holds records: it is written a piece a second."""
    begin = file.stat().st_size
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if file.stat().st_size > begin:
            return
        time.sleep(0.1)
    pytest.fail(f"{file} stays at {begin} bytes")
