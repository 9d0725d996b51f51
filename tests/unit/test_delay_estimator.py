"""The delay of an echo: rooms, levels, a voice over it, what repeats itself, and no echo at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sensorium.perception.delay_estimator import AFTER, BEFORE, WINDOW, DelayEstimator

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = 16_000
HOP = WINDOW // 2


def voice(seconds: float, seed: int, pitch_hz: float = 110.0) -> np.ndarray:
    """Syllables: each a pitch with its harmonics and a hiss, and pauses between them."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(int(seconds * RATE))
    at = 0
    while at < len(sound):
        length = int(rng.uniform(0.08, 0.3) * RATE)
        t = np.arange(length) / RATE
        hz = pitch_hz * rng.uniform(0.8, 1.4) * (1 + rng.uniform(-0.3, 0.3) * t)
        phase = 2 * np.pi * np.cumsum(hz) / RATE
        said = sum(rng.uniform(0, 1) / k * np.sin(k * phase) for k in range(1, 16))
        said = (said + rng.uniform(0, 0.4) * rng.normal(0, 1, length)) * np.hanning(length)
        part = said[: len(sound) - at]
        sound[at : at + len(part)] += part
        at += length + int(rng.choice([0.02, 0.05, 0.4], p=[0.5, 0.35, 0.15]) * RATE)
    return sound / np.sqrt(np.mean(sound**2)) * 0.1


def echo_of(
    sound: np.ndarray, delay_ms: float, level_db: float = -10.0, seed: int = 0
) -> np.ndarray:
    """By the direct way and 60 reflections, which are sparse and fall by 60 dB in 0.4 s."""
    rng = np.random.default_rng(seed)
    response = np.zeros(int(0.3 * RATE))
    at = rng.uniform(0.002, 0.3, 60)
    size = rng.choice([-0.5, 0.5], 60) * 10 ** (-3 * at / 0.4)
    np.add.at(response, (at * RATE).astype(int), size)
    response[0] = 1.0
    shift = round(delay_ms * RATE / 1000)
    moved = np.concatenate([np.zeros(max(0, shift)), sound[max(0, -shift) :]])
    heard = np.convolve(moved, response)[: len(sound)]
    heard = np.concatenate([heard, np.zeros(len(sound) - len(heard))])
    return heard / np.sqrt(np.mean(heard**2)) * np.sqrt(np.mean(sound**2)) * 10 ** (level_db / 20)


def room_noise(length: int, level: float = 3e-4) -> np.ndarray:
    return np.random.default_rng(9).normal(0, level, length)


def fed(
    estimator: DelayEstimator, near: np.ndarray, far: np.ndarray, left: np.ndarray | None = None
) -> Iterator[int | None]:
    """What it says after each window."""
    played = np.concatenate([np.zeros(BEFORE), far, np.zeros(AFTER)]).astype(np.float32)
    heard = near.astype(np.float32)
    kept = heard if left is None else left.astype(np.float32)
    for at in range(0, len(near) - WINDOW, HOP):
        part = slice(at, at + WINDOW)
        estimator.take(heard[part], kept[part], played[at : at + BEFORE + WINDOW + AFTER])
        yield estimator.delay_ms


@pytest.mark.parametrize("delay_ms", [-90, -60, -8, 0, 20, 150, 400, 600, 980])
def test_it_is_found_within_seconds_and_stays(delay_ms: int) -> None:
    far = voice(12.0, 1)
    said = list(fed(DelayEstimator(), echo_of(far, delay_ms) + room_noise(len(far)), far))
    found = [one for one in said if one is not None]
    begun = max(0, delay_ms) * RATE // 1000 // HOP
    assert said.index(found[0]) * HOP / RATE < 2.5 + begun * HOP / RATE
    assert len(found) > 0.7 * (len(said) - begun)
    # The onset: a little before the direct way at most, never behind it.
    assert all(delay_ms - 8 <= one <= delay_ms + 2 for one in found)


@pytest.mark.parametrize("seed", range(3))
def test_an_echo_30_db_softer_than_what_is_played_is_found(seed: int) -> None:
    far = voice(12.0, seed)
    near = echo_of(far, 250, level_db=-30, seed=seed) + room_noise(len(far))
    assert 242 <= (list(fed(DelayEstimator(), near, far))[-1] or 0) <= 252


