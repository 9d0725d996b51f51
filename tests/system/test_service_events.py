"""Events of a real daemon that replays hands and a voice, by clients that others wrote."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fixtures.daemon import ROOT, Daemon

if sys.platform == "win32":
    pytest.skip("a Unix socket", allow_module_level=True)

from websockets.sync.client import unix_connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.system
CONFIG = f"""
[service]
enabled = true
[sensors.replay]
file = "{ROOT / 'configs' / 'demo.mcap'}"
loop = true
[senses.voice_activity]
[senses.gesture]
"""
APP = "watcher"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("events"), CONFIG) as running:
        yield running


@pytest.fixture
def api(daemon: Daemon) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=str(daemon.runtime_dir / "api.sock"))
    with httpx.Client(transport=transport, base_url="http://localhost") as client:
        yield client


def follow(daemon: Daemon, query: str) -> Any:
    return unix_connect(
        str(daemon.runtime_dir / "api.sock"), uri=f"ws://localhost/v1/events?{query}",
        additional_headers={"Sensorium-App": APP}, close_timeout=0.5,
    )


def until(link: Any, wanted: Callable[[dict[str, Any]], bool], within_s: float = 30.0) -> Any:
    """The first event that is wanted, and all before it."""
    seen = []
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        event = json.loads(link.recv(within_s))
        if wanted(event):
            return event, seen
        seen.append(event)
    raise AssertionError(f"not told; but {seen[-3:]}")


def test_curl_follows_gestures_and_the_voice(daemon: Daemon) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(
        ["curl", "--silent", "--no-buffer", "--max-time", "6", "--unix-socket",
         str(daemon.runtime_dir / "api.sock"),
         "http://localhost/v1/events?channels=gesture_event,utterance"],
        capture_output=True, text=True, check=False,
    )
    told = [json.loads(line[6:]) for line in done.stdout.splitlines() if line.startswith("data: ")]
    told_of = {one["channel"] for one in told if one["event"] == "record"}
    assert told_of == {"gesture_event", "utterance"}
    numbers = [one["n"] for one in told if one["channel"] == "gesture_event" and "record" in one]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_grant_comes_and_goes_while_the_stream_goes_on(
    daemon: Daemon, api: httpx.Client
) -> None:
    def decide(action: str) -> None:
        wish = {"action": action, "app": APP, "classes": "motion"}
        assert api.post("/v1/grants", json=wish).status_code == 200

    with follow(daemon, "channels=head,gesture_event&rate=head:30") as link:
        denied, _ = until(link, lambda one: one["event"] == "denied")
        assert denied["channel"] == "head"
        assert f"sensorium grants allow {APP} motion" in denied["remedy"]
        decide("allow")
        head, _ = until(link, lambda one: one["event"] == "record" and one["channel"] == "head")
        assert head["record"]["pose"]["position"][1] > 0.5
        decide("deny")
        until(link, lambda one: one["event"] == "denied")
        until(link, lambda one: one["event"] == "record" and one["channel"] == "gesture_event")
        decide("revoke")


def test_a_killed_sense_is_told_and_comes_back(daemon: Daemon) -> None:
    with follow(daemon, "channels=voice_activity&rate=30") as link:
        first, _ = until(link, lambda one: one["event"] == "record")
        os.kill(daemon.children()["fast"], signal.SIGKILL)
        again, _ = until(
            link, lambda one: one["event"] == "record" and one["epoch"] > first["epoch"]
        )
    assert again["n"] > first["n"]


def test_who_never_reads_holds_nobody_up_and_little_memory(daemon: Daemon) -> None:
    pid = json.loads((daemon.runtime_dir / "api.json").read_text())["pid"]
    before = resident_kb(pid)
    deaf = []
    try:
        for _ in range(20):
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.connect(str(daemon.runtime_dir / "api.sock"))
            link.sendall(
                b"GET /v1/events?channels=voice_activity,gesture_left,gesture_right&rate=144 "
                b"HTTP/1.1\r\nHost: localhost\r\nSensorium-App: deaf\r\n\r\n"
            )
            deaf.append(link)
        with follow(daemon, "channels=gesture_right&rate=90") as reader:
            first, _ = until(reader, lambda one: one["event"] == "record")
            # A state's record may be skipped, so that just the 500th may never be told.
            until(reader, lambda one: one.get("n", 0) >= first["n"] + 500, within_s=60.0)
        assert resident_kb(pid) - before < 20 * 1024
    finally:
        for link in deaf:
            link.close()


def resident_kb(pid: int) -> int:
    with open(f"/proc/{pid}/status") as file:
        line = next(line for line in file if line.startswith("VmRSS"))
    return int(line.split()[1])
