"""What the page makes of each kind of record: a real browser, over regions that a test writes."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

if sys.platform == "win32":
    pytest.skip("Chromium and its driver from Debian", allow_module_level=True)

from fixtures.browser import Page, browser
from fixtures.live_regions import publish
from fixtures.local_api import LocalApi

from sensorium.clock import now_ns
from sensorium.control.client import Client
from sensorium.health import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = {
    "id": "7", "name": "lamp", "position": [0, 1.2, -1], "half_extents": [0, 0, 0],
    "orientation": [0, 0, 0, 1], "radius": 0.1,
}
SCENE = {
    "app": "game", "world_position": [0, 0, 0], "world_orientation": [0, 0, 0, 1],
    "world_scale": 1, "count": 1, "targets": [TARGET], "attended": {"looked_at": "7"},
}
INTENT = {
    "intent": 5, "app": "game", "verb": "put_out", "score": 0.9,
    "objects": [{"id": 7, "name": "lamp"}], "place_on": None,
}


@pytest.fixture(scope="module")
def api() -> Iterator[LocalApi]:
    with LocalApi(tcp=True) as running:
        running.live.grant("sensorium-page", "motion", "gaze", "transcript")
        yield running


@pytest.fixture(scope="module")
def page(api: LocalApi) -> Iterator[Page]:
    with browser() as running:
        address = api.address
        told = httpx.post(
            f"{address.url}/v1/page", headers={"Authorization": f"Bearer {address.token}"}
        ).json()
        running.get(f"{address.url}{told['path']}#{told['code']}")
        opened = Page(running)
        opened.until(lambda: opened.text("#connection") == "Live", "the page is live")
        opened.until(lambda: "transcript" in opened.text("#grants"), "what it may read")
        yield opened


def test_what_is_said_changes_until_it_is_final(api: LocalApi, page: Page) -> None:
    def partial() -> bool:
        publish(api.live, "transcript", text="dim the", part=1, parts=1, is_final=0)
        return page.text("#partial") == "dim the"

    page.until(partial, "the partial text")
    publish(api.live, "transcript", text="dim the <b>", part=1, parts=2, is_final=1, outcome=1)
    publish(api.live, "transcript", text="lights", part=2, parts=2, is_final=1, outcome=1)
    page.until(lambda: "dim the <b>lights" in page.text("#transcript"), "the final text")
    assert page.text("#partial") == ""


def test_what_is_being_said_goes_when_it_is_muted_or_denied(api: LocalApi, page: Page) -> None:
    def partial(text: str) -> bool:
        publish(api.live, "transcript", text=text.encode(), part=1, parts=1, is_final=0)
        return page.text("#partial") == text

    publish(api.live, "microphone", state=1)
    page.until(lambda: partial("turn on"), "what is being said")
    publish(api.live, "microphone", state=3)
    page.until(lambda: page.text("#partial") == "", "it goes with the mute")
    publish(api.live, "microphone", state=1)
    page.until(lambda: partial("turn off"), "it comes again")
    decide(api, "deny", "sensorium-page", "transcript")
    api.live.replace("transcript")
    page.until(lambda: page.text("#partial") == "", "it goes with the grant")
    publish(api.live, "transcript", text=b"unheard", part=1, parts=1, is_final=1, outcome=1)
    api.live.grant("sensorium-page", "transcript")

    def heard() -> bool:
        publish(api.live, "transcript", text=b"heard", part=1, parts=1, is_final=1, outcome=1)
        return "heard" in page.text("#transcript")

    page.until(heard, "the text comes again")
    assert "unheard" not in page.text("#transcript")


def decide(api: LocalApi, action: str, app: str, classes: str, **more: str) -> None:
    with Client.connect("tests", api.folder) as client:
        client.request("grant", action=action, app=app, classes=classes, **more)


def test_a_grant_that_has_ended_is_not_shown_as_one(api: LocalApi, page: Page) -> None:
    until = datetime.now(UTC) + timedelta(seconds=4)
    decide(api, "allow", "brief", "audio", until=until.isoformat())
    page.until(lambda: "brief" in page.text("#grants"), "the grant")
    page.until(lambda: "brief" not in page.text("#grants"), "its end")


def test_what_was_missed_is_told_with_the_time_at_which_it_was(api: LocalApi, page: Page) -> None:
    publish(api.live, "push_to_talk", held=1)
    publish(api.live, "push_to_talk", held=0, capture_ns=now_ns() - 90_000_000_000)
    late = page.until(
        lambda: page.browser.execute_script(
            "const lines = [...document.querySelectorAll('#happenings p')];"
            "const [old, newer] = ['released', 'pressed'].map("
            "  (word) => lines.findIndex((one) => one.textContent.includes(word)));"
            "return old > newer && newer >= 0"
            "  && Date.now() - Date.parse(lines[old].querySelector('time').dateTime)"
        ), "the older one below the newer one",
    )
    assert 90_000 <= late < 120_000


def test_a_bar_ends_when_its_sense_tells_nothing_any_more(page: Page) -> None:
    bars = page.browser.execute_async_script("""
