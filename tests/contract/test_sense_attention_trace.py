"""The sense attention_trace on real regions: what is kept of rays and targets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures.fusing import Act, Speaker
from fixtures.looking import BROKEN, EYE, FRAME_NS, at_angles, scene, spoilt, towards

if TYPE_CHECKING:
    from pathlib import Path

AHEAD = at_angles(0, 0)


@pytest.fixture
def speaker(tmp_path: Path) -> Speaker:
    return Speaker(tmp_path)


def targets(app: Any) -> list[Any]:
    apps, session = app._apps, app.session
    found = (apps.at(session, "target_trace", n) for n in range(1, 300))
    return [sample for sample in found if sample is not None]


@pytest.mark.parametrize("rate_hz", [30, 90, 144])
def test_a_moment_in_50_ms_at_any_rate_and_the_eyes_sample_by_sample(
    speaker: Speaker, rate_hz: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fixtures.looking.FRAME_NS", round(1e9 / rate_hz))
    app = speaker.app(scene([AHEAD]))
    speaker.act(Act(2 * rate_hz, AHEAD, AHEAD))
    assert 28 <= speaker.desk.rings.latest("ray_trace") <= 41
    kept = 2 * rate_hz if rate_hz < 133 else rate_hz
    assert kept - 1 <= speaker.desk.rings.latest("gaze_trace") <= kept
    assert 28 <= len(targets(app)) <= 41


def test_rays_go_where_they_are_private(speaker: Speaker) -> None:
    place = at_angles(10, 0)
    speaker.act(Act(20, place, AHEAD))
    eyes, moment = speaker.desk.all("gaze_trace")[-1], speaker.desk.all("ray_trace")[-1]
    assert eyes["rays"]["kind"].tolist() == [1, 0, 0]
    assert moment["rays"]["kind"].tolist() == [2, 0, 4]
    assert np.allclose(eyes["rays"][0]["direction"], towards(place))
    assert np.allclose(moment["rays"][0]["origin"], EYE)
    assert np.allclose(moment["rays"][2]["direction"], towards(AHEAD, speaker.SHOULDER), atol=1e-6)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_gaze_that_is_no_good_is_not_kept(speaker: Speaker, broken: str) -> None:
    gaze = spoilt(speaker.eyes(towards(AHEAD)), broken)
    for _ in range(20):
        speaker.frame(head=speaker.head((0, 0, -1)), gaze=gaze)
    assert speaker.desk.rings.latest("gaze_trace") == 0
    assert speaker.desk.rings.latest("ray_trace") > 2


def test_a_head_that_is_no_good_is_none_and_hands_stand_for_themselves(speaker: Speaker) -> None:
    head = speaker.head((0, 0, -1))
    head["pose"]["position"][0, 0] = math.nan
    for _ in range(20):
        speaker.frame(head=head, controller_right=speaker.aim(AHEAD))
    assert [row["rays"]["kind"].tolist() for row in speaker.desk.all("ray_trace")][-1] == [0, 0, 4]


def test_time_that_goes_back_is_a_new_moment_and_a_gap_is_a_gap(speaker: Speaker) -> None:
    speaker.act(Act(9, AHEAD))
    before = speaker.desk.rings.latest("ray_trace")
    speaker.now_ns -= 3_000_000_000
    speaker.act(Act(1, AHEAD))
    assert speaker.desk.rings.latest("ray_trace") == before + 1
    speaker.now_ns += 5_000_000_000
    speaker.act(Act(1, AHEAD))
    assert speaker.desk.rings.latest("ray_trace") == before + 2
    # A hand that was seen a second ago does not point now.
    speaker.act(Act(5, AHEAD, AHEAD))
    speaker.now_ns += 90 * FRAME_NS
    speaker.act(Act(5, AHEAD))
    assert speaker.desk.all("ray_trace")[-1]["rays"]["kind"].tolist() == [2, 0, 0]


def test_an_app_keeps_what_it_was_told_and_nothing_while_it_shows_nothing(
    speaker: Speaker,
) -> None:
    app, other = speaker.app(scene([AHEAD])), speaker.app()
    speaker.act(Act(30, AHEAD))
    newest = targets(app)[-1].record[0]
    assert newest["looked_at"]["ids"][0] == 1
    assert newest["looked_at"]["scores"][0] > 0.9
    assert targets(other) == []
    app.leave()
    assert app._apps.at(app.session, "target_trace", 1) is None
    speaker.act(Act(30, AHEAD))


def test_a_counter_that_an_app_wrote_leads_nowhere(speaker: Speaker) -> None:
    app = speaker.app(scene([AHEAD]))
    speaker.act(Act(30, AHEAD))
    apps = app._apps
    for n in (0, -1, 10**15, apps.latest(app.session, "target_trace") + 1):
        assert apps.at(app.session, "target_trace", n) is None
