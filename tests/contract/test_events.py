"""Streams of events over regions that the test writes, by real clients at a Unix socket."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

if sys.platform == "win32":
    pytest.skip("a Unix socket", allow_module_level=True)

from fixtures.live_regions import publish
from fixtures.local_api import LocalApi, ServerSent
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import unix_connect

from sensorium.clock import now_ns
from sensorium.service.events.hub import MOST_OF_APP

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def api() -> Iterator[LocalApi]:
    with LocalApi() as running:
        yield running


def web_socket(api: LocalApi, query: str) -> Any:
    return unix_connect(
        str(api.socket), uri=f"ws://localhost/v1/events?{query}",
        additional_headers={"Sensorium-App": "tests"}, close_timeout=0.2,
    )


def told(fields: dict[str, str]) -> dict[str, Any]:
    return json.loads(fields["data"])


def test_a_record_comes_with_its_fields_and_a_place_to_resume(api):
    with api.client() as client, ServerSent(client, "channels=voice_event") as stream:
        assert told(stream.fields())["event"] == "open"
        n = publish(api.live, "voice_event", speaking=1)
        got = stream.fields()
    assert (told(got)["n"], told(got)["record"]["speaking"]) == (n, 1)
    publish(api.live, "voice_event", speaking=0)
    with (
        api.client() as client,
        ServerSent(client, "channels=voice_event", {"Last-Event-ID": got["id"]}) as stream,
    ):
        assert told(stream.fields())["event"] == "open"
        assert told(stream.fields())["n"] == n + 1


def test_fields_that_are_named_are_told_alone(api):
    query = "channels=wake_word&fields=wake_word:phrase,wake_word:detections"
    with api.client() as client, ServerSent(client, query) as stream:
        assert told(stream.fields())["event"] == "open"
        publish(api.live, "wake_word", phrase="hey", detections=9)
        assert told(stream.fields())["record"] == {"phrase": "hey", "detections": 9}


def test_what_was_overwritten_is_told_with_its_count(api):
    with web_socket(api, "channels=utterance") as link:
        token = json.loads(link.recv(20))["resume"]
    for _ in range(300):
        publish(api.live, "utterance", event=1)
    with web_socket(api, f"channels=utterance&resume={token}") as link:
        got = [json.loads(link.recv(20)) for _ in range(3)]
    assert [one["event"] for one in got] == ["open", "lost", "record"]
    assert got[2]["n"] == got[1]["count"] + 1


def test_a_grant_that_comes_later_opens_the_channel(api):
    with api.client("late") as client, ServerSent(client, "channels=transcript") as stream:
        denied = told(stream.fields())
        assert (denied["event"], denied["remedy"]) == (
            "denied", "sensorium grants allow late transcript"
        )
        api.live.grant("late", "transcript")
        assert told(stream.fields())["event"] == "open"
        publish(api.live, "transcript", text="hälló".encode())
        assert told(stream.fields())["record"]["text"] == "hälló"


def test_what_was_said_while_it_was_denied_is_told_to_nobody_who_comes_back(api):
    query = "channels=transcript"

    def said(text: str, **fields: Any) -> None:
        publish(api.live, "transcript", text=text.encode(), **fields)

    api.live.grant("back", "transcript")
    with api.client("back") as client, ServerSent(client, query) as stream:
        assert told(stream.fields())["event"] == "open"
        said("heard")
        place = {"Last-Event-ID": stream.fields()["id"]}
    with api.client("back") as owner:
        for action in ("revoke", "deny"):
            decision = {"action": action, "app": "back", "classes": "transcript"}
            assert owner.post("/v1/grants", json=decision).status_code == 200
            said(f"after {action}")
    begun = now_ns()
    api.live.grant("back", "transcript")
    said("begun before", start_ns=begun)
    said("heard again", start_ns=now_ns())
    with api.client("back") as client, ServerSent(client, query, place) as stream:
        assert told(stream.fields())["event"] == "open"
        assert told(stream.fields())["record"]["text"] == "heard again"


@pytest.mark.parametrize(
    "query", ["channels=hed", "channels=%ED%A0%80", "channels=", "rate=0", "rate=nan",
              "rate=1e9", "rate=utterance:5", "resume=zz", "resume=1~x", "fields=head:pose",
              "channels=utterance&fields=utterance:start.ns", "channels=head&fields=head:pose.up"]
)
def test_a_bad_query_is_refused_with_a_remedy(api, query):
    with api.client() as client:
        answer = client.get(f"/v1/events?{query}")
    assert answer.status_code == 400
    assert answer.json()["remedy"]
    with pytest.raises(InvalidStatus) as refused:
        web_socket(api, query)
    assert refused.value.response.status_code == 400


@pytest.mark.parametrize("message", ["{", b"\1", "[" * 10_000, '{"resume":"\\ud800"}', "{}"])
def test_a_bad_message_is_answered_and_ends_the_stream(api, message):
    with web_socket(api, "channels=utterance") as link:
        link.recv(20)
        link.send(message)
        assert json.loads(link.recv(20))["event"] == "error"
        with pytest.raises(ConnectionClosedError):
            link.recv(20)


def test_the_listing_says_what_may_be_read(api):
    with api.client("nobody") as client:
        listed = client.get("/v1/channels").json()
    by_name = {channel["name"]: channel for channel in listed["channels"]}
    assert by_name["utterance"]["readable"]
    assert by_name["gaze"]["remedy"] == "sensorium grants allow nobody gaze"
    assert {field["name"] for field in listed["records"]["pose"]["fields"]} >= {"position"}


def test_too_many_streams_of_one_app_are_refused(api):
    with api.client("many") as client, contextlib.ExitStack() as open_streams:
        for _ in range(MOST_OF_APP):
            open_streams.enter_context(
                ServerSent(open_streams.enter_context(api.client("many")), "channels=utterance")
            )
        answer = client.get("/v1/events")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
