"""Speech of a real daemon goes over to its smaller engine for a real app's frames, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fixtures import second_recogniser
from fixtures.daemon import Daemon
from fixtures.frames_app import FramesApp
from fixtures.waiting import eventually

from sensorium import records
from sensorium.channels.cursor import Cursor
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.folders import data_room
from sensorium.inference.governor.step import StepKind
from sensorium.perception.utterances import Event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensorium.control.client import Client

pytestmark = pytest.mark.system

USUAL, SECOND = "whisper-tiny-en-decoder", f"{second_recogniser.SECOND}-decoder"
CONFIG = f"""
[inference]
threads = 2
nice = 0
[sensors.replay]
file = "{data_room("configs") / "demo.mcap"}"
channels = ["audio"]
loop = true
[senses.voice_activity]
[senses.speech]
partials = false
[governor.longest_ms]
speech = 500
[governor.smaller]
speech = "{second_recogniser.SECOND}"
"""


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    second_recogniser.install(tmp_path, monkeypatch, int8=True)
    with Daemon(tmp_path, CONFIG, cache=tmp_path / "cache") as running:
        yield running


class Writing:
    """What is said, and what is written of it and by whom."""

    def __init__(self, client: Client) -> None:
        client.request("grant", action="allow", app="onlooker", classes="transcript")
        self._spoken = Cursor(client.open("public")[0], "utterance", live=False)
        self._texts = Cursor(client.open("transcript")[0], "transcript", live=False)
        self.ended: list[int] = []
        self.by: dict[int, list[str]] = {}
        self.lost = 0

    def look(self) -> None:
        while self._spoken.next(now_ns()) is Status.NEW:
            row = self._spoken.sample.view(records.UTTERANCE)[0]
            if row["event"] == Event.END:
                self.ended.append(int(row["utterance"]))
        while self._texts.next(now_ns()) is Status.NEW:
            row = self._texts.sample.view(records.TRANSCRIPT)[0]
            self.lost += int(row["lost"])
            if row["is_final"]:
                self.by.setdefault(int(row["utterance"]), []).append(self._texts.sample.engine)

    def newest(self) -> str:
        """Who wrote the newest text."""
        self.look()
        return self.by[max(self.by)][0] if self.by else ""


def speech(daemon: Daemon) -> tuple[str, str]:
    """Its step, and what it says that it runs on."""
    status = daemon.status()
    (step,) = (one["step"] for one in status["governor"]["senses"] if one["sense"] == "speech")
    return step, status["parts"]["speech"]["detail"]


def test_speech_goes_over_to_its_smaller_engine_and_back_and_writes_all(
    daemon: Daemon, tmp_path: Path
) -> None:
    with daemon.client("onlooker") as client, FramesApp(tmp_path, daemon) as app:
        writing = Writing(client)

        def writes(engine: str) -> None:
            eventually(
                lambda: writing.newest() == engine,
                lambda: f"a text by {engine}: {writing.by}, {speech(daemon)}",
            )

        writes(USUAL)
        app("late")
        eventually(lambda: speech(daemon)[0] == "smaller", lambda: str(speech(daemon)))
        eventually(
            lambda: "second-encoder int8 on CPU" in speech(daemon)[1], lambda: str(speech(daemon))
        )
        writes(SECOND)
        with daemon.client() as other:
            steps = other.request("governor", most=64)["steps"]
        taken = [one for one in steps if one["to"]["step"] == StepKind.SMALLER.name.lower()]
        assert {one["sense"] for one in taken} == {"speech"}
        assert taken[0]["app"] == "game"
        app("steady")
        eventually(
            lambda: speech(daemon)[0] == "full" and f"{USUAL} " in speech(daemon)[1],
            lambda: str(speech(daemon)),
        )
        writes(USUAL)
        told = list(writing.by)
        assert [len(writing.by[one]) for one in told] == [1] * len(told)
        assert [one for one in writing.ended if told[0] <= one <= told[-1]] == told
        assert writing.lost == 0
