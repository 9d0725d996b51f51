"""The page shows how senses give way: a real daemon, a browser, and an app that is slowed.

The tests stand in the order of a visit: at its begin no app tells frames.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

if sys.platform == "win32":
    pytest.skip("Chromium and its driver from Debian", allow_module_level=True)

from axe_core_python.selenium import Axe
from fixtures.frames_app import FramesApp
from fixtures.page_visit import api, chromium, configuration, page, running
from fixtures.waiting import eventually
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from fixtures.browser import Page
    from fixtures.daemon import Daemon

pytestmark = pytest.mark.system
CONFIG = configuration("voice_activity", "gesture")
HZ = 90
NAME = "<img src=x onerror=alert(1)>\"'\\ & [/b] שלום 界"
"""What an app may call itself: markup of several kinds, and letters that run the other way."""
IDLE = "no app tells frames; every sense is at full"
the_daemon = pytest.fixture(running, name="daemon", scope="module")
the_browser = pytest.fixture(chromium, name="chromium", scope="module")
the_api = pytest.fixture(api, name="api", scope="module")
the_page = pytest.fixture(page, name="page", scope="module")


@pytest.fixture(scope="module")
def app(daemon: Daemon) -> Iterator[FramesApp]:
    with FramesApp(daemon.folder, daemon, NAME, HZ) as running:
        yield running


def told(api: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = api.get("/v1/governor", params={"most": 24}).json()
    return answer


def now(page: Page) -> str:
    return page.text("#governor-now")


def rows(page: Page, body: str) -> list[list[str]]:
    """The texts of a table's rows."""
    found: list[list[str]] = page.browser.execute_script(
        "return [...document.querySelectorAll(arguments[0] + ' tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))", body,
    )
    return found


def shown(page: Page) -> list[Any]:
    """What the page shows, but for counts, which grow with each frame, and clock times."""
    frames = [[row[0], *row[2:4], row[6]] for row in rows(page, "#frames")]
    steps = [row[1:] for row in rows(page, "#steps")]
    return [now(page), frames, rows(page, "#slowed"), steps]


def meant(answer: dict[str, Any]) -> list[Any]:
    """What it is to show, as the API tells it."""
    governor, steps = answer["governor"], answer["steps"]
    slowed = [sense for sense in governor["senses"] if sense["step"] != "full"]
    sentence = f"{governor['app']}: {governor['words']['risk']}"
    sentence += f"; level {governor['level']}" if governor["level"] else "; every sense is at full"
    taken = ", ".join(f"{sense['sense']} {sense['words']}" for sense in slowed)
    sentence += f": {taken}" if taken else ""
    apps = [
        [f"{one['app']} (held)" if one["held"] else one["app"], f"{1000 / one['period_ms']:.1f}",
         f"{one['busy_ms']:.1f} ms", one["policy"]]
        for one in governor["frames"]
        if one["period_ms"] and one["busy_ms"]
    ]
    why = {step["sense"]: step["why"] for step in reversed(steps)}
    senses = [
        [sense["sense"], sense["words"],
         f"{sense['longest_ms']} ms{' (beyond it)' if sense['beyond'] else ''}",
         why[sense["sense"]]]
        for sense in slowed
    ]
    newest = [
        [step["app"], f"{step['sense']} ({step['engine']})" if step["sense"] else "all engines",
         step["from"]["words"], step["to"]["words"], step["why"]]
        for step in steps
    ]
    return [sentence, apps, senses, newest]


def agree(page: Page, api: httpx.Client) -> None:
    """Waits until the page shows what the API tells."""
    eventually(
        lambda: shown(page) == meant(told(api)), lambda: f"{shown(page)}\n{meant(told(api))}"
    )


def in_background(page: Page) -> list[str]:
    """Which processes keep out of the app's way, as the page has it."""
    word = page.fact("#governor-words", "In the background").partition("; ")[0]
    return re.findall(r"(\w+) \(", word)


def lane(page: Page) -> int:
    """How many pixels of the timeline have the colour of what is taken, more or less."""
    return int(page.browser.execute_script(
        "const one = document.getElementById('timeline');"
        "const {data} = one.getContext('2d').getImageData(0, 0, one.width, one.height);"
        "let count = 0;"
        "for (let i = 0; i < data.length; i += 4) count += data[i] - data[i + 2] > 60;"
        "return count"
    ))


def test_without_an_app_it_says_so_and_nothing_else(page: Page) -> None:
    page.until(lambda: now(page) == IDLE, "no app")
    assert not page.find("#governor-more").is_displayed()
    assert lane(page) == 0


