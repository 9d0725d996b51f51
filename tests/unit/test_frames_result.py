"""What frames.py says of frames, freshness, speech and steps that are made up."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

if sys.platform == "win32":
    pytest.skip("the harness measures processes of Linux", allow_module_level=True)
sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))

import frames_governor
import frames_picture
import frames_reaction
import frames_result
from frames_daemon import GOVERNED, NOTE, OFF
from frames_loads import FRAME
from frames_recorded import Said

MS, S = 1_000_000, 1_000_000_000
CHANNELS = ("audio", "governor", "governor_step", "utterance", "transcript", "gesture_left")


def frames(count: int, period_ns: int = 10 * MS, took_ns: int = 4 * MS, begin_ns: int = S):
    made = np.zeros(count, FRAME)
    made["begin_ns"] = begin_ns + np.arange(count) * period_ns
    made["submit_ns"] = made["begin_ns"] + took_ns
    made["due_ns"] = made["begin_ns"] + period_ns
    made["share_ppm"] = 200_000
    return made


def note(channel: str, seen_ns: int, **fields: int):
    made = np.zeros(1, NOTE)
    made["channel"], made["seen_ns"] = CHANNELS.index(channel), seen_ns
    made["capture_ns"] = made["publish_ns"] = seen_ns
    made["status"], made["n"] = frames_result.NEW, 1
    for name, value in fields.items():
        made[name] = value
    return made


def seen(*notes):
    return frames_result.Seen(np.concatenate([np.zeros(0, NOTE), *notes]), CHANNELS)


def block(arm: str = GOVERNED, begin_ns: int = S, end_ns: int = 11 * S):
    return frames_result.Block(arm, begin_ns, begin_ns, end_ns, end_ns + 2 * S)


def test_frames_of_a_block_have_times_steps_and_misses() -> None:
    made = frames(2000)
    made["submit_ns"][500] += 10 * MS
    made["missed"][500] = 1
    found = frames_result.within(made, block())
    assert found.shape == (999, 5)
    assert np.median(found[:, 0]) == 4
    assert found[:, 0].max() == 14
    assert np.median(found[:, 1]) == 10
    assert frames_result.missed_percent(found) == pytest.approx(100 / 1000)


def test_what_waiting_for_a_processor_missed_is_told_apart() -> None:
    made = frames(1000)
    made["missed"][[100, 200]] = 1
    made["submit_ns"][[100, 200]] = made["due_ns"][[100, 200]] + 3 * MS
    # Without its wait the first one would have been in time, the second one a millisecond late.
    made["waited_ns"][100], made["waited_ns"][200] = 3 * MS, 2 * MS
    found = frames_result.of_frames(made, [block()], 10 * MS, draws=0)[GOVERNED]
    waiting = found["for_want_of_a_core"]
    assert waiting["missed_percent"] == pytest.approx(100 / 1001)
    assert waiting["waited_p50_ms"] == 0
    made["waited_ns"] = -1
    unknown = frames_result.of_frames(made, [block()], 10 * MS, draws=0)[GOVERNED]
    assert unknown["for_want_of_a_core"] == {}


def test_an_arm_is_told_beside_ai_off() -> None:
    made = np.concatenate([frames(1000), frames(1000, took_ns=6 * MS, begin_ns=11 * S)])
    made["missed"][1000::10] = 1
    blocks = [block(OFF), block(GOVERNED, 11 * S, 21 * S)]
    found = frames_result.of_frames(made, blocks, 10 * MS, draws=20)
    beside = found[GOVERNED]["against_off"]
    assert beside["p99_ratio"]["value"] == pytest.approx(1.5)
    assert beside["missed_pp"]["value"] == pytest.approx(100 / 11, abs=0.1)
    assert beside["missed_pp"]["low"] < beside["missed_pp"]["value"] < beside["missed_pp"]["high"]
    assert found[OFF]["frame_share_of_period"] == pytest.approx(0.4)


def test_age_is_that_of_the_newest_record_at_each_look() -> None:
    times = range(S, 11 * S, 40 * MS)
    told = seen(*(note("gesture_left", at, capture_ns=at - 5 * MS) for at in times))
    found = frames_result.freshness(told, [block()])
    assert set(found) == {"gesture_left"}
    assert found["gesture_left"]["there"] == 1
    assert 5 <= found["gesture_left"]["p50"] <= found["gesture_left"]["p99"] <= 45


def test_a_hand_that_is_not_seen_has_no_age() -> None:
    told = seen(
        note("gesture_left", S), note("gesture_left", 6 * S, status=4), note("audio", 6 * S)
    )
    found = frames_result.freshness(told, [block()])
    assert found["gesture_left"]["there"] == pytest.approx(0.5, abs=0.01)
    assert found["gesture_left"]["p99"] == pytest.approx(4950, abs=60)


def test_a_sentence_is_heard_where_a_final_text_covers_it() -> None:
    said = (Said(0, 16_000, "one"), Said(32_000, 48_000, "two"), Said(64_000, 80_000, "three"))
    sound = [
        note("audio", 2 * S + 32 * MS * (each + 1), a=512 * each, b=1) for each in range(200)
    ]
    text = note("transcript", 4 * S, a=7, b=17, c=2 * S + 100 * MS, d=3 * S)
    lost = note("transcript", 6 * S, a=8, b=19, c=4 * S, d=5 * S)
    ends = [note("utterance", at, a=each, b=4, d=at) for each, at in ((7, 3 * S), (8, 5 * S))]
    ends.append(note("utterance", 7 * S, a=9, b=4, d=7 * S))
    found = frames_result.speech(seen(*sound, text, lost, *ends), [block()], said)
    assert (found["spoken"], found["heard"], found["utterances_without_text"]) == (3, 1, 1)
    assert found["lost"] == 2  # of which one has a text that says so
    assert found["end_to_text_ms"]["p50"] == pytest.approx(1000)


def test_a_sentence_that_goes_on_beyond_its_block_does_not_count() -> None:
    sound = [note("audio", 10 * S + 32 * MS * (each + 1), a=512 * each) for each in range(80)]
    found = frames_result.speech(seen(*sound), [block()], (Said(0, 32_000, "one"),))
    assert found["spoken"] == found["lost"] == 0


def test_changes_are_counted_by_the_second_and_steps_of_one_change_once() -> None:
    steps = [
        note("governor_step", at, a=change)
        for at, change in ((2 * S, 1), (2 * S, 1), (2 * S + 900 * MS, 2), (5 * S, 3))
    ]
    found = frames_governor.told(seen(*steps, note("governor", 3 * S, a=2, b=1)), [block()])
    assert (found["changes"], found["most_changes_in_a_second"]) == (3, 2)
    assert found["level_background_risk_by_s"] == [[[2.0, 2, 1, 0]]]
    nothing = {"cause": "none", "level": 0}
    assert found["changes_within_a_second"] == [
        {"after_s": 0.9, "first": nothing, "second": nothing}
    ]


def late_turn():
    """Light for a second, heavy and late from 2 s on for 5 s, then light."""
    made = frames(2100)
    heavy = (made["begin_ns"] >= 2 * S) & (made["begin_ns"] < 7 * S)
    made["share_ppm"][heavy] = int(frames_reaction.HEAVY * 1e6)
    made["submit_ns"][heavy] += 7 * MS
    return made


def test_the_reaction_is_counted_in_frames_and_the_relief_in_seconds() -> None:
    told = seen(
        note("governor_step", 2 * S + 32 * MS, a=1), note("governor", 2 * S + 40 * MS, a=3),
        note("governor", 9 * S, a=1), note("governor", 10 * S, a=0),
    )
    (found,) = frames_reaction.judge(late_turn(), told, [2 * S - 5 * MS])
    assert found == {
        "began_full": True, "frames_to_act": 2.0, "full_after_s": pytest.approx(3.0),
        "last_held_s": pytest.approx(3.0), "taken_again": [],
    }


@pytest.mark.parametrize(("waited_ns", "by_itself"), [(MS, True), (4 * MS, False)])
def test_what_is_taken_again_after_relief_is_told_apart_with_its_evidence(
    waited_ns: int, by_itself: bool
) -> None:
    made = late_turn()
    stalled = np.searchsorted(made["begin_ns"], 12 * S)
    made["submit_ns"][stalled] = made["due_ns"][stalled] + 2 * MS
    made["waited_ns"][stalled] = waited_ns
    again = 12 * S + 20 * MS
    told = seen(
        note("governor_step", 2 * S + 32 * MS, a=1), note("governor", 2 * S + 40 * MS, a=3),
        note("governor_step", 10 * S, a=2, b=5), note("governor", 10 * S, a=0),
        note("governor_step", again, a=3, b=1, c=2), note("governor_step", again, a=3, b=1, c=2),
        note("governor", 12 * S + 25 * MS, a=2, b=1),
        note("governor_step", 15 * S, a=4, b=5), note("governor", 15 * S, a=0),
    )  # fmt: skip
    (found,) = frames_reaction.judge(made, told, [2 * S - 5 * MS])
    assert found["full_after_s"] == pytest.approx(3.0)
    assert found["last_held_s"] == pytest.approx(8.0)
    (taken,) = found["taken_again"]
    assert taken == {
        "after_s": pytest.approx(5.02), "cause": "late", "late_ms": 2.0,
        "waited_ms": waited_ns / MS, "without_waiting": by_itself,
    }


def test_a_governor_that_held_something_already_is_not_judged_by_its_reaction() -> None:
    told = seen(note("governor", S, a=1), note("governor", 9 * S, a=0))
    (found,) = frames_reaction.judge(late_turn(), told, [2 * S - 5 * MS])
    assert not found["began_full"]


def test_a_governor_that_never_acts_is_told_by_all_there_was() -> None:
    (found,) = frames_reaction.judge(late_turn(), seen(), [2 * S - 5 * MS])
    assert found["frames_to_act"] > 400
    assert found["full_after_s"] == frames_reaction.RELIEF_S


def test_the_picture_is_whole_xml_also_where_there_is_little() -> None:
    blocks = [block(OFF), block(GOVERNED)]
    arms = frames_result.of_frames(frames(1000), blocks, 10 * MS, draws=5)
    case = {
        "load": "a < b & c", "arms": arms, "period_ns": 0, "freshness": {GOVERNED: {}},
        "governor": frames_governor.told(seen(), blocks),
    }
    told = frames_governor.told(seen(note("governor", 3 * S, a=2)), blocks)
    ages = {"gesture_left": {"p50": 0.1, "p95": 2.0, "p99": 9000.0}}
    more = {**case, "period_ns": 10 * MS, "governor": told, "freshness": {GOVERNED: ages}}
    drawn = frames_picture.draw("t", [case, more], frames_result.ECDF_PERCENT)
    root = ElementTree.fromstring(drawn)
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "a < b & c" in texts
    assert "gesture_left" in texts
