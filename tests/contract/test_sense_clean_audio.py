"""The sound without the game's, on real regions: numbers, what is removed, and what is left."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import echoes, speech
from fixtures.senses import Desk

from sensorium.health import Reason
from sensorium.perception.clean_audio import CleanAudio, CleanAudioOptions
from sensorium.perception.sound import Sound, generation_of
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

BLOCK, RATE = 512, 16_000


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where delays are kept."""
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))


@pytest.fixture(scope="module")
def game() -> np.ndarray:
    return echoes.game(12.0)


@pytest.fixture(scope="module")
def command() -> np.ndarray:
    """A second of silence, a command, and silence to 4 s."""
    said = speech.espeak("Turn the lights off.")
    sound = np.zeros(4 * RATE // BLOCK * BLOCK, np.float32)
    sound[RATE : RATE + len(said)] = said[: len(sound) - RATE]
    return sound


def desk(**options: int) -> Desk:
    return Desk({CleanAudio: CleanAudioOptions(**options)})


def note(rig: Desk) -> str:
    """What the sense says that it does."""
    rig.perceiver.slots[0].refresh()
    return next(detail for name, _, detail, _ in reversed(rig.reports) if name == "CleanAudio")


@pytest.mark.parametrize("delay_ms", [-8.0, 0.0, 20.0, 100.0])
def test_what_is_played_is_removed(game: np.ndarray, delay_ms: float) -> None:
    pytest.importorskip("pyaec")
    rig = desk()
    echo = echoes.heard(game, delay_ms)
    echoes.Player(rig).play(echo, game)
    left = echoes.sound_of(echoes.cleaned(rig))
    learnt = 8 * RATE
    assert echoes.fallen_db(echo[learnt : len(left)], left[learnt:]) > 15.0
    assert note(rig).startswith("what the PC plays is subtracted, ")


def test_numbers_times_and_validity_are_those_of_the_microphone(game: np.ndarray) -> None:
    rig = desk()
    player = echoes.Player(rig)
    player.play(game[: 20 * BLOCK], game[: 20 * BLOCK])
    rig.silence_device(Reason.MUTED)
    player.play(game[: 20 * BLOCK], game[: 20 * BLOCK])
    clean = echoes.cleaned(rig)
    assert sorted(clean) == list(range(1, len(clean) + 1))
    assert len(clean) >= 39
    for n, sample in clean.items():
        source = rig.rings.at("audio", n)
        assert source is not None
        assert sample[1:] == source[1:]
        for name in ("session", "first_sample", "gap"):
            assert np.array_equal(sample.record[name], source.record[name])


def test_while_nothing_is_played_the_sound_is_the_same_bit_for_bit(command: np.ndarray) -> None:
    rig = desk()
    echoes.Player(rig).play(command, np.zeros_like(command))
    left = echoes.sound_of(echoes.cleaned(rig))
    assert np.array_equal(left, command[: len(left)])


def test_after_the_last_echo_the_sound_is_the_same_again(
    game: np.ndarray, command: np.ndarray
) -> None:
    pytest.importorskip("pyaec")
    rig = desk()
    played = np.concatenate([game[: 2 * RATE // BLOCK * BLOCK], np.zeros_like(command)])
    near = echoes.heard(played)
    near[-len(command) :] += command
    echoes.Player(rig).play(near, played)
    left = echoes.sound_of(echoes.cleaned(rig))
    start = len(played) - len(command) + RATE // 2
    assert np.array_equal(left[start:], near[start : len(left)])
    assert not np.array_equal(left[:start], near[:start])


def test_without_captured_output_it_is_the_plain_sound_and_says_so(command: np.ndarray) -> None:
    pytest.importorskip("pyaec")
    rig = desk()
    echoes.Player(rig).play(command)
    assert np.array_equal(echoes.sound_of(echoes.cleaned(rig)), command)
    assert note(rig).startswith("no echo is subtracted: no output sound is captured")


def test_without_the_library_it_is_the_plain_sound_and_says_so(
    game: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    # None is what the import system keeps for a module that must not be found.
    monkeypatch.setitem(sys.modules, "pyaec", None)
    rig = desk()
    echo = echoes.heard(game[: 40 * BLOCK])
    echoes.Player(rig).play(echo, game[: 40 * BLOCK])
    assert np.array_equal(echoes.sound_of(echoes.cleaned(rig)), echo)
    assert "pip install 'sensorium[echo]'" in note(rig)


def test_output_that_ends_holds_nothing_up(game: np.ndarray, command: np.ndarray) -> None:
    pytest.importorskip("pyaec")
    rig = desk()
    player = echoes.Player(rig)
    first = game[: 2 * RATE // BLOCK * BLOCK]
    player.play(echoes.heard(first), first)
    player.play(command)
    assert rig.rings.latest("clean_audio") == rig.rings.latest("audio")
    left = echoes.sound_of(echoes.cleaned(rig))
    assert np.array_equal(left[-len(command) + RATE // 2 :], command[RATE // 2 :])
    player.play(echoes.heard(game), game, far_session=2)
    left = echoes.sound_of(echoes.cleaned(rig))[-4 * RATE :]
    assert echoes.fallen_db(echoes.heard(game)[-4 * RATE :], left) > 10.0


@pytest.mark.parametrize("away_blocks", [0, 1, 40])
def test_a_restart_leaves_nothing_out_and_writes_nothing_twice(
    game: np.ndarray, away_blocks: int
) -> None:
    rig = desk()
    player = echoes.Player(rig)
    echo = echoes.heard(game)
    cut = 60 * BLOCK
    back = cut + away_blocks * BLOCK
    player.play(echo[:cut], game[:cut])
    before = {n: sample.record["samples"][0] for n, sample in echoes.cleaned(rig).items()}
    player.play(echo[cut:back], game[cut:back], take=False)
    rig.start()
    player.play(echo[back:], game[back:])
    after = echoes.cleaned(rig)
    assert sorted(after) == list(range(1, max(after) + 1))
    assert max(after) >= rig.rings.latest("audio") - 1
    assert all(np.array_equal(after[n].record["samples"][0], old) for n, old in before.items())


def test_one_that_starts_late_writes_the_numbers_that_there_are() -> None:
    rig = Desk({VoiceActivity: VoiceOptions()})
    rig.sound(np.zeros(1100 * BLOCK, np.float32), take=False)
    rig.start({CleanAudio: CleanAudioOptions()})
    newest = rig.rings.latest("audio")
    assert rig.rings.latest("clean_audio") == newest == 1100
    assert sorted(echoes.cleaned(rig)) == list(range(newest - 1022, newest + 1))
    assert rig.rings.at("clean_audio", 1) is None


def test_other_senses_are_given_the_clean_sound(game: np.ndarray, command: np.ndarray) -> None:
    pytest.importorskip("pyaec")
    rig = Desk({VoiceActivity: VoiceOptions(), CleanAudio: CleanAudioOptions()})
    player = echoes.Player(rig)
    player.play(echoes.heard(game), game)
    learnt = rig.rings.latest("audio") * BLOCK
    played = game[: len(command)]
    player.play(echoes.heard(played) + command, played)
    rings = rig.perceiver.slots[0].rings
    assert rings.source("audio") == "clean_audio"
    assert rig.perceiver.slots[1].rings.source("audio") == "audio"
    at = learnt + RATE
    heard, clean = (Sound(rings).take(at, at + RATE), Sound(rig.rings).take(at, at + RATE))
    assert heard is not None
    assert clean is not None
    assert not np.array_equal(heard, clean)
    spans = [(int(one["onset"]), int(one["offset"])) for one in rig.all("utterance")]
    assert any(onset < at + RATE // 4 and at + RATE // 2 < offset for onset, offset in spans)


@pytest.mark.parametrize("played", [True, False])
def test_a_replaced_region_goes_on_with_its_own_numbers(game: np.ndarray, played: bool) -> None:
    rig = Desk({CleanAudio: CleanAudioOptions(), VoiceActivity: VoiceOptions()})
    player = echoes.Player(rig)
    echo = echoes.heard(game)
    cut = 100 * BLOCK
    far = game if played else None
    player.play(echo[:cut], game[:cut] if played else None)
    rig.renew("audio", 2)
    player.play(echo[cut:], game[cut:] if far is not None else None)
    new = echoes.cleaned(rig)
    assert sorted(new) == list(range(1, max(new) + 1))
    assert max(new) >= rig.rings.latest("audio") - 1
    old = [rig.rings.at("clean_audio", n, 1) for n in range(1, 101)]
    assert all(sample is not None for sample in old)
    assert {generation_of(int(one["utterance"])) for one in rig.all("utterance")} <= {1, 2}
    assert not any(state == "unavailable" for _, state, _, _ in rig.reports)
