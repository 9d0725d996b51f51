"""Who may use the page, and how long: a real browser, a real daemon, and other programs beside it.

The tests stand in the order of a visit: the page is opened by the first.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

if sys.platform == "win32":
    pytest.skip("Chromium and its driver from Debian", allow_module_level=True)

from fixtures.foreign_server import ForeignServer
from fixtures.page_visit import OWN, api, asked_here, chromium, configuration, opened, running
from fixtures.waiting import eventually

if TYPE_CHECKING:
    from fixtures.browser import Page
    from fixtures.daemon import Daemon
    from selenium import webdriver

pytestmark = pytest.mark.system
CONFIG = f"""
[daemon]
log_format = "json"
{configuration("voice_activity")}"""
the_daemon = pytest.fixture(running, name="daemon", scope="module")
the_browser = pytest.fixture(chromium, name="chromium", scope="module")
the_api = pytest.fixture(api, name="api", scope="module")


@pytest.fixture(scope="module")
def started_with(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What `sensorium page` starts the user's browser with."""
    program = tmp_path_factory.mktemp("browser") / "browser"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.arguments"\n')
    program.chmod(0o755)
    daemon.environment["BROWSER"] = f"{program} %s"
    eventually((daemon.runtime_dir / "api.json").exists, daemon.read_log)
    told = daemon.command("page")
    assert told.returncode == 0, told.stderr
    assert "opened" in told.stdout, told.stdout
    return program.with_name("browser.arguments").read_text().splitlines()


@pytest.fixture(scope="module")
def page(started_with: list[str], chromium: webdriver.Chrome) -> Page:
    """The page as `sensorium page` opens it."""
    return opened(chromium, started_with[0])


def test_the_browser_is_started_with_no_secret_but_with_a_file_that_goes(
    started_with: list[str], daemon: Daemon, request: pytest.FixtureRequest
) -> None:
    (url,) = started_with
    file = Path(urlsplit(url).path)
    code = file.read_text().partition("#")[2].partition('"')[0]

    assert (urlsplit(url).scheme, file.parent) == ("file", daemon.runtime_dir)
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(code) > 30
    assert code not in url
    request.getfixturevalue("page")
    assert not file.exists()


def test_no_secret_stays_in_its_address(page: Page, daemon: Daemon) -> None:
    address = json.loads((daemon.runtime_dir / "api.json").read_text())

    assert page.browser.current_url == f"{address['url']}/page/"
    assert page.browser.execute_script("return document.cookie") == ""
    assert not any(address["token"] in url or "#" in url for url in page.requests())


def test_a_page_of_another_server_can_do_nothing(
    page: Page, api: httpx.Client, daemon: Daemon
) -> None:
    address = json.loads((daemon.runtime_dir / "api.json").read_text())["url"]
    ours = page.browser.current_window_handle
    eventually(lambda: asked_here(page), "the page asks for something, here alone")
    page.browser.switch_to.new_window("tab")
    try:
        with ForeignServer() as (url, cookies):
            page.browser.get(url)
            answers = [
                page.browser.execute_async_script(
                    "const [url, method, done] = arguments;"
                    "fetch(url, {method, body: method === 'PUT' ? '{\"muted\": true}' : undefined,"
                    " mode: 'no-cors', credentials: 'include'})"
                    ".then((one) => done(one.type), (error) => done('refused'));",
                    f"{address}/v1/mute", method,
                )
                for method in ("GET", "PUT")
            ]
            framed = page.browser.execute_async_script(
                "const frame = document.createElement('iframe');"
                "frame.onload = () => { let seen = 'nothing';"
                " try { seen = frame.contentDocument?.body.innerText || seen } catch {}"
                " arguments[1](seen) }; frame.src = arguments[0]; document.body.append(frame)",
                f"{address}/page/",
            )
    finally:
        page.browser.close()
        page.browser.switch_to.window(ours)
    page.requests()
    # A browser keeps cookies by host, so the other server was shown half of the session; alone it
    # opens nothing.
    shown = {name: value for one in cookies for name, _, value in [one.partition("=")]}
    with httpx.Client(base_url=address, cookies=shown) as thief:
        assert thief.get("/v1/mute").status_code == 401
    assert "refused" in answers
    assert framed == "nothing"
    assert api.get("/v1/mute").json()["muted"] is False
    page.complaints()


def test_a_tab_that_nobody_sees_asks_for_nothing(page: Page, api: httpx.Client) -> None:
    def streams() -> int:
        clients = api.get("/v1/status").json()["clients"]
        return sum(client["app"] == OWN for client in clients)

    assert streams()
    ours = page.browser.current_window_handle
    for _ in range(2):
        page.browser.switch_to.new_window("tab")
        page.until(lambda: not streams(), "its streams end")
        page.browser.close()
        page.browser.switch_to.window(ours)
        page.until(lambda: page.text("#connection") == "Live", "it comes back")
    # It draws once a frame, however often it was hidden.
    assert page.browser.execute_async_script("""
const done = arguments[0], real = requestAnimationFrame, asked = new Map();
window.requestAnimationFrame = (draw) => real((now) => {
  asked.set(now, (asked.get(now) ?? 0) + 1);
  if (asked.size < 20) return draw(now);
  window.requestAnimationFrame = real;
  done(Math.max(...asked.values()));
  draw(now);
});""") == 1


def test_a_daemon_that_starts_anew_is_found_again(page: Page, daemon: Daemon) -> None:
    daemon.stop()
    page.until(lambda: page.text("#connection").startswith("Not connected"), "it is told")
    assert page.fact("#voice-words", "Voice") == "not connected"
    assert page.fact("#scene-words", "Head") == "not connected"
    assert page.text("#governor-now") == "not connected"
    assert page.text("#engines") == ""
    assert not page.find("#mute").is_enabled()

    daemon.start()
    page.until(lambda: page.text("#connection") == "Live", "it is back")
    page.until(lambda: "speaks" in page.fact("#voice-words", "Voice"), "the voice, too")


def test_its_log_is_json_without_what_was_asked(daemon: Daemon) -> None:
    lines = [json.loads(line) for line in daemon.read_log().splitlines() if line[:1] == "{"]

    assert {line["process"] for line in lines} >= {"supervisor", "service"}
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    assert not any("/page" in line["message"] for line in lines)
