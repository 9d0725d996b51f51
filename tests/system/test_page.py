"""The page in a real browser: a daemon that replays hands and a voice, and its owner at the keys.

The tests stand in the order of a visit: nothing is granted at its begin.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.daemon import ROOT

if sys.platform == "win32":
    pytest.skip("Chromium and its driver from Debian", allow_module_level=True)

from axe_core_python.selenium import Axe
from fixtures.page_visit import OWN, api, asked_here, chromium, configuration, page, running
from prometheus_client.parser import text_string_to_metric_families
from selenium.webdriver.common.keys import Keys

if TYPE_CHECKING:
    import httpx
    from fixtures.browser import Page

pytestmark = pytest.mark.system
CONFIG = configuration("voice_activity", "gesture", "head", "gaze")
NAMED = {
    "button", "switch", "checkbox", "combobox", "link", "meter", "application", "image", "region",
    "log", "table", "group", "Canvas", "textbox", "option",
}
"""Roles that must have a name."""
the_daemon = pytest.fixture(running, name="daemon", scope="module")
the_browser = pytest.fixture(chromium, name="chromium", scope="module")
the_api = pytest.fixture(api, name="api", scope="module")
the_page = pytest.fixture(page, name="page", scope="module")


def granted(api: httpx.Client, kind: str) -> bool | None:
    """What is decided about a class of the page; None: nothing."""
    for grant in api.get("/v1/grants").json()["grants"]:
        if grant["app"] == OWN and kind in grant["classes"]:
            return bool(grant["allowed"])
    return None


def newest(api: httpx.Client, channel: str) -> dict[str, Any]:
    """The newest record of a channel that needs no grant, or one that `watcher` has."""
    params = {"channels": channel, "app": "watcher"}
    with api.stream("GET", "/v1/events", params=params) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:") and (told := json.loads(line[5:]))["event"] == "record":
                return dict(told["record"])
    raise AssertionError(f"no record of {channel}")


def test_what_is_not_granted_is_told_with_its_switch(page: Page, api: httpx.Client) -> None:
    page.until(lambda: "no grant for motion" in page.fact("#scene-words", "Head"), "head denied")
    assert "no grant for gaze" in page.fact("#scene-words", "Gaze")
    for kind in ("motion", "gaze", "transcript"):
        assert page.find(f"[data-grant='{OWN}  {kind}']").get_attribute("aria-checked") == "false"
        assert granted(api, kind) is None
    # Whoever looks opens no microphone: a sense needs it, and no app.
    assert api.get("/v1/status").json()["microphone_users"] == ["sense"]


def test_the_switches_are_reached_and_turned_by_keys(page: Page, api: httpx.Client) -> None:
    for kind in ("motion", "gaze"):
        page.find("#until").click()
        page.press(Keys.ESCAPE)
        page.tab_to(lambda name, kind=kind: name.startswith(f"{kind} for {OWN}"))
        page.press(Keys.SPACE)
        page.until(lambda kind=kind: granted(api, kind) is True, f"{kind} is allowed")
        # The list is made anew; the focus is where it was.
        page.until(
            lambda kind=kind: page.focused().startswith(f"{kind} for {OWN}, allowed"), "the focus"
        )


def test_every_panel_says_what_the_api_says(page: Page, api: httpx.Client) -> None:
    allow = {"action": "allow", "app": "watcher", "classes": "motion,gaze"}
    assert api.post("/v1/grants", json=allow).status_code == 200
    page.until(lambda: "above the floor" in page.fact("#scene-words", "Head"), "the head")
    shown = float(page.fact("#scene-words", "Head").split()[0])
    assert shown == pytest.approx(newest(api, "head")["pose"]["position"][1], abs=0.1)
    page.until(lambda: "wrist at" in page.fact("#scene-words", "Left hand"), "the left hand")
    wrist = [float(x) for x in page.fact("#scene-words", "Left hand")[9:].split(",")]
    told = newest(api, "hand_left")["joints"][1]["position"]
    assert wrist == pytest.approx(told, abs=0.6)
    page.until(lambda: page.fact("#scene-words", "Gaze").startswith("by the head"), "gaze")
    page.until(lambda: "demo recording" in page.fact("#voice-words", "Microphone"), "microphone")
    page.until(lambda: "somebody speaks" in page.fact("#voice-words", "Voice"), "the voice")
    page.until(lambda: "dBFS" in page.text("#level-word"), "its level")
    assert page.fact("#voice-words", "Text") == "denied: sensorium-page has no grant for transcript"
    page.until(lambda: "begins" in page.text("#happenings"), "a gesture")
    page.until(lambda: page.fact("#gesture-words", "Head"), "what the head does")


def test_engines_are_those_of_the_api(page: Page, api: httpx.Client) -> None:
    def same() -> bool:
        told = api.get("/v1/engines").json()
        rows = page.text("#engines").splitlines()
        parts = page.text("#parts")
        return len(told["engines"]) == 2 and all(
            any(
                row.split("\t")[0] == one["engine"] and one["device"] in row
                and one["precision"] in row and "ms" in row and "MB" in row
                for row in rows
            )
            for one in told["engines"]
        ) and all(part["name"].replace("_", " ") in parts for part in told["parts"])

    page.until(same, "the engines")


def test_each_figure_of_the_dashboard_is_told(api: httpx.Client) -> None:
    dashboard = json.loads((ROOT / "configs" / "grafana.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
        for name in re.findall(r"sensorium_\w+", target["expr"])
    }
    families = text_string_to_metric_families(api.get("/metrics").text)
    told = {f"{one.name}_total" if one.type == "counter" else one.name for one in families}

    assert told == asked


def test_the_lanes_and_the_space_are_drawn(page: Page) -> None:
    colours = page.until(
        lambda: (found := {name: drawn(page, name) for name in ("scene", "timeline")})
        and all(count > 3 for count in found.values()) and found,
        "both pictures",
    )
    assert colours


def drawn(page: Page, canvas: str) -> int:
    """How many colours a canvas shows."""
    return int(page.browser.execute_script(
        "const one = document.getElementById(arguments[0]);"
        "const {data} = one.getContext('2d').getImageData(0, 0, one.width, one.height);"
        "return new Set(new Uint32Array(data.buffer)).size", canvas,
    ))


def test_the_mute_is_a_switch(page: Page, api: httpx.Client) -> None:
    page.browser.execute_script("document.querySelector('.skip').focus()")
    page.tab_to(lambda name: name.startswith("Mute the microphone"))
    page.press(Keys.SPACE)
    page.until(lambda: api.get("/v1/mute").json()["muted"], "it is muted")
    page.until(lambda: "muted" in page.fact("#voice-words", "Microphone"), "the page says so")
    assert page.find("#mute").get_attribute("aria-checked") == "true"

    assert api.put("/v1/mute", json={"muted": False}).status_code == 200
    page.until(
        lambda: page.find("#mute").get_attribute("aria-checked") == "false", "another's hand"
    )


def test_a_grant_that_is_withdrawn_shows_nothing_more(page: Page, api: httpx.Client) -> None:
    page.find(f"[data-grant='{OWN}  motion']").send_keys(Keys.SPACE)
    page.until(lambda: granted(api, "motion") is False, "motion is denied")
    page.until(lambda: "denied" in page.fact("#scene-words", "Head"), "no head any more")
    assert "wrist" not in page.fact("#scene-words", "Left hand")


def test_keys_turn_the_view(page: Page) -> None:
    def picture() -> str:
        return str(page.browser.execute_script(
            "return document.getElementById('scene').toDataURL()"
        ))

    page.find(f"[data-grant='{OWN}  gaze']").send_keys(Keys.SPACE)
    page.until(lambda: "denied" in page.fact("#scene-words", "Gaze"), "nothing moves")
    before = picture()
    page.find("#scene").send_keys(Keys.ARROW_LEFT)
    page.until(lambda: picture() != before, "it turns")
    page.find("#scene").send_keys(Keys.HOME)
    page.until(lambda: picture() == before, "it turns back")
    page.tab_to(lambda name: name == "Closer")
    page.press(Keys.ENTER)
    page.until(lambda: picture() != before, "it comes closer")


def test_who_hears_the_page_hears_what_each_thing_is(page: Page) -> None:
    nodes = page.nodes()
    nameless = [node for node in nodes if node["role"] in NAMED and not node["name"].strip()]
    landmarks = {node["role"] for node in nodes} & {"banner", "main"}

    assert nameless == []
    assert landmarks == {"banner", "main"}
    rules = {"rules": {"color-contrast-enhanced": {"enabled": 1}}}
    found = Axe().run(page.browser, options=rules)["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_nothing_left_this_pc_and_nothing_was_wrong(page: Page) -> None:
    assert any("/v1/events" in url for url in asked_here(page))
    assert page.complaints() == []
