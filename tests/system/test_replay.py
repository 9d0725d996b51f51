"""Replays through the real daemon: stepped twice, faster, bad files; and recorded once more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from fixtures import engines
from fixtures.daemon import Daemon

from sensorium.channels.catalogue import CHANNELS, in_region
from sensorium.channels.cursor import Cursor
from sensorium.channels.layout import Kind
from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.folders import data_room
from sensorium.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensorium.channels.reader import Snapshot

pytestmark = pytest.mark.system

DEMO = data_room("configs") / "demo.mcap"
CONFIG = """
[sensors.replay]
file = "{file}"
stepped = {stepped}
speed = {speed}
[senses.voice_activity]
[senses.gesture]
"""


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    for name in ("silero-vad", "gesture-recognizer"):
        engines.ensure_built(name)


def replay(
    folder: Path, *, file: Path = DEMO, stepped: bool = False, speed: float = 1.0
) -> Daemon:
    folder.mkdir(exist_ok=True)
    return Daemon(
        folder, CONFIG.format(file=file, stepped=str(stepped).lower(), speed=speed)
    )


def until(what: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


def part(daemon: Daemon) -> str:
    return str(daemon.status()["parts"].get("replay", {}).get("state", ""))


def ended(daemon: Daemon) -> bool:
    return part(daemon) == "ended"


def everything(daemon: Daemon) -> dict[str, list[Snapshot]]:
    """What is left in the public region: every event, and the newest of each state."""
    found = {}
    with daemon.client() as client:
        region, _ = client.open("public")
        for channel in in_region("public"):
            if channel.writer == "supervisor" or channel.name == "microphone":
                continue
            if channel.kind == Kind.EVENT:
                cursor = Cursor(region, channel.name)
                cursor.seek_oldest()
                taken = []
                while cursor.next(now_ns()) in (Status.NEW, Status.INVALID) and cursor.sample.n:
                    taken.append(cursor.sample)
                found[channel.name] = taken
            else:
                reader = Reader(region, channel.name)
                reader.read(now_ns())
                found[channel.name] = [reader.sample]
    return found


def events(found: dict[str, list[Snapshot]]) -> dict[str, list[tuple[Any, ...]]]:
    """What was told, hand by hand: two hands' events may change places when frames do."""
    told: dict[str, list[tuple[Any, ...]]] = {"left": [], "right": [], "voice": []}
    for sample in found["gesture_event"]:
        record = sample.view(CHANNELS["gesture_event"].record)[0]
        side = "left" if record["side"] == 1 else "right"
        told[side].append((int(record["event"]), record["name"].decode()))
    for sample in found["voice_event"]:
        record = sample.view(CHANNELS["voice_event"].record)[0]
        told["voice"].append((int(record["event"]),))
    return told


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[Snapshot]]]:
    runs = []
    for _ in range(2):
        with replay(tmp_path_factory.mktemp("stepped"), stepped=True) as daemon:
            until(lambda d=daemon: ended(d))
            runs.append(everything(daemon))
            assert "hangs" not in daemon.read_log()
    return runs


def test_stepped_twice_gives_the_same_bytes(stepped: list[dict[str, list[Snapshot]]]) -> None:
    one, two = stepped
    assert one.keys() == two.keys()
    for name in one:
        assert [s.record for s in one[name]] == [s.record for s in two[name]]
        assert [s._replace(confidence=0, record=b"", epoch=0) for s in one[name]] == [
            s._replace(confidence=0, record=b"", epoch=0) for s in two[name]
        ]
    told = events(one)
    assert [event for event, in told["voice"]] == [1, 2] * 3
    assert len(told["left"]) == 8
    assert len(told["right"]) == 8


@pytest.mark.parametrize("speed", [1.0, 3.0])
def test_real_time_and_faster_tell_the_same_events_in_the_same_order(
    tmp_path: Path, stepped: list[dict[str, list[Snapshot]]], speed: float
) -> None:
    with replay(tmp_path / "replay", speed=speed) as daemon:
        until(lambda: ended(daemon))
        # The senses may be a little behind.
        end = time.monotonic() + 20
        while (told := events(everything(daemon))) != events(stepped[0]):
            assert time.monotonic() < end, told
            time.sleep(0.1)


def test_what_is_recorded_from_a_replay_is_the_recording_again(tmp_path: Path) -> None:
    out = tmp_path / "again.mcap"
    with replay(tmp_path / "replay") as daemon:
        for name in ("motion", "audio"):
            assert daemon.command("grants", "allow", "sensorium-record", name).returncode == 0
        done = daemon.command(
            "record", "--classes", "public,motion,audio", "--minutes", "0.1", "--out", str(out)
        )
        assert done.returncode == 0, done.stderr
    with Recording(out) as again, Recording(DEMO) as first:
        assert again.complete
        taken = [sample.record for _, sample in again.events(["audio"])]
        original = [sample.record for _, sample in first.events(["audio"])]
        start = original.index(taken[0])
        assert taken == original[start : start + len(taken)]
        assert len(taken) > 100
        # Of a state a busy machine takes the newest only; what it left out is counted.
        for name in ("hand_left", "hand_right", "head"):
            numbers = [sample.n for _, sample in again.events([name])]
            left_out = numbers[-1] - numbers[0] + 1 - len(numbers)
            assert left_out == again.lost.get(name, 0), name
            assert len(numbers) > 50
        assert again.counts["voice_activity"] > 50


def test_a_mute_reaches_a_replay(tmp_path: Path) -> None:
    with replay(tmp_path / "replay") as daemon:
        until(lambda: part(daemon) == "live")
        with daemon.client() as client:
            region, _ = client.open("public")
            reader = Reader(region, "microphone")

            def state() -> int:
                reader.read(now_ns())
                record = reader.sample.view(CHANNELS["microphone"].record)
                return int(record["state"][0])

            until(lambda: reader.read(now_ns()) == Status.SAME and state() == 1)
            client.request("mute", on=True)
            until(lambda: state() == 3)
            client.request("mute", on=False)
            until(lambda: state() == 1)


@pytest.mark.parametrize(
    ("content", "says"), [(None, "no such recording"), (b"RIFF" * 999, "is not a recording")]
)
def test_a_bad_file_ends_the_start_with_its_reason(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    file = tmp_path / "bad.mcap"
    if content is not None:
        file.write_bytes(content)
    daemon = Daemon(tmp_path)
    done = daemon.command("run", "--replay", str(file))
    assert done.returncode not in (0, None)
    assert "bad.mcap" in done.stderr
    assert says in " ".join(done.stderr.split())
