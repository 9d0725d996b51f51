"""Who may use the page of the local API, and what a session may do, over loopback TCP."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest
from fixtures.local_api import LocalApi

from sensorium.service.caller import PAGE_APP as OWN
from sensorium.service.page import files
from sensorium.service.page.openings import Openings
from sensorium.service.page.sessions import CODE_S, FILE_NAME, SESSION_S, Sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def api() -> Iterator[LocalApi]:
    with LocalApi(tcp=True) as running:
        yield running


@pytest.fixture
def stranger(api: LocalApi) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.address.url) as client:
        yield client


def code_of(api: LocalApi) -> str:
    with httpx.Client(base_url=api.address.url) as client:
        headers = {"Authorization": f"Bearer {api.address.token}"}
        return str(client.post("/v1/page", headers=headers).json()["code"])


@pytest.fixture
def page(api: LocalApi) -> Iterator[httpx.Client]:
    """A client with a session, as the page's script is one."""
    with httpx.Client(base_url=api.address.url) as client:
        begun = client.post("/page/session", json={"code": code_of(api)})
        client.headers["Sensorium-Page"] = begun.json()["key"]
        yield client


def test_its_files_need_nothing_and_allow_nothing_from_elsewhere(stranger: httpx.Client) -> None:
    for path in ("/page/", "/page/main.js", "/page/style.css"):
        answer = stranger.get(path)
        policy = answer.headers["content-security-policy"]
        assert answer.status_code == 200
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert stranger.get("/page/").headers["content-type"].startswith("text/html")
    assert stranger.get("/page/main.js").headers["content-type"].startswith("text/javascript")


def test_no_file_names_another_place() -> None:
    for name, answer in files.read().items():
        text = bytes(answer.body).decode().replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, name
        assert "innerHTML" not in text, name


@pytest.mark.parametrize("path", ["/page/..%2fguard.py", "/page/%2e%2e/v1/status", "/page//etc"])
def test_a_path_leads_out_of_its_folder_nowhere(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code in (401, 404)


def test_only_who_has_the_token_gets_a_code(stranger: httpx.Client, page: httpx.Client) -> None:
    assert stranger.post("/v1/page").status_code == 401
    assert page.post("/v1/page").status_code == 403


def test_a_code_is_good_once(api: LocalApi, stranger: httpx.Client) -> None:
    code = code_of(api)

    first = stranger.post("/page/session", json={"code": code})
    again = stranger.post("/page/session", json={"code": code})

    assert first.status_code == 201
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=strict" in first.headers["set-cookie"]
    assert again.status_code == 401
    assert "sensorium page" in again.json()["remedy"]


def test_no_more_files_lead_to_the_page_than_there_are_codes(tmp_path: Path) -> None:
    async def make() -> None:
        openings = Openings(tmp_path)
        made = [openings.make(str(number), "http://127.0.0.1", 60.0) for number in range(18)]
        assert [path.exists() for path in made] == [False] * 2 + [True] * 16
        await openings.close()

    asyncio.run(make())
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("code", ["", "guess", "\ud800", 7, None, ["a"]])
def test_no_other_code_is_good(stranger: httpx.Client, code: object) -> None:
    content = json.dumps({"code": code})
    assert stranger.post("/page/session", content=content).status_code == 401


def test_a_session_is_both_halves_and_no_foreign_page(page: httpx.Client) -> None:
    key, origin = page.headers["Sensorium-Page"], str(page.base_url).rstrip("/")
    cookies = dict(page.cookies)
    with httpx.Client(base_url=page.base_url) as other:
        other.headers["Sensorium-Page"] = key
        assert other.get("/v1/mute").status_code == 401
    with httpx.Client(base_url=page.base_url, cookies=cookies) as other:
        assert other.get("/v1/mute").status_code == 401
        assert other.get("/v1/mute", headers={"Origin": origin}).status_code == 401
    assert page.get("/v1/mute", headers={"Origin": origin}).status_code == 200
    for foreign in ("http://127.0.0.1:1", "http://localhost:1", "https://evil.example", "null"):
        assert page.get("/v1/mute", headers={"Origin": foreign}).status_code == 403


def test_a_session_may_do_what_the_page_shows_alone(page: httpx.Client) -> None:
    for path in ("/v1/status", "/v1/channels", "/v1/engines", "/v1/grants", "/v1/attention",
                 "/v1/governor?most=3"):
        assert page.get(path).status_code == 200, path
    for method, path in (
        ("GET", "/v1/tasks"), ("POST", "/v1/tasks/embed"), ("GET", "/metrics"),
        ("PUT", "/v1/scene"), ("POST", "/v2/repository/index"), ("DELETE", "/v1/mute"),
    ):
        assert page.request(method, path).status_code == 403, path


def test_what_is_attended_to_is_told_to_the_page_and_to_who_may_read_gaze_and_motion(
    api: LocalApi, stranger: httpx.Client
) -> None:
    headers = {"Authorization": f"Bearer {api.address.token}"}
    for app, classes in (("looker", ("gaze",)), ("looker", ("motion",)), (OWN, ())):
        named = {**headers, "Sensorium-App": app}
        denied = stranger.get("/v1/attention", headers=named)
        assert denied.status_code == 403, denied.text
        assert denied.json()["remedy"].startswith(f"sensorium grants allow {app} ")
        if classes:
            api.live.grant(app, *classes)
    named = {**headers, "Sensorium-App": "looker"}
    told = stranger.get("/v1/attention", headers=named)
    assert told.json().keys() >= {"apps", "intent"}
    # Why a command was understood so is told with its words.
    assert stranger.get("/v1/why/0", headers=named).status_code == 403
    api.live.grant("looker", "transcript")
    assert stranger.get("/v1/why/0", headers=named).status_code == 404


def test_a_session_asks_under_the_pages_name_whatever_it_says(
    api: LocalApi, page: httpx.Client
) -> None:
    headers = {"Sensorium-App": "game"}
    api.live.grant("game", "motion")

    with page.stream("GET", "/v1/events?channels=head", headers=headers) as stream:
        denied = next(line for line in stream.iter_lines() if line.startswith("data:"))

    assert "sensorium-page has no grant for motion" in denied


def test_a_session_ends_when_the_page_says_so(page: httpx.Client) -> None:
    assert page.delete("/page/session").status_code == 204
    assert page.get("/v1/mute").status_code == 401


def test_a_session_outlives_the_service_but_not_its_time(tmp_path: Path) -> None:
    now = [1000.0]
    first = Sessions(tmp_path, lambda: now[0])
    first.listens(4711)
    begun = first.begin(first.code())
    assert begun is not None

    again = Sessions(tmp_path, lambda: now[0])

    assert again.port == 4711
    assert again.stands(*begun)
    assert not again.stands(begun.cookie, "another")
    assert begun.cookie not in (tmp_path / FILE_NAME).read_text()
    assert begun.key not in (tmp_path / FILE_NAME).read_text()
    now[0] += SESSION_S
    assert not again.stands(*begun)


def test_a_code_is_good_for_its_time_alone(tmp_path: Path) -> None:
    now = [1000.0]
    sessions = Sessions(tmp_path, lambda: now[0])
    code = sessions.code()
    now[0] += CODE_S

    assert sessions.begin(code) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"port": "x", "sessions": {}}', '{"port": 1}'])
def test_a_damaged_file_costs_the_sessions_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)

    sessions = Sessions(tmp_path)

    assert sessions.port == 0
    assert sessions.begin(sessions.code()) is not None