const done = arguments[0];
Promise.all([import("/page/state.js"), import("/page/timeline.js")]).then(([s, t]) => {
  const now = performance.now(), state = new s.State(), line = new t.Timeline(state);
  const tell = (channel, at) => state.take({ event: "record", channel, n: 1, valid: true,
    record: {}, publish_ns: at * 1e6 }, at);
  state.setConnected(true);
  tell("gesture_left", now - 5000);
  tell("gesture_right", now);
  line.begin("left", "k", "fist", now - 9000, "gesture_left");
  line.begin("right", "k", "fist", now - 9000, "gesture_right");
  line.settle();
  const [left, right] = [line.marks.left[0].to, line.marks.right[0].to];
  line.end("left", "k", now - 4000);
  done([left - now, right, line.marks.left[0].to - now]);
});""")
    assert bars == [pytest.approx(-5000), None, pytest.approx(-4000)]


def test_what_happens_is_told_once_and_in_words(api: LocalApi, page: Page) -> None:
    now = now_ns()
    publish(api.live, "wake_word", phrase="hey sensorium", detected_ns=now)
    publish(api.live, "gesture_event", side=2, event=1, name="victory")
    publish(api.live, "gesture_event", side=2, event=2, name="victory")
    publish(api.live, "hand_gesture_event", side=1, event=3, name="swipe_left",
            movement_begin_ns=now - 300_000_000, movement_end_ns=now)
    publish(api.live, "head_gesture", event=1, gesture=1, name="nod", begin_ns=now)
    publish(api.live, "push_to_talk", held=1)
    wanted = (
        "push to talk: pressed", "head: nod begins", "left: swipe left", "right: victory ends",
        "right: victory begins", "wake word: hey sensorium",
    )
    page.until(lambda: all(one in page.text("#happenings") for one in wanted), "all of it")
    assert page.text("#happenings").count("victory begins") == 1


def test_targets_and_intents_of_apps_are_shown(api: LocalApi, page: Page) -> None:
    publish(api.live, "head", valid=True)
    api.live.attend(apps=[SCENE], intent=None)
    page.until(
        lambda: page.fact("#scene-words", "Targets") == "game: 1, lamp is looked at", "the target"
    )
    assert "intent for game" not in page.text("#happenings")
    api.live.attend(apps=[SCENE], intent=INTENT)
    told = "intent for game: put out lamp"
    page.until(lambda: told in page.text("#happenings"), "the intent")
    # The daemon has no answer that can be told.
    api.live.attend(filler="x" * 70_000)
    page.until(lambda: page.fact("#scene-words", "Targets") == "not known", "no target any more")
    api.live.attend(apps=[], intent=None)
    none = "no app has published any"
    page.until(lambda: page.fact("#scene-words", "Targets") == none, "that there is none")
    assert all("/v1/attention" in one and "503" in one for one in page.complaints())


def test_what_is_old_or_not_valid_is_never_shown_as_so(api: LocalApi, page: Page) -> None:
    def voice() -> str:
        return page.fact("#voice-words", "Voice")

    def speaks() -> bool:
        publish(api.live, "voice_activity", speaking=1, probability=0.9, loudness=-20)
        return "somebody speaks" in voice()

    page.until(speaks, "somebody speaks")
    page.until(lambda: voice() == "stale", "nothing came since")
    assert page.text("#level-word") == "–"

    def missing() -> bool:
        publish(api.live, "voice_activity", valid=False, reason=Reason.ENGINE_MISSING)
        return voice() == "engine missing"

    page.until(missing, "why there is none")


def test_a_place_that_the_service_does_not_know_is_given_up(page: Page) -> None:
    """As one is that a service of another version gave."""
    assert page.complaints() == []
    page.browser.execute_script("""
const real = window.fetch;
window.refused = 0;
window.fetch = async (path, options) => {
  const place = options?.headers?.["Last-Event-ID"];
  if (place) options = {...options, headers: {...options.headers, "Last-Event-ID": "0" + place}};
  const answer = await real(path, options);
  if (answer.status === 400) window.refused += 1;
  return answer;
};""")
    ours = page.browser.current_window_handle
    page.browser.switch_to.new_window("tab")
    page.browser.close()
    page.browser.switch_to.window(ours)
    page.until(
        lambda: page.browser.execute_script("return window.refused")
        and page.text("#connection") == "Live",
        "it follows anew",
    )
    assert page.browser.execute_script("return window.refused") == 1
    (complaint,) = page.complaints()
    assert "/v1/events" in complaint
    page.browser.refresh()
    page.until(lambda: page.text("#connection") == "Live", "the page as it is")


def test_nothing_of_it_was_wrong(page: Page) -> None:
    assert page.complaints() == []
