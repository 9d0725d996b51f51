"""A real daemon, whose child recognises commands, and real apps, each with its own words."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from fixtures import clients, engines
from fixtures.clients import Driver
from fixtures.words import push_to_talk, transcript

from sensorium import config, folders
from sensorium.channels.cursor import Cursor
from sensorium.channels.status import Status
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.control.client import Client
from sensorium.health import OwnerState, Reason
from sensorium.supervisor.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sensorium.channels.region import Region

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="uses Linux signals"),
]
PATIENCE_S = 60.0
DOOR = """
app = "castle"
gate = "always"
[[commands]]
name = "open"
phrases = ["open the {what} [please]"]
[slots.what]
values = ["door", "gate"]
"""
LAMP = """
app = "house"
gate = "push_to_talk"
[[commands]]
name = "dim"
phrases = ["dim the lamp to {number}"]
[[commands]]
name = "say"
phrases = ["write {anything}"]
"""


class Running:
    """The supervisor in this process, so that a test can write the transcripts itself."""

    def __init__(self, folder: Path) -> None:
        path = folder / "daemon.toml"
        path.write_text("[senses.command]\n")
        self._config = config.load(path)
        self._thread = threading.Thread(target=self._run)
        self._made = threading.Event()
        self._said = 0

    def _run(self) -> None:
        self.daemon = Daemon(self._config)
        self._made.set()
        self.daemon.run()

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._made.wait(PATIENCE_S)
        until(lambda: self.slow()["state"] == "live" and "command" in self.status()["parts"])
        return self

    def __exit__(self, *_: object) -> None:
        self.daemon.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def status(self) -> dict[str, Any]:
        return self.daemon.status()

    def slow(self) -> dict[str, Any]:
        return next(one for one in self.status()["processes"] if one["name"] == "slow")

    def publish(self, channel: str, record: Any) -> None:
        region, waiters = self.daemon._regions[
            "transcript" if channel == "transcript" else "public"
        ]
        Writer(region, channel, waiters).publish(record, now_ns())

    def until_heard_by_all(self, count: int) -> None:
        """Until the process that recognises holds the regions of so many apps: it beats in them.

        What is said before is not told to an app.
        """
        regions = [one.region for one in self.daemon._clients.apps()]
        assert len(regions) == count
        before_ns = [region.owner_heartbeat("command") for region in regions]
        until(lambda: all(
            region.owner_heartbeat("command") > before
            for region, before in zip(regions, before_ns, strict=True)
        ))

    def say(self, text: str) -> None:
        """An utterance that ends now."""
        self._said += 16_000
        took_ns = 300_000_000 * len(text.split())
        self.publish("transcript", transcript(text, self._said, now_ns() - took_ns))


@contextlib.contextmanager
def connected(app: str) -> Iterator[Region]:
    with Client.connect(app) as client:
        region = client.open("app")[0]
        # What is said before the region has reached the process is not told to the app. Then the
        # process beats in it, too.
        before_ns = region.owner_heartbeat("command")
        until(lambda: region.owner_heartbeat("command") > before_ns)
        yield region


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    engines.ensure_built("minilm")
    runtime = folders.Path("/dev/shm") / f"sns-{os.getpid()}-{time.monotonic_ns()}"
    for name, value in (
        ("RUNTIME", runtime), ("CONFIG", tmp_path / "config"), ("DATA", tmp_path / "data")
    ):
        monkeypatch.setenv(f"SENSORIUM_{name}_DIR", str(value))
    vocabularies = tmp_path / "config" / "vocabularies"
    vocabularies.mkdir(parents=True)
    (vocabularies / "door.toml").write_text(DOOR)
    (vocabularies / "lamp.toml").write_text(LAMP)
    with Running(tmp_path) as daemon:
        yield daemon
    shutil.rmtree(runtime)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "never came"
        time.sleep(0.01)


def taken(cursor: Cursor, count: int) -> list[tuple[str, int]]:
    """Name and method of the next commands, `count` of them and no more."""
    found = []
    end = time.monotonic() + PATIENCE_S
    while len(found) < count and time.monotonic() < end:
        if cursor.next(now_ns()) is Status.NEW:
            row = cursor.sample.view(cursor._expected)[0]
            found.append((row["name"].decode(), int(row["method"])))
        time.sleep(0.005)
    time.sleep(0.2)
    assert cursor.next(now_ns()) is not Status.NEW
    return found


def test_each_app_gets_its_own_commands_alone(running: Running) -> None:
    with connected("castle") as castle, connected("house") as house:
        assert castle.owner("command")[1:] == (OwnerState.LIVE, Reason.NONE)
        opened, dimmed = Cursor(castle, "command"), Cursor(house, "command")
        # Behind all that is said, however long that takes on a busy machine.
        running.publish("push_to_talk", push_to_talk(now_ns() + 60_000_000_000))
        running.say("Open the door, please.")
        running.say("Dim the lamp to 25%.")
        running.say("Hello there everybody.")
        assert taken(opened, 3) == [("open", 1), ("", 0), ("", 0)]
        # The button was pressed behind what was said to the house.
        assert taken(dimmed, 0) == []
        running.publish("push_to_talk", push_to_talk(now_ns() - 5_000_000_000))
        running.say("Write to my old friend")
        assert taken(dimmed, 1) == [("say", 1)]
        row = dimmed.sample.view(dimmed._expected)[0]
        assert (row["slots"][0]["value"], row["gate"]) == (b"to my old friend", 2)


def test_c_and_python_apps_read_it(running: Running, tmp_path: Path) -> None:
    sources = [clients.PROGRAMS / "command_reader.c"]
    program = clients.compile_c(tmp_path / "reader", sources, *clients.SANITIZERS)
    with Driver([str(program), "castle"]) as castle, Driver(
        [sys.executable, "-I", str(clients.PROGRAMS / "command_reader.py"),
         str(clients.CLIENTS / "python"), "castle"]
    ) as other:
        assert (castle.answer(), other.answer()) == ("ready", "ready")
        running.until_heard_by_all(2)
        running.say("open the gate")
        assert castle.answer() == other.answer() == "open what=gate 1"


def test_a_child_that_is_killed_tells_nothing_twice_and_leaves_nothing_out(
    running: Running,
) -> None:
    with connected("castle") as castle:
        opened = Cursor(castle, "command")
        running.say("open the door")
        assert taken(opened, 1) == [("open", 1)]
        before = running.slow()["pid"]
        os.kill(before, signal.SIGKILL)
        running.say("open the gate")
        running.say("close the gate")
        until(lambda: castle.owner("command")[1] is not OwnerState.LIVE)
        until(lambda: running.slow()["pid"] not in (0, before))
        assert taken(opened, 2) == [("open", 1), ("", 0)]
        assert opened.sample.epoch > 0
        running.say("open the door")
        assert taken(opened, 1) == [("open", 1)]


def test_an_app_gets_nothing_that_was_said_before_it_came(running: Running) -> None:
    running.say("open the door")
    time.sleep(0.2)
    with connected("castle") as castle:
        assert castle.owner("command")[1] is OwnerState.LIVE
        time.sleep(0.3)
        assert Cursor(castle, "command").latest() == 0


def test_a_changed_vocabulary_is_taken_and_a_broken_one_is_told(
    running: Running, tmp_path: Path
) -> None:
    path = tmp_path / "config" / "vocabularies" / "door.toml"
    with connected("castle") as castle:
        opened = Cursor(castle, "command")
        path.write_text(DOOR + '\n[[commands]]\nname = "knock"\nphrases = [""]\n')
        until(lambda: "door.toml, line 12" in running.status()["parts"]["command"]["detail"])
        running.say("open the door")
        assert taken(opened, 1) == [("open", 1)]
        path.write_text(DOOR.replace("open the", "unlock the"))
        until(lambda: "line 12" not in running.status()["parts"]["command"]["detail"])
        running.say("unlock the door")
        assert taken(opened, 1) == [("open", 1)]


def test_an_app_that_spoils_its_region_hurts_itself_alone(running: Running) -> None:
    with connected("castle") as spoilt, connected("castle") as castle:
        view = spoilt.view
        view[: len(view)] = b"\xff" * len(view)
        pid = running.slow()["pid"]
        opened = Cursor(castle, "command")
        running.say("open the door")
        assert taken(opened, 1) == [("open", 1)]
        os.kill(pid, signal.SIGKILL)
        until(lambda: running.slow()["pid"] not in (0, pid))
        until(lambda: running.slow()["state"] == "live")
        running.say("open the gate")
        assert taken(opened, 1) == [("open", 1)]
        assert running.slow()["restarts"] == 1