@pytest.mark.parametrize("seed", range(3))
def test_a_voice_over_it_hides_it_for_a_while_and_never_moves_it(seed: int) -> None:
    far, wearer = voice(20.0, seed), voice(20.0, seed + 50, pitch_hz=190.0)
    near = echo_of(far, 320, level_db=-6, seed=seed) + 0.7 * wearer + room_noise(len(far))
    found = [one for one in fed(DelayEstimator(), near, far) if one is not None]
    assert len(found) > 10
    assert all(305 <= one <= 325 for one in found)


def test_music_has_one_too() -> None:
    rng = np.random.default_rng(2)
    t = np.arange(RATE // 2) / RATE
    notes = [220.0 * 2 ** (rng.integers(0, 24) / 12) for _ in range(40)]
    far = 0.1 * np.concatenate([
        sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 6)) * np.exp(-4 * t)
        for hz in notes
    ])
    found = [one for one in fed(DelayEstimator(), echo_of(far, 400), far) if one is not None]
    assert found
    assert all(375 <= one <= 402 for one in found)


def tone(seconds: float) -> np.ndarray:
    return 0.1 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * RATE)) / RATE)


@pytest.mark.parametrize("far", [tone(30.0), np.tile(voice(0.5, 4), 60)], ids=["tone", "loop"])
def test_what_repeats_itself_could_have_any_and_is_told_none(far: np.ndarray) -> None:
    near = echo_of(far, 150) + room_noise(len(far))
    # Once it has begun: its beginning is told apart.
    said = list(fed(DelayEstimator(), near[2 * RATE :], far[2 * RATE :]))
    assert set(said) == {None}


@pytest.mark.parametrize("kind", ["noise", "another voice", "silence", "its own tone"])
def test_without_an_echo_nothing_is_claimed(kind: str) -> None:
    far = tone(60.0) if kind == "its own tone" else voice(60.0, 7)
    near = {
        "noise": room_noise(len(far), 0.01), "another voice": voice(60.0, 8, pitch_hz=180.0),
        "silence": np.zeros(len(far)), "its own tone": tone(61.0)[RATE:] + room_noise(len(far)),
    }[kind]
    assert set(fed(DelayEstimator(), near, far)) == {None}


def test_one_that_changes_is_followed_and_nothing_else_is_said_meanwhile() -> None:
    far = voice(24.0, 3)
    half = len(far) // 2
    near = np.concatenate([echo_of(far, 30)[:half], echo_of(far, 400)[half:]])
    said = list(fed(DelayEstimator(), near + room_noise(len(far)), far))
    found = [one for one in said if one is not None]
    assert all(22 <= one <= 32 or 392 <= one <= 402 for one in found)
    changed = next(at for at, one in enumerate(said) if one is not None and one > 200)
    assert changed * HOP - half < 5 * RATE


@pytest.mark.parametrize("removed", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("wearer", [0.0, 0.5, 1.0])
def test_what_was_removed_is_told_whatever_is_heard_over_it(removed: float, wearer: float) -> None:
    far = voice(12.0, 5)
    echo = echo_of(far, 200)
    other = wearer * voice(12.0, 6, pitch_hz=200.0) + room_noise(len(far))
    assert told(echo + other, far, (1 - removed) * echo + other) == pytest.approx(removed, abs=0.1)


def test_a_filter_that_only_spoils_the_sound_removes_nothing() -> None:
    far = voice(12.0, 5)
    near = echo_of(far, 200) + room_noise(len(far))
    assert told(near, far, near + 0.5 * echo_of(far, 20, seed=1)) < 0.1


def told(near: np.ndarray, far: np.ndarray, left: np.ndarray) -> float:
    """What part of the echo it says was removed: the median over the windows."""
    estimator = DelayEstimator()
    said = [estimator.removed for delay in fed(estimator, near, far, left) if delay is not None]
    assert said
    return float(np.median(said))


def test_a_room_answers_and_a_voice_that_is_played_back_does_not() -> None:
    wearer = voice(12.0, 1)
    for delay_ms in (-60, 60):
        shift = delay_ms * RATE // 1000
        alone, room = DelayEstimator(), DelayEstimator()
        list(fed(alone, np.roll(wearer, shift) + room_noise(len(wearer)), wearer))
        list(fed(room, echo_of(wearer, delay_ms), wearer))
        assert abs((alone.delay_ms or 0) - delay_ms) <= 2
        assert alone.echoing < 0.15
        assert room.echoing > 0.3
