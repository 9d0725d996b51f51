"""The sense intent on real regions, behind the senses that it lives on: what words mean."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures.fusing import Act, Speaker, frames, ids, intents
from fixtures.looking import EYE, at_angles, scene, towards

from sensorium import records
from sensorium.channels.layout import Slot
from sensorium.health import Reason
from sensorium.perception.intent import IDS_A_SESSION, IntentOptions

if TYPE_CHECKING:
    from pathlib import Path

PLACES = [at_angles(across, 0) for across in (-16, -8, 0, 8, 16)]
OPEN = at_angles(0, 20)
"""Where nothing is."""


@pytest.fixture
def speaker(tmp_path: Path) -> Speaker:
    return Speaker(tmp_path)


def test_put_that_there_is_read_from_two_fixations_before_the_words(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[2]), Act(45, PLACES[0]), Act(45, PLACES[4]), Act(90, PLACES[2]))
    # The first one was looked at from 2.0 to 1.5 s ago, the second to 1.0 s ago.
    speaker.say("put that there", speaker.ago(1.5, 1.3, 0.8))
    (intent,) = intents(app)
    assert (intent["verb"], ids(intent), intent["place_target"]) == (b"put", [1], 5)
    assert (intent["has_place"], intent["unresolved"], intent["space"]) == (1, 0, 1)
    # On its surface, towards the eye.
    far = math.dist(intent["place"], EYE)
    assert math.isclose(far, 2.0 - 0.05, abs_tol=0.01)
    assert math.dist(intent["place"], PLACES[4]) < 0.06
    assert intent["alternatives"]["score"][0] < intent["score"] <= 1
    assert math.isnan(intent["quantity"])
    assert intent["intent"] == app.session * IDS_A_SESSION + 1


def test_the_evidence_says_which_word_which_fixation_and_when(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[2]), Act(45, PLACES[0]), Act(45, PLACES[4]), Act(90, PLACES[2]))
    starts = speaker.ago(1.5, 1.3, 0.8)
    speaker.say("put that there", starts)
    (intent,) = intents(app)
    evidence = intent["evidence"][: intent["evidence_count"]]
    assert evidence["kind"].tolist() == [1, 2, 1, 2]
    assert evidence["word"].tolist() == [1, 1, 2, 2]
    assert [row["text"] for row in intent["words"][:4]] == [b"that", b"", b"there", b""]
    assert evidence["target"].tolist() == [1, 1, 5, 5]
    assert evidence["start_ns"][0] == starts[1]
    looked = (int(evidence["start_ns"][1]), int(evidence["end_ns"][1]))
    wanted = speaker.ago(2.0, 1.5)
    for found, expected in zip(looked, wanted, strict=True):
        assert abs(found - expected) < 150_000_000
    others = intent["alternatives"][: intent["alternative_count"]]
    scores = others["score"].tolist()
    assert len(others) == 3
    assert scores == sorted(scores, reverse=True)
    assert intent["score"] >= scores[0]
    assert {int(other["object"]) for other in others} <= {0, 1, 2, 3, 4, 5}


def test_delete_these_two_means_both_that_were_looked_at(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[2]), Act(38, PLACES[1]), Act(38, PLACES[3]), Act(75, OPEN))
    speaker.say("delete these two", speaker.ago(1.2, 0.95, 0.7))
    (intent,) = intents(app)
    assert (intent["verb"], sorted(ids(intent)), intent["quantity"]) == (b"delete", [2, 4], 2)
    assert intent["unresolved"] == 0


def test_both_is_two_and_these_is_all_that_was_attended_to(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    for words, starts, wanted in (
        ("delete both", (1.2, 0.95), [2, 4]), ("delete those", (1.2, 0.95), [2, 4])
    ):
        speaker.act(Act(200, OPEN), Act(38, PLACES[1]), Act(38, PLACES[3]), Act(75, OPEN))
        speaker.say(words, speaker.ago(*starts))
        assert sorted(ids(intents(app)[-1])) == wanted
    assert math.isnan(intents(app)[-1]["quantity"])


def test_it_is_what_was_meant_before_wherever_the_eyes_are(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[1]))
    speaker.say("what is this", speaker.ago(0.5, 0.3, 0.1))
    speaker.act(Act(180, PLACES[3]))
    speaker.say("make it 3 times bigger", speaker.ago(0.9, 0.7, 0.6, 0.5, 0.4))
    first, second = intents(app)
    assert (first["verb"], ids(first)) == (b"what", [2])
    assert (second["verb"], ids(second), second["quantity"]) == (b"bigger", [2], 3)
    assert 6 in second["evidence"]["kind"]


def test_it_is_what_is_pointed_at_where_nothing_was_meant_lately(tmp_path: Path) -> None:
    speaker = Speaker(tmp_path, IntentOptions(memory_s=1.0))
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[1]))
    speaker.say("what is this", speaker.ago(0.5, 0.3, 0.1))
    speaker.act(Act(180, PLACES[3]))
    speaker.say("make it bigger", speaker.ago(0.5, 0.3, 0.1))
    assert ids(intents(app)[-1]) == [4]


def test_them_is_all_that_was_meant_before(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[2]), Act(38, PLACES[1]), Act(38, PLACES[3]), Act(75, OPEN))
    speaker.say("delete these two", speaker.ago(1.2, 0.95, 0.7))
    speaker.act(Act(200, PLACES[0]))
    speaker.say("follow them", speaker.ago(0.6, 0.3))
    assert ids(intents(app)[-1]) == ids(intents(app)[0])


def test_pointing_decides_where_the_eyes_are_elsewhere(speaker: Speaker) -> None:
    """A finger is believed more than the eyes; a controller, which always points, less."""
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, OPEN, PLACES[0]), Act(60, OPEN, PLACES[3]))
    speaker.say("what is that", speaker.ago(0.6, 0.4, 0.3))
    (intent,) = intents(app)
    assert ids(intent) == [4]
    assert 3 in intent["evidence"]["kind"]


def test_what_is_held_is_put_where_the_eyes_go(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(100, PLACES[2], PLACES[0], 1.0))
    speaker.say("put this here", speaker.ago(0.5, 0.3, 0.1))
    (intent,) = intents(app)
    assert (ids(intent), intent["place_target"]) == ([1], 3)
    assert 4 in intent["evidence"]["kind"]


def test_who_points_and_looks_at_a_place_means_where_the_eyes_are(speaker: Speaker) -> None:
    """A controller is off by more than eyes; one that points elsewhere is not about the place."""
    app = speaker.app(scene(PLACES))
    down, beside = at_angles(0, -40), at_angles(5, -40)
    for pointed in (beside, at_angles(60, -20)):
        speaker.act(Act(60, PLACES[2]), Act(40, PLACES[1]), Act(60, down, pointed))
        speaker.say("put that there", speaker.ago(0.7, 0.5, 0.1))
        intent = intents(app)[-1]
        assert (ids(intent), intent["place_target"], intent["has_place"]) == ([2], 0, 1)
        ray = towards(down, EYE)
        floor = [a - b * EYE[1] / ray[1] for a, b in zip(EYE, ray, strict=True)]
        assert math.dist(intent["place"], floor) < 0.05


def test_there_is_on_the_floor_or_so_far_along_the_ray(tmp_path: Path) -> None:
    speaker = Speaker(tmp_path, IntentOptions(reach_m=3.0))
    app = speaker.app(scene(PLACES))
    down = (1.0, 0.0, -2.0)
    for place, wanted in ((down, np.array(down)), (OPEN, None)):
        speaker.act(Act(45, PLACES[0]), Act(45, place), Act(45, PLACES[2]))
        speaker.say("put that there", speaker.ago(1.0, 0.8, 0.3))
        intent = intents(app)[-1]
        assert (ids(intent), intent["has_place"], intent["place_target"]) == ([1], 1, 0)
        if wanted is None:
            ray = np.array(OPEN) - EYE
            wanted = EYE + 3.0 * ray / np.linalg.norm(ray)
        assert np.allclose(intent["place"], wanted, atol=0.02)


def test_me_is_where_the_head_was(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[1]))
    speaker.say("follow me", speaker.ago(0.5, 0.3))
    (intent,) = intents(app)
    assert (intent["verb"], intent["object_count"], intent["has_place"]) == (b"follow", 0, 1)
    assert np.allclose(intent["place"], EYE)
    assert intent["evidence"]["kind"][:2].tolist() == [1, 5]


def test_words_without_times_stand_as_in_the_text(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, OPEN), Act(90, PLACES[1]))
    speaker.say("what is this", None)
    assert ids(intents(app)[0]) == [2]


@pytest.mark.parametrize("shown", [True, False])
def test_without_targets_nothing_is_made_up(speaker: Speaker, shown: bool) -> None:
    app = speaker.app(scene([]) if shown else None)
    speaker.act(Act(120, PLACES[1]))
    speaker.say("delete this", speaker.ago(0.5, 0.3))
    speaker.say("stop", speaker.ago(0.3))
    first, second = intents(app)
    assert (first["object_count"], first["unresolved"], first["has_place"]) == (0, 1, 0)
    assert (second["verb"], second["unresolved"], second["object_count"]) == (b"stop", 0, 0)
    assert second["score"] == 1
    speaker.say("delete these two", speaker.ago(0.5, 0.3, 0.1))
    assert (intents(app)[-1]["object_count"], intents(app)[-1]["unresolved"]) == (0, 1)


def test_what_was_not_tracked_is_not_guessed(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES[:1]))
    speaker.act(Act(60, PLACES[0]))
    for _ in range(frames(2.2)):
        speaker.frame(head=Reason.INACTIVE, gaze=Reason.INACTIVE)
    speaker.say("delete this", speaker.ago(0.3, 0.1))
    (intent,) = intents(app)
    assert (intent["object_count"], intent["unresolved"]) == (0, 1)
    speaker.say("follow me", speaker.ago(0.3, 0.1))
    # The head was there 2 s before: that is not now.
    assert (intents(app)[-1]["has_place"], intents(app)[-1]["unresolved"]) == (0, 1)


def test_what_is_no_command_or_another_language_is_no_intent(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[0]))
    speaker.say("i told him that yesterday", speaker.ago(0.9, 0.7, 0.5, 0.3, 0.1))
    assert intents(app) == []
    speaker.say("delete this", speaker.ago(0.3, 0.1), language="de")
    (intent,) = intents(app)
    assert (intent["verb"], intent["object_count"], intent["unresolved"]) == (b"delete", 0, 0)


def test_each_app_is_told_of_its_own_targets_and_one_that_died_of_none(speaker: Speaker) -> None:
    ids_of = [np.array([1, 2, 3, 4, 5]), np.array([11, 12, 13, 14, 15])]
    scenes = [scene(PLACES), scene(PLACES)]
    for made, numbers in zip(scenes, ids_of, strict=True):
        made["targets"]["id"][0, :5] = numbers
    apps = [speaker.app(made) for made in scenes]
    speaker.act(Act(90, PLACES[3]))
    speaker.say("what is this", speaker.ago(0.5, 0.3, 0.1))
    assert [ids(intents(app)[-1]) for app in apps] == [[4], [14]]
    apps[1].leave()
    speaker.act(Act(90, PLACES[1]))
    speaker.say("delete this", speaker.ago(0.5, 0.3))
    assert ids(intents(apps[0])[-1]) == [2]
    assert [slot[1] for slot in speaker.desk.reports if slot[1] != "live"] == []


def test_a_target_that_is_gone_is_not_meant_again(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[4]))
    speaker.say("what is this", speaker.ago(0.5, 0.3, 0.1))
    app.show(scene(PLACES[:4]))
    speaker.act(Act(180, PLACES[1]))
    speaker.say("delete it", speaker.ago(0.5, 0.3))
    assert ids(intents(app)[-1]) == [2]


def test_a_target_that_went_after_it_was_looked_at_is_not_named(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[1]), Act(200, PLACES[4]))
    app.show(scene(PLACES[:4]))
    speaker.say("delete this", speaker.ago(0.2, 0.1))
    (intent,) = intents(app)
    assert (intent["object_count"], intent["unresolved"]) == (0, 1)


def test_what_nobody_knows_is_no_alternative_either(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[0]))
    for _ in range(frames(2.2)):
        speaker.frame(head=Reason.INACTIVE, gaze=Reason.INACTIVE)
    speaker.say("delete this", speaker.ago(0.3, 0.1))
    (intent,) = intents(app)
    assert intent["unresolved"] == 1
    assert not intent["alternatives"]["object"].any()


def test_a_recentre_between_word_and_text_keeps_objects_and_moves_no_place(
    speaker: Speaker,
) -> None:
    """A place that was seen in the space before is given on its target, or not at all."""
    app = speaker.app(scene(PLACES))
    speaker.act(Act(45, PLACES[0]), Act(45, PLACES[3]), Act(10, PLACES[2]))
    starts = speaker.ago(0.7, 0.55, 0.1)
    speaker.generation = 2
    app.show(scene(PLACES, space_generation=2))
    speaker.act(Act(60, PLACES[2]))
    speaker.say("put that there", starts)
    (intent,) = intents(app)
    assert (ids(intent), intent["place_target"], intent["space_generation"]) == ([1], 4, 2)
    assert math.dist(intent["place"], PLACES[3]) < 0.06


def test_an_utterance_is_told_once_through_a_restart(speaker: Speaker) -> None:
    app = speaker.app(scene(PLACES))
    speaker.act(Act(90, PLACES[3]))
    speaker.say("what is this", speaker.ago(0.5, 0.3, 0.1))
    speaker.desk.start()
    assert len(intents(app)) == 1
    speaker.act(Act(90, PLACES[1]))
    speaker.say("delete it", speaker.ago(0.5, 0.3))
    assert [ids(intent) for intent in intents(app)] == [[4], [4]]


def test_what_an_app_writes_into_its_traces_harms_nobody(speaker: Speaker) -> None:
    """Its region is its own to write: probabilities that are none are as if nobody knew."""
    app = speaker.app(scene(PLACES))
    speaker.act(Act(60, PLACES[3]))
    region = app._apps._held[app.session].region
    entry = region.entry("target_trace")
    record = records.TARGET_TRACE
    for slot in range(entry.slots):
        # Behind the slot's own counters and times, which say that it can be read.
        begin = entry.offset + slot * entry.stride + Slot.RECORD
        region.view[begin : begin + record.size] = b"\xff" * record.size
    speaker.say("what is this", speaker.ago(0.5, 0.3, 0.1))
    (intent,) = intents(app)
    assert (intent["object_count"], intent["unresolved"]) == (0, 1)
    assert [slot[1] for slot in speaker.desk.reports if slot[1] != "live"] == []
