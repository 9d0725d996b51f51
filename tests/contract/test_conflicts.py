"""What is meant where hands, eyes and words disagree, on real regions: each has one behaviour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from fixtures.fusing import Act, Speaker, ids, intents
from fixtures.looking import EYE, at_angles, scene, towards
from fixtures.words import push_to_talk, wake_word

from sensorium.health import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLACES = [at_angles(across, 0) for across in (-16, -8, 0, 8, 16)]
OPEN = at_angles(0, 20)
"""Where nothing is."""
BESIDE = at_angles(70, -50)
"""What a controller points at in a hand that hangs: nothing, too."""


@pytest.fixture
def speaker(tmp_path: Path) -> Speaker:
    return Speaker(tmp_path)


def _woken(speaker: Speaker) -> None:
    word = wake_word("hey sensorium", speaker.ago(1.6)[0])
    speaker.desk.publish("wake_word", word, speaker.now_ns)


def _pushed(speaker: Speaker) -> None:
    speaker.desk.publish("push_to_talk", push_to_talk(speaker.ago(2.0)[0]), speaker.now_ns)


@pytest.mark.parametrize(("gate", "open_it"), [("wake_word", _woken), ("push_to_talk", _pushed)])
def test_who_points_and_talks_to_somebody_else_commands_nothing(
    tmp_path: Path, gate: str, open_it: Callable[[Speaker], None]
) -> None:
    """The same words and the same finger count once they are meant for the app."""
    speaker = Speaker(tmp_path, gate=gate)
    app = speaker.app(scene(PLACES))
    speaker.act(Act(120, OPEN, PLACES[3]))
    speaker.say("delete this", speaker.ago(0.6, 0.3))
    assert not intents(app)
    assert app.meant(2) == 4, "what is pointed at is told whoever is talked to"
    open_it(speaker)
    speaker.say("delete this", speaker.ago(0.6, 0.3))
    assert [ids(intent) for intent in intents(app)] == [[4]]


@pytest.mark.parametrize(
    "said", ["anna did you delete this yesterday", "no i mean the one that you put there before"]
)
def test_words_about_a_command_are_none_also_where_every_word_is_listened_to(
    speaker: Speaker, said: str
) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(120, PLACES[1], PLACES[3]))
    speaker.say(said, speaker.ago(*(1.2 - 0.1 * n for n in range(len(said.split())))))
    assert not intents(app)


def test_a_walker_means_what_he_looks_at(speaker: Speaker) -> None:
    """1.2 m/s, the head up and down by 2 cm twice a second: rays move, what they meet counts."""
    app = speaker.app(scene(PLACES))
    step = 1.2 / 90
    for frame, place in enumerate((PLACES[2],) * 30 + (PLACES[0],) * 30 + (PLACES[4],) * 60):
        seconds = frame / 90
        eye = (0.0, EYE[1] + 0.02 * math.sin(4 * math.pi * seconds), 0.6 - step * frame)
        gaze = speaker.eyes(towards(place, eye))
        gaze["origin"] = eye
        speaker.frame(head=speaker.head((0, 0, -1), eye), gaze=gaze)
    speaker.say("put that there", speaker.ago(0.55, 0.4, 0.05))
    (intent,) = intents(app)
    assert (ids(intent), intent["place_target"], intent["unresolved"]) == ([1], 5, 0)


def test_a_hand_that_is_lost_between_two_words_is_believed_of_the_first_alone(
    speaker: Speaker,
) -> None:
    """The eyes stand in; where they are lost, too, the word stays open and nothing is made up."""
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, OPEN, PLACES[0]))
    speaker.frame(controller_right=Reason.INACTIVE)
    speaker.act(Act(70, PLACES[4]))
    speaker.say("put that there", speaker.ago(0.95, 0.85, 0.2))
    (intent,) = intents(app)
    assert (ids(intent), intent["place_target"], intent["unresolved"]) == ([1], 5, 0)
    speaker.act(Act(150, OPEN), Act(60, PLACES[1], PLACES[1]))
    for _ in range(150):
        speaker.frame(head=Reason.INACTIVE, gaze=Reason.INACTIVE, controller_right=Reason.INACTIVE)
    speaker.say("put that there", speaker.ago(2.0, 1.9, 0.1))
    intent = intents(app)[-1]
    assert (ids(intent), intent["place_target"], intent["unresolved"]) == ([2], 0, 1)


@pytest.mark.parametrize("left", [False, True], ids=["right-handed", "left-handed"])
def test_the_hand_that_points_counts_whichever_it_is(speaker: Speaker, left: bool) -> None:
    """The other one hangs and its controller points at nothing, as a controller always does."""
    app = speaker.app(scene(PLACES))
    for place in (PLACES[0], PLACES[3]):
        right, other = (BESIDE, place) if left else (place, BESIDE)
        speaker.act(Act(60, OPEN, right, left=other))
    speaker.say("what is that", speaker.ago(0.6, 0.4, 0.3))
    (intent,) = intents(app)
    assert ids(intent) == [4]


def test_of_two_hands_that_point_the_eyes_choose(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    for place in (PLACES[1], PLACES[3]):
        speaker.act(Act(200, OPEN), Act(70, place, PLACES[3], left=PLACES[1]))
        speaker.say("what is that", speaker.ago(0.5, 0.3, 0.2))
    assert [ids(intent) for intent in intents(app)] == [[2], [4]]


def test_two_hands_at_once_may_be_two_things(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(120, OPEN, PLACES[4], left=PLACES[0]))
    speaker.say("delete these two", speaker.ago(0.9, 0.6, 0.3))
    (intent,) = intents(app)
    assert sorted(ids(intent)) == [1, 5]
