"""The stream of sound in steps: the same steps from wherever one begins, and across breaks."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.senses import Desk

from sensorium.channels.catalogue import AUDIO_SLOTS
from sensorium.health import Reason
from sensorium.perception.sound_steps import SoundSteps
from sensorium.perception.speech_embedding import BEFORE, STEP

BLOCK = 512
NOISE = np.random.default_rng(0)


def taken(steps: SoundSteps) -> list[tuple[int, bool, np.ndarray]]:
    found = []
    while (step := steps.next()) is not None:
        found.append((step.end, step.follows, step.sound.copy()))
    return found


def noise(blocks: int) -> np.ndarray:
    return NOISE.normal(size=blocks * BLOCK).astype(np.float32)


def test_steps_are_the_sound_with_what_came_before() -> None:
    desk, sound = Desk({}), noise(40)
    desk.sound(sound)
    found = taken(SoundSteps(desk.rings))
    padded = np.concatenate([np.zeros(BEFORE, np.float32), sound])
    assert [end for end, _, _ in found] == list(range(STEP, len(sound) + 1, STEP))
    assert [follows for _, follows, _ in found] == [False] + [True] * (len(found) - 1)
    for place, (_, _, step) in enumerate(found):
        assert (step == padded[place * STEP : place * STEP + BEFORE + STEP]).all()


@pytest.mark.parametrize("begin", [1, 1279, 1280, 5000, 9999])
def test_who_begins_later_reads_the_same_steps(begin: int) -> None:
    desk = Desk({})
    desk.sound(noise(50))
    whole, later = SoundSteps(desk.rings), SoundSteps(desk.rings)
    later.begin(begin)
    assert later.at == begin // STEP * STEP
    expected = [step for step in taken(whole) if step[0] > later.at]
    found = taken(later)
    assert not found[0][1]
    assert [end for end, _, _ in found] == [end for end, _, _ in expected]
    for one, other in zip(found, expected, strict=True):
        assert (one[2] == other[2]).all()


@pytest.mark.parametrize("how", ["gap", "closed"])
def test_nothing_of_before_a_break_is_in_a_step_behind_it(how: str) -> None:
    desk, before, after = Desk({}), noise(13), noise(20)
    desk.sound(before)
    if how == "closed":
        desk.silence_device(Reason.CLOSED)
    desk.sound(after, gap=how == "gap")
    free = (desk.rings.latest("audio") - 20) * BLOCK
    found = taken(SoundSteps(desk.rings))
    broken = [step for step in found if not step[1]]
    assert len(broken) == 2
    end, _, sound = broken[1]
    first = end - STEP
    assert free <= first < free + STEP
    own = min(BEFORE, first - free)
    assert not sound[: BEFORE - own].any()
    expected = after[first - free - own : first - free + STEP]
    assert (sound[BEFORE - own :] == expected).all()


def test_what_was_overwritten_is_left_out() -> None:
    desk = Desk({})
    desk.sound(noise(10))
    steps = SoundSteps(desk.rings)
    seen = taken(steps)
    desk.sound(noise(AUDIO_SLOTS + 20))
    found = taken(steps)
    assert not found[0][1]
    assert found[0][0] - STEP >= 30 * BLOCK > seen[-1][0]
    assert found[-1][0] > (AUDIO_SLOTS + 20) * BLOCK
    assert all(follows for _, follows, _ in found[1:])


def test_nothing_is_told_before_it_is_written() -> None:
    desk = Desk({})
    steps = SoundSteps(desk.rings)
    assert steps.next() is None
    desk.sound(noise(2))
    assert steps.next() is None
    desk.sound(noise(1))
    assert steps.next() is not None
    assert steps.next() is None
