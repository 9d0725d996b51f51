"""The way from the loudspeaker is found by itself, on real regions, and the note is true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soxr
from fixtures import echoes, speech
from fixtures.senses import Desk

from sensorium.config.options import decode
from sensorium.config.source import Source
from sensorium.errors import ConfigError
from sensorium.perception import known_delays
from sensorium.perception.clean_audio import CleanAudio, CleanAudioOptions
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000
SUBTRACTED = "what the PC plays is subtracted, "


@pytest.fixture(autouse=True)
def canceller() -> None:
    pytest.importorskip("pyaec")


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where delays are kept over a restart; nothing is yet."""
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    return known_delays.place()


@pytest.fixture(scope="module")
def game() -> np.ndarray:
    return echoes.game(12.0)


@pytest.fixture(scope="module")
def wearer(game: np.ndarray) -> np.ndarray:
    """Another voice, with pauses, as long as the game's."""
    pause = np.zeros(RATE // 2, np.float32)
    said = [
        part for text in ("Please put that on the shelf.", "No, wait.", "Who took my sword?")
        for part in (speech.espeak(text, "en-us"), pause)
    ]
    return np.resize(np.concatenate(said), len(game)).astype(np.float32)


def desk(**options: int | str) -> Desk:
    return Desk({CleanAudio: CleanAudioOptions(**options)})


def note(rig: Desk) -> str:
    rig.perceiver.slots[0].refresh()
    return next(detail for name, _, detail, _ in reversed(rig.reports) if name == "CleanAudio")


def told_ms(rig: Desk) -> int:
    """The delay that the note tells."""
    said = note(rig)
    assert said.startswith(SUBTRACTED), said
    ms = int(said.removeprefix(SUBTRACTED).split()[0])
    return -ms if "before it is captured" in said else ms


def fallen_db(rig: Desk, echo: np.ndarray, seconds: float = 3.0) -> float:
    """How much softer the newest seconds of an echo got; all of it was heard alone."""
    left = echoes.sound_of(echoes.cleaned(rig))
    part = slice(len(left) - int(seconds * RATE), len(left))
    return echoes.fallen_db(echo[len(echo) - int(seconds * RATE) :], left[part])


@pytest.mark.parametrize("delay_ms", [-95, -60, 150, 400, 600, 980])
def test_the_way_is_found_wherever_it_begins(game: np.ndarray, delay_ms: int) -> None:
    rig = desk()
    echo = echoes.heard(game, delay_ms)
    echoes.Player(rig).play(echo, game)
    assert fallen_db(rig, echo) > 15.0
    assert abs(told_ms(rig) - delay_ms) < 10


def test_what_is_found_is_removed_within_five_seconds(game: np.ndarray) -> None:
    rig = desk()
    echo = echoes.heard(game, 400)
    echoes.Player(rig).play(echo, game)
    left = echoes.sound_of(echoes.cleaned(rig))
    part = slice(5 * RATE, 7 * RATE)
    assert echoes.fallen_db(echo[part], left[part]) > 12.0


def test_it_is_found_while_the_wearer_speaks(game: np.ndarray, wearer: np.ndarray) -> None:
    rig = desk()
    player = echoes.Player(rig)
    echo = echoes.heard(game, 300)
    player.play(echo + 0.3 * wearer, game)
    assert abs(told_ms(rig) - 300) < 15
    player.play(echo, game)
    assert fallen_db(rig, echo) > 15.0


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_it_is_found_with_clocks_that_drift(game: np.ndarray, ppm: float) -> None:
    rig = desk()
    long = np.concatenate([game, game])
    echo = echoes.heard(long, 400)
    far = soxr.resample(long, RATE, RATE * (1 + ppm * 1e-6))
    far = np.resize(far, len(long)).astype(np.float32)
    echoes.Player(rig).play(echo, far, far_ppm=ppm)
    assert fallen_db(rig, echo) > 12.0
    assert abs(told_ms(rig) - 400) < 10


@pytest.mark.parametrize(("first_ms", "then_ms"), [(20, 400), (400, 20), (300, 500)])
def test_another_way_in_mid_game_is_followed(
    game: np.ndarray, first_ms: int, then_ms: int
) -> None:
    rig = desk()
    player = echoes.Player(rig)
    player.play(echoes.heard(game, first_ms), game)
    assert abs(told_ms(rig) - first_ms) < 10
    echo = echoes.heard(game, then_ms, seed=1)
    player.play(echo, game)
    assert fallen_db(rig, echo) > 12.0
    assert abs(told_ms(rig) - then_ms) < 10


def test_a_way_within_reach_goes_on_without_a_restart(game: np.ndarray) -> None:
    rig = desk()
    player = echoes.Player(rig)
    player.play(echoes.heard(game, 300), game)
    # As when the chair is moved by 3 m.
    echo = echoes.heard(game, 310)
    player.play(echo, game)
    left = echoes.sound_of(echoes.cleaned(rig))[len(game) + RATE : len(game) + 3 * RATE]
    assert echoes.fallen_db(echo[RATE : 3 * RATE], left) > 6.0


@pytest.mark.parametrize("near", ["noise", "wearer"])
def test_what_is_played_and_not_heard_is_not_claimed(
    game: np.ndarray, wearer: np.ndarray, near: str
) -> None:
    heard = np.random.default_rng(0).normal(0, 0.01, len(game)).astype(np.float32)
    if near == "wearer":
        heard += wearer
    rig = desk()
    player = echoes.Player(rig)
    player.play(heard[: 3 * RATE // AUDIO_BLOCK * AUDIO_BLOCK], game)
    assert note(rig) == "what the PC plays is looked for in the microphone's sound"
    player.play(heard, game)
    assert note(rig) == "what the PC plays is not found in the microphone's sound"


def test_an_echo_that_ends_is_no_longer_claimed(game: np.ndarray) -> None:
    rig = desk()
    player = echoes.Player(rig)
    player.play(echoes.heard(game, 400), game)
    assert told_ms(rig)
    # As when closed headphones are put on.
    noise = np.random.default_rng(0).normal(0, 0.001, len(game)).astype(np.float32)
    player.play(noise, game)
    assert note(rig) == "what the PC plays is not found in the microphone's sound"


def test_until_something_is_played_nothing_is_said(wearer: np.ndarray) -> None:
    rig = desk()
    echoes.Player(rig).play(wearer, np.zeros_like(wearer))
    assert note(rig) == "what the PC plays will be looked for in the microphone's sound"


def test_ones_own_voice_that_is_played_back_is_not_subtracted(wearer: np.ndarray) -> None:
    rig = desk()
    late = np.concatenate([np.zeros(RATE // 20, np.float32), wearer])[: len(wearer)]
    noise = np.random.default_rng(0).normal(0, 3e-4, len(wearer)).astype(np.float32)
    echoes.Player(rig).play(wearer + noise, late)
    assert abs(fallen_db(rig, wearer + noise)) < 3.0
    said = note(rig)
    assert said.startswith("no echo is subtracted: what is heard is played 5")
    assert "your own voice" in said


def test_a_delay_that_is_set_is_kept_and_said_to_be_wrong(game: np.ndarray) -> None:
    rig = desk(delay_ms=-10)
    echo = echoes.heard(game, 400)
    echoes.Player(rig).play(echo, game)
    assert fallen_db(rig, echo) < 6.0
    said = note(rig)
    assert said.startswith("no echo is subtracted: what the PC plays is heard ")
    assert "delay_ms = -10 and tail_ms = 256" in said
    right = desk(delay_ms=380)
    echoes.Player(right).play(echo, game)
    assert fallen_db(right, echo) > 15.0
    assert abs(told_ms(right) - 400) < 10


@pytest.mark.parametrize("given", ['"later"', "-101", "1001", "1.5"])
def test_a_delay_that_is_none_is_refused(tmp_path: Path, given: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f"[senses.clean_audio]\ndelay_ms = {given}\n")
    source = Source.read(path)
    table = source.parse()["senses"]["clean_audio"]
    with pytest.raises(ConfigError, match="delay_ms"):
        decode(CleanAudioOptions, table, source, ("senses", "clean_audio"))


def fallen_by_second(rig: Desk, echo: np.ndarray, seconds: int) -> list[float]:
    """How much softer each of the first seconds of an echo got."""
    left = echoes.sound_of(echoes.cleaned(rig))
    parts = [slice(at * RATE, (at + 1) * RATE) for at in range(seconds)]
    return [echoes.fallen_db(echo[part], left[part]) for part in parts]


def test_a_delay_that_holds_after_a_restart_is_found_at_once(
    game: np.ndarray, kept: Path
) -> None:
    echo = echoes.heard(game, 400)
    first = desk()
    echoes.Player(first).play(echo, game)
    assert json.loads(kept.read_text())["delays_ms"] == [pytest.approx(400, abs=5)]
    again = desk()
    echoes.Player(again).play(echo, game)
    new, known = (fallen_by_second(rig, echo, 4) for rig in (first, again))
    assert abs(told_ms(again) - 400) < 10
    # The first second holds 0.6 s of it, as much as one look needs.
    assert known[1] > new[1] + 1.5
    assert known[2] > new[2] + 6.0
    assert known[3] > new[3] - 1.0


@pytest.mark.parametrize("then_ms", [20, 150, 600, -60])
def test_a_delay_that_does_not_hold_any_more_does_no_harm(
    game: np.ndarray, kept: Path, then_ms: int
) -> None:
    echo = echoes.heard(game, then_ms, seed=1)
    sides = []
    for delays in ([], [400, 250, 820]):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps({"format": 1, "delays_ms": delays}))
        rig = desk()
        echoes.Player(rig).play(echo, game)
        sides.append(fallen_by_second(rig, echo, 11))
        assert abs(told_ms(rig) - then_ms) < 10
    assert sides[1] == pytest.approx(sides[0], abs=0.1)


def test_what_is_not_heard_is_not_claimed_for_a_delay_that_is_known(
    wearer: np.ndarray, game: np.ndarray, kept: Path
) -> None:
    kept.parent.mkdir()
    kept.write_text(json.dumps({"format": 1, "delays_ms": [400]}))
    rig = desk()
    player = echoes.Player(rig)
    player.play(wearer, game)
    assert note(rig) == "what the PC plays is looked for in the microphone's sound"
    player.play(wearer, game)
    assert note(rig) == "what the PC plays is not found in the microphone's sound"
    assert json.loads(kept.read_text())["delays_ms"] == [400]


@pytest.mark.parametrize(
    "text", ["", "{", '{"format": 2, "delays_ms": []}', '{"format": 1, "delays_ms": [-5]}',
             '{"format": 1, "delays_ms": 400}', '{"format": 1, "delays_ms": [1, 2, 3, 4]}'],
)
def test_a_damaged_file_counts_as_none_and_is_written_anew(
    game: np.ndarray, kept: Path, text: str
) -> None:
    kept.parent.mkdir()
    kept.write_text(text)
    echoes.Player(desk()).play(echoes.heard(game, 400), game)
    assert json.loads(kept.read_text())["delays_ms"] == [pytest.approx(400, abs=5)]


def test_the_newest_three_are_kept_each_once(kept: Path) -> None:
    delays = known_delays.KnownDelays(kept)
    for ms in (400, 200, 402, 90, 600, 604):
        delays.keep(ms)
    assert known_delays.KnownDelays(kept).ms == delays.ms == (600, 90, 402)


def test_nothing_is_kept_of_what_needs_nothing(game: np.ndarray, kept: Path) -> None:
    # Within the first reach, or where the owner sets it, or before it was captured.
    for rig, delay_ms in ((desk(), 60), (desk(delay_ms=380), 400), (desk(), -60)):
        echoes.Player(rig).play(echoes.heard(game, delay_ms), game)
        assert told_ms(rig) == pytest.approx(delay_ms, abs=10)
    assert not kept.exists()


def test_a_folder_that_cannot_be_written_costs_nothing_else(game: np.ndarray, kept: Path) -> None:
    kept.parent.write_text("no folder")
    rig = desk()
    echo = echoes.heard(game, 400)
    echoes.Player(rig).play(echo, game)
    assert fallen_db(rig, echo) > 15.0


def test_a_stepped_replay_neither_knows_nor_keeps_a_delay(game: np.ndarray, kept: Path) -> None:
    rig = desk()
    rig.outputs.deferred = True
    rig.start()
    echoes.Player(rig).play(echoes.heard(game, 400), game)
    assert abs(told_ms(rig) - 400) < 10
    assert not kept.exists()
