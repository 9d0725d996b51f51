"""A sense goes over to its smaller engine and back as the governor says: real engines and regions.

What stands for the smaller model are the same weights under a name of their own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import second_recogniser
from fixtures import speech as voices
from fixtures.senses import Desk
from fixtures.waiting import eventually

from sensorium import config
from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.inference import store
from sensorium.inference.governor.step import StepKind
from sensorium.perception.sense import SENSES
from sensorium.perception.speech import Speech, SpeechOptions
from sensorium.perception.utterances import Event
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.process.orders import Orders
from sensorium.process.switching import KEPT_NS
from sensorium.supervisor.governing.senses import governed
from sensorium.supervisor.plan import plan

if TYPE_CHECKING:
    from pathlib import Path

RATE, BLOCK = 16_000, 512
USUAL = SpeechOptions(partials=False)
SMALLER = SpeechOptions(partials=False, encoder="second-encoder", decoder="second-decoder")
FULL = (StepKind.FULL, 0)


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Six sentences; a folder of engines with a second recogniser in it is the user's."""
    quiet = np.random.default_rng(0).normal(0, 0.001, RATE).astype(np.float32)
    parts = [quiet]
    for _, said, _ in 2 * voices.utterances()[-3:]:
        parts += [(said * (0.4 / np.abs(said).max())).astype(np.float32), quiet]
    second_recogniser.install(tmp_path, monkeypatch)
    whole = np.concatenate(parts)
    return whole[: len(whole) // BLOCK * BLOCK]


def desk(smaller: SpeechOptions) -> Desk:
    return Desk(
        {VoiceActivity: VoiceOptions(), Speech: USUAL}, governed=True, smaller={Speech: smaller},
        load=store.load,
    )


def running(rig: Desk) -> set[str]:
    """The engines that speech runs on, as `status` shows them."""
    rig.drain()
    said = next(text for name, _, text, _ in reversed(rig.reports) if name == "Speech")
    return {name for name in (USUAL.decoder, SMALLER.decoder) if f"{name} " in said}


def loaded(rig: Desk) -> set[str]:
    rig.drain()
    return {row["engine"] for row in rig.perceiver.slots[1].figures()}


def written(rig: Desk) -> list[tuple[int, bytes, str]]:
    """Utterance, text and engine of each final."""
    ring = Cursor(rig.outputs.regions[CHANNELS["transcript"].region][0], "transcript", live=False)
    ring.seek(1)
    told = []
    while ring.wanted <= ring.latest():
        ring.next(rig.clock())
        row = rig.rings.at("transcript", ring.sample.n)
        if row is not None and row.valid and row.record["is_final"][0]:
            told.append((int(row.record["utterance"][0]), bytes(row.record["text"][0]),
                         ring.sample.engine))
    return told


def play(rig: Desk, sound: np.ndarray, step: tuple[StepKind, int]) -> None:
    """Plays it, the governor saying the same once a second."""
    for start in range(0, len(sound), 31 * BLOCK):
        rig.govern({"Speech": step})
        rig.sound(sound[start : start + 31 * BLOCK])


def test_each_utterance_is_written_once_on_whichever_engine(sound: np.ndarray) -> None:
    usual = desk(SMALLER)
    begun_ns = usual.clock()
    play(usual, sound, FULL)
    wanted = written(usual)
    assert {engine for _, _, engine in wanted} == {USUAL.decoder}
    # In the midst of what is said, of the second utterance and of the last but one.
    spoken = [one for one in usual.all("utterance") if one["event"] == Event.END]
    middles = [
        (int(one["start_ns"]) + int(one["end_ns"])) // 2 - begun_ns
        for one in (spoken[1], spoken[-2])
    ]
    pieces = np.split(sound, [ns * RATE // 1_000_000_000 // BLOCK * BLOCK for ns in middles])
    assert all(np.abs(piece[:BLOCK]).max() > 0.01 for piece in pieces[1:])
    rig = desk(SMALLER)
    for piece, step in zip(pieces, (FULL, (StepKind.SMALLER, 4000), FULL), strict=True):
        rig.govern({"Speech": step})
        decoder = (SMALLER if step[0] is StepKind.SMALLER else USUAL).decoder
        eventually(lambda decoder=decoder: running(rig) == {decoder}, f"speech runs on {decoder}")
        play(rig, piece, step)
    told = written(rig)
    assert [one[:2] for one in told] == [one[:2] for one in wanted]
    ends = [one["utterance"] for one in rig.all("utterance") if one["event"] == Event.END]
    assert [one[0] for one in told] == ends
    by = [engine for _, _, engine in told]
    assert by[0] == by[-1] == USUAL.decoder
    assert SMALLER.decoder in by
    assert SMALLER.decoder in loaded(rig)
    rig.pass_ns(KEPT_NS)
    rig.govern({})
    assert loaded(rig) == {USUAL.encoder, USUAL.decoder}


def test_steps_that_go_to_and_fro_change_no_engine_to_and_fro(sound: np.ndarray) -> None:
    rig = desk(SMALLER)
    rig.govern({"Speech": (StepKind.SMALLER, 4000)})
    eventually(lambda: running(rig) == {SMALLER.decoder}, "speech runs on the smaller engine")
    seen = []
    for place in range(48):
        rig.pass_ns(100_000_000)
        rig.govern({"Speech": (StepKind.SMALLER, 4000) if place % 2 else FULL})
        rig.drain()
        seen.append(rig.perceiver.slots[1].figures()[1]["engine"])
    assert set(seen) == {SMALLER.decoder}


def test_a_wrong_engine_leaves_the_sense_on_its_own_and_is_told_once(
    sound: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    rig = desk(SpeechOptions(encoder="silero-vad", decoder="silero-vad"))
    for step in ((StepKind.SMALLER, 4000), FULL, (StepKind.SMALLER, 4000)):
        rig.govern({"Speech": step})
        eventually(lambda: running(rig) == {USUAL.decoder}, "speech runs on its own engine")
        eventually(lambda: "silero-vad cannot be taken instead" in said(rig), "that it is told")
    assert sum("cannot be taken instead" in one.message for one in caplog.records) == 1
    assert loaded(rig) == {USUAL.encoder, USUAL.decoder}


def said(rig: Desk) -> str:
    rig.drain()
    return rig.reports[-1][2]


def test_the_governor_counts_on_it_where_it_is_built(sound: np.ndarray) -> None:
    named = {"governor.smaller": {"speech": "second"}}
    read = config.load(config.find("voice"), senses=SENSES, overrides=named)

    def smaller() -> bool:
        return next(one.smaller for one in governed(read) if one.name == "speech")

    assert smaller()
    # The process is told of it, too.
    (slow,) = (one for one in plan(read) if "speech" in one.senses)
    _, senses = Orders.read(json.loads(json.dumps(slow.message()))).parts()
    (engines_of,) = (part.smaller.engines() for part in senses if part.smaller is not None)
    assert engines_of == ("second-encoder", "second-decoder")
    (store.built_folder("second-decoder") / "engine.json").unlink()
    assert not smaller()
