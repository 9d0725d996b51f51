"""A real daemon's senses and engines give way to a real app's frames, and come back after."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fixtures import engines
from fixtures.daemon import Daemon
from fixtures.frames_app import FramesApp
from fixtures.waiting import eventually

from sensorium import records
from sensorium.channels.cursor import Cursor
from sensorium.channels.reader import Reader
from sensorium.clock import now_ns
from sensorium.folders import data_room
from sensorium.perception.utterances import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.channels.region import Region

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's scheduling classes"),
]

IDLE = 5
"""SCHED_IDLE, field 41 of /proc/PID/stat."""
CONFIG = f"""
[inference]
threads = 2
nice = 0
[governor]
pressure = false
[sensors.replay]
file = "{data_room("configs") / "demo.mcap"}"
loop = true
[senses.voice_activity]
[senses.gesture]
[senses.speech]
partials = false
"""


@pytest.fixture(scope="module", params=["root", "ordinary"])
def ordinary(request: pytest.FixtureRequest) -> bool:
    """Whether the daemon lacks the right to undo the idle class."""
    return bool(request.param == "ordinary")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, ordinary: bool) -> Iterator[Daemon]:
    for name in ("silero-vad", "gesture-recognizer", "whisper-tiny-en-encoder"):
        engines.ensure_built(name)
    folder = tmp_path_factory.mktemp("giving_way")
    python = Path(sys.executable)
    if ordinary:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not installed")
        python = folder / "python"
        python.write_text(
            f'#!/bin/sh\nexec setpriv --bounding-set -sys_nice --inh-caps -sys_nice '
            f'{sys.executable} "$@"\n'
        )
        python.chmod(0o755)
    with Daemon(folder, CONFIG, python=python) as running:
        yield running


def threads(daemon: Daemon, process: str) -> list[Path]:
    pid = daemon.children()[process]
    return list(Path(f"/proc/{pid}/task").iterdir())


def classes(daemon: Daemon, process: str) -> list[int]:
    """The scheduling class of each thread."""
    return [
        int((task / "stat").read_text().rpartition(")")[2].split()[38])
        for task in threads(daemon, process)
    ]


def cores(daemon: Daemon, process: str) -> set[int]:
    """Where the threads of a process may run."""
    return set().union(
        *(os.sched_getaffinity(int(task.name)) for task in threads(daemon, process))
    )


def gate(daemon: Daemon, process: str) -> dict[str, Any]:
    gates = {one["process"]: one for one in daemon.status()["gates"]}
    return gates.get(process, {"senses": {}, "background": None})


def waited(daemon: Daemon) -> float:
    """Seconds that what was said has waited for speech to take it up."""
    return float(gate(daemon, "slow")["senses"].get("speech", {}).get("waited_s", 0))


def step(daemon: Daemon, sense: str) -> str:
    senses = {one["sense"]: one for one in daemon.status()["governor"]["senses"]}
    return str(senses.get(sense, {}).get("step", ""))


def counts(region: Region, hands: Region) -> tuple[int, int]:
    """Records of a hand, and what was made of them."""
    return Reader(hands, "hand_left").latest(), Reader(region, "gesture_left").latest()


def test_while_frames_are_late_senses_give_way_and_lose_no_word(
    daemon: Daemon, tmp_path: Path, ordinary: bool
) -> None:
    with daemon.client("onlooker") as client, FramesApp(tmp_path, daemon) as app:
        client.request(
            "grant", action="allow", app="onlooker", classes="motion,transcript"
        )
        public, _ = client.open("public")
        motion, _ = client.open("motion")
        transcript, _ = client.open("transcript")
        texts = Cursor(transcript, "transcript", live=False)
        spoken = Cursor(public, "utterance", live=False)
        eventually(texts.latest, "a text while nothing is at risk")
        assert IDLE not in classes(daemon, "slow")
        if not ordinary:
            app.send("crowd")
            app.answer()

        app.send("late")
        app.answer()
        eventually(
            lambda: step(daemon, "gesture") not in ("", "full"), "gestures are thinned"
        )
        eventually(
            lambda: gate(daemon, "fast")["senses"]["gesture"]["skipped"] > 0, "frames are left out"
        )
        before = counts(public, motion)
        eventually(lambda: counts(public, motion)[0] - before[0] > 300, "300 frames of a hand")
        frames, made = (
            after - first
            for after, first in zip(counts(public, motion), before, strict=True)
        )
        # At 60 ms of some 11 ms a frame one in five, or one in two with what is told at once.
        assert 0 < made < frames / 2
        everywhere = os.sched_getaffinity(0)
        if ordinary:
            # The app leaves cores free, and needs no right for that.
            for process in () if len(everywhere) < 2 else ("capture", "fast", "slow"):
                eventually(
                    lambda process=process: cores(daemon, process) < everywhere,
                    f"{process} keeps to some",
                )
            eventually(lambda: gate(daemon, "slow")["background"], "it is said")
            assert cores(daemon, "slow") == set(gate(daemon, "slow")["cores"])
            assert IDLE not in classes(daemon, "slow")
            app.send("crowd")
            app.answer()
            eventually(lambda: cores(daemon, "slow") == everywhere, "the app needs them all")
            eventually(lambda: gate(daemon, "slow").get("background_refused"), "why they stay")
            assert IDLE not in classes(daemon, "slow")
            eventually(lambda: not gate(daemon, "slow")["background"], "it is said")
        else:
            eventually(lambda: set(classes(daemon, "slow")) == {IDLE}, "all are in the background")
            eventually(lambda: gate(daemon, "slow")["background"], "it is said")
        eventually(
            lambda: waited(daemon) > 1,
            lambda: f"speech has waited: {gate(daemon, 'slow')}, {daemon.status()['governor']}",
        )
        # What answers within a frame stays as it is.
        assert IDLE not in classes(daemon, "fast")

        app.send("steady")
        app.answer()
        eventually(lambda: step(daemon, "gesture") == "full", "gestures are at full again")
        eventually(lambda: step(daemon, "speech") == "full", "so is speech")
        eventually(lambda: IDLE not in classes(daemon, "slow"), "all are as they were")
        eventually(lambda: not gate(daemon, "slow")["background"], "it is said")
        assert cores(daemon, "slow") == everywhere
        ended, lost, finals = set(), 0, set()
        spoken.seek_oldest()
        while spoken.next(now_ns()) == 1:
            row = spoken.sample.view(records.UTTERANCE)[0]
            if row["event"] == Event.END:
                ended.add(int(row["utterance"]))
        texts.seek_oldest()

        def all_told() -> bool:
            nonlocal lost
            while texts.next(now_ns()) == 1:
                row = texts.sample.view(records.TRANSCRIPT)[0]
                lost += int(row["lost"])
                if row["is_final"]:
                    finals.add(int(row["utterance"]))
            first = min(finals, default=0)
            return {one for one in ended if one >= first} <= finals

        eventually(all_told, lambda: f"each of {ended} has its text, not only {finals}")
        assert lost == 0