def test_an_app_that_has_room_is_shown_as_the_api_tells(
    page: Page, api: httpx.Client, app: FramesApp
) -> None:
    app("steady")
    page.until(lambda: rows(page, "#frames"), "the app")
    agree(page, api)
    assert now(page) == f"{NAME}: frames have room; every sense is at full"
    page.until(lambda: page.fact("#governor-words", "Risk") == "frames have room", "no risk")
    assert page.fact("#governor-words", "Held") == NAME
    assert page.fact("#governor-words", "Policy").startswith("frames: senses are slowed before")
    page.until(lambda: page.text("#fill-word") == "5.6 ms of 11.1 ms, 50 %", "half its period")
    (row,) = rows(page, "#frames")
    assert 0 < float(row[1]) < 2 * HZ
    assert row[4:6] == ["0", "0"]
    assert page.browser.execute_script("return document.querySelectorAll('main img').length") == 0


def test_what_is_taken_from_which_sense_and_why_is_what_the_api_tells(
    page: Page, api: httpx.Client, app: FramesApp, daemon: Daemon
) -> None:
    app("late")
    page.until(lambda: "frames are late; level" in now(page), "it is late")
    page.until(lambda: rows(page, "#slowed"), "what is taken")
    agree(page, api)
    ((*_, late, _, _, risk),) = rows(page, "#frames")
    assert (int(late) > 0, risk) == (True, "late")
    (sense,) = rows(page, "#slowed")
    assert sense[0] == "gesture"
    steps = rows(page, "#steps")
    assert {step[1] for step in steps} == {NAME}
    assert steps[-1][2:] == ["all engines", "as usual", "in the background", steps[-1][5]]
    assert "ms too late" in steps[-1][5]
    assert "ms too late" in " ".join(daemon.command("why", "--frames", "1").stdout.split())
    assert {one["process"] for one in told(api)["processes"]} == {"capture", "fast", "service"}
    eventually(lambda: in_background(page) == [
        one["process"] for one in told(api)["processes"] if one["background"]
    ], lambda: f"{in_background(page)}, {told(api)['processes']}")
    page.until(lambda: lane(page) > 100, "the lane")


def test_who_hears_the_page_hears_it_too(page: Page) -> None:
    rules = {"rules": {"color-contrast-enhanced": {"enabled": 1}}}
    found = Axe().run(page.browser, options=rules)["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    page.find("#announce").click()
    assert page.find("#governor-now").get_attribute("aria-live") == "polite"
    page.find("#announce").click()
    assert page.find("#governor-now").get_attribute("aria-live") == "off"


def test_figures_for_prometheus_bear_any_name(api: httpx.Client, app: FramesApp) -> None:
    samples = [
        sample for family in text_string_to_metric_families(api.get("/metrics").text)
        for sample in family.samples
    ]
    values = {(one.name, *one.labels.values()): one.value for one in samples}
    assert {one.labels["app"] for one in samples if "app" in one.labels} == {NAME}
    assert values["sensorium_governor_live",] == 1
    assert values["sensorium_governor_level",] > 0
    assert values["sensorium_governor_risk",] == 3
    assert values["sensorium_process_background", "service"] in (0, 1)


def test_all_that_is_given_back_is_shown_and_an_app_that_ends_is_gone(
    page: Page, api: httpx.Client, app: FramesApp
) -> None:
    app("steady")
    page.until(lambda: now(page) == f"{NAME}: frames have room; every sense is at full", "all back")
    assert not page.find("#slowed").is_displayed()
    page.until(lambda: [step[-1] for step in shown(page)[3]] == [
        step["why"] for step in told(api)["steps"]
    ], "the steps back")
    app.kill()
    page.until(lambda: now(page) == IDLE, "it is gone")
    assert not page.find("#governor-more").is_displayed()
    # What was done stays on the timeline.
    assert lane(page) > 100


def test_a_governor_that_is_off_or_failed_looks_like_nothing_else(
    page: Page, api: httpx.Client, daemon: Daemon
) -> None:
    config = daemon.folder / "daemon.toml"
    with daemon.client() as client:
        config.write_text(f"{CONFIG}\n[governor]\nenabled = false\n")
        client.request("reload")
        page.until(lambda: now(page) == "The governor is off: senses take what they need.", "off")
        assert not page.find("#governor-more").is_displayed()
        figures = api.get("/metrics").text
        assert "\nsensorium_governor_live 0.0" in figures
        assert "\nsensorium_governor_level " not in figures
        assert "\nsensorium_governor_risk " not in figures
        config.write_text(CONFIG)
        client.request("reload")
        page.until(lambda: now(page) == IDLE, "on again")
    failed = page.browser.execute_async_script("""
const done = arguments[0];
Promise.all([import('/page/state.js'), import('/page/governor.js')]).then(([s, g]) => {
  const one = new g.Governor(new s.State(), null);
  one.show({governor: {enabled: true, problem: '<b>broken</b>'}, steps: [], processes: []});
  done([document.getElementById('governor-now').innerText,
    document.getElementById('governor-more').hidden]);
});""")
    assert failed == [
        "The governor has failed: <b>broken</b>; senses take what they need.", True
    ]
    assert [one for one in page.complaints() if "willReadFrequently" not in one] == []
