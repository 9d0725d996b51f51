"""What apps register by HTTP, seen by the real senses; and the document of the whole API."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import schemathesis
from fixtures.daemon import Daemon
from fixtures.waiting import eventually
from prometheus_client.parser import text_string_to_metric_families
from schemathesis.specs.openapi.checks import positive_data_acceptance

from sensorium import records
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.service.scene import record

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="a Unix socket"),
]
CONFIG = """
[service]
enabled = true
tcp = true
[sensors.replay]
file = "configs/demo.mcap"
loop = true
[senses.head]
[senses.target]
"""
APP = {"Sensorium-App": "gallery"}
VOCABULARY = {
    "app": "gallery", "gate": ["always"],
    "commands": [{"name": "hang", "phrases": ["hang it {where}"]}],
    "slots": {"where": {"values": ["here", "there"]}},
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    from fixtures.daemon import ROOT

    text = CONFIG.replace("configs/demo.mcap", str(ROOT / "configs" / "demo.mcap"))
    with Daemon(tmp_path_factory.mktemp("service"), text) as running:
        yield running


@pytest.fixture(scope="module")
def api(daemon: Daemon) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=str(daemon.runtime_dir / "api.sock"))
    with httpx.Client(transport=transport, base_url="http://localhost", headers=APP) as client:
        yield client


def ball(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "position": [0, 1.5, -2], "radius": 0.3, "name": f"ball {number}", **more}


def test_a_scene_is_the_record_that_a_c_app_would_write() -> None:
    scene = record({
        "world": {"position": [1, 2, 3], "orientation": [0, 1, 0, 0], "scale": 2},
        "targets": [ball(2**64 - 1, movable=True), {
            "id": 2, "position": [0, 0, -1], "half_extents": [1, 2, 3], "orientation": [0, 0, 0, 1],
        }],
    })

    row = scene[0]
    assert row["world_position"].tolist() == [1, 2, 3]
    assert (row["world_scale"], row["count"]) == (2, 2)
    assert row["targets"]["id"][:2].tolist() == [2**64 - 1, 2]
    assert row["targets"]["flags"][:2].tolist() == [1, 0]
    assert row["targets"]["name"][0] == b"ball 18446744073709551615"
    assert row["targets"]["half_extents"][1].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({}, "targets"), ({"targets": 1}, "targets"), ({"targets": [1]}, "targets[0]"),
        ({"targets": [ball(1), ball(1)]}, "targets[0]"),
        ({"targets": [ball(1), ball(0)]}, "targets[1]"),
        ({"targets": [ball(1, radius=-1)]}, "targets[0]"),
        ({"targets": [ball(1, radius=10**400)]}, "targets[0].radius"),
        ({"targets": [ball(1, position=[0, 0])]}, "targets[0].position"),
        ({"targets": [ball(1, position=[0, 0, "a"])]}, "targets[0].position"),
        ({"targets": [ball(1, name="x" * 32)]}, "targets[0].name"),
        ({"targets": [ball(-1)]}, "targets[0].id"), ({"targets": [ball(True)]}, "targets[0].id"),
        ({"targets": [ball(1, colour="red")]}, "targets[0]"),
        ({"targets": [ball(1)] * 1025}, "1024"),
        ({"targets": [], "world": {"orientation": [0, 0, 0, 0]}}, "world"),
        ({"targets": [], "world": {"scale": 0}}, "world"),
        ({"targets": [], "world": 3}, "world"),
    ],
)
def test_a_bad_scene_is_refused_by_its_place(
    api: httpx.Client, content: dict[str, Any], named: str
) -> None:
    answer = api.put("/v1/scene", json=content)

    assert answer.status_code == 400
    assert named in answer.json()["detail"]


def test_a_scene_reaches_the_sense_and_goes_with_its_lease(
    api: httpx.Client, daemon: Daemon
) -> None:
    said = api.put("/v1/scene", json={"targets": [ball(7)]})
    assert said.status_code == 200, said.text
    assert said.json()["targets"] == 1

    with daemon.client("onlooker") as client:
        deadline = time.monotonic() + 20
        seen = 0
        while not seen and time.monotonic() < deadline:
            rows = [row for row in client.request("status")["clients"] if row["app"] == "gallery"]
            seen = rows[0]["app_region"]["targets"] if rows else 0
            time.sleep(0.1)
        assert seen == 1
        assert (rows[0]["pid"], "python" in rows[0]["executable"]) == (os.getpid(), True)
        assert api.delete("/v1/scene").status_code == 204
        deadline = time.monotonic() + 10
        while rows and time.monotonic() < deadline:
            rows = [row for row in client.request("status")["clients"] if row["app"] == "gallery"]
            time.sleep(0.05)
        assert rows == []


@pytest.mark.parametrize("kind", ["application/json", "application/toml"])
def test_a_vocabulary_is_kept_checked_and_forgotten(
    api: httpx.Client, daemon: Daemon, kind: str
) -> None:
    import tomli_w

    content = json.dumps(VOCABULARY) if kind.endswith("json") else tomli_w.dumps(VOCABULARY)

    answer = api.put("/v1/vocabularies/walls", content=content, headers={"Content-Type": kind})

    assert answer.status_code == 200, answer.text
    assert answer.json()["commands"] == 1
    folder = daemon.config_dir / "vocabularies"
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one["name"] for one in api.get("/v1/vocabularies").json()["vocabularies"]] == ["walls"]
    others = api.get("/v1/vocabularies", headers={"Sensorium-App": "other"}).json()
    assert others == {"vocabularies": []}
    assert api.delete("/v1/vocabularies/walls").status_code == 204
    assert api.delete("/v1/vocabularies/walls").status_code == 404
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        ({**VOCABULARY, "app": "other"}, 403, "Sensorium-App"),
        ({**VOCABULARY, "name": "doors"}, 400, "another name"),
        ({**VOCABULARY, "commands": []}, 422, "no command"),
        ({**VOCABULARY, "slots": {}}, 422, "there is no slot where"),
        ({**VOCABULARY, "gate": ["sometimes"]}, 422, "gate"),
        ({**VOCABULARY, "app": None}, 400, "no vocabulary has"),
        ({**VOCABULARY, "commands": [{"name": "\ud800", "phrases": ["a"]}]}, 400, ""),
    ],
)
def test_a_bad_vocabulary_is_refused_and_nothing_is_kept(
    api: httpx.Client, content: dict[str, Any], status: int, said: str
) -> None:
    answer = api.put("/v1/vocabularies/walls", content=json.dumps(content),
                     headers={"Content-Type": "application/json"})

    assert answer.status_code == status, answer.text
    assert said in answer.text
    assert "/tmp" not in answer.text
    assert api.get("/v1/vocabularies").json() == {"vocabularies": []}


@pytest.mark.parametrize("name", ["..", "a" * 32, "%00", "%0a", "a%2fb"])
def test_a_name_that_is_none_is_refused(api: httpx.Client, name: str) -> None:
    answer = api.put(f"/v1/vocabularies/{name}", json=VOCABULARY)

    assert answer.status_code in (400, 404, 405)


def test_figures_are_read_by_prometheus_own_parser(api: httpx.Client, daemon: Daemon) -> None:
    assert api.post("/v2/repository/models/silero-vad/load").status_code == 200
    with daemon.client("game") as game:
        region, page = game.open("app")
        frames = Writer(region, "frame_timing", page)
        for missed in (0, 2):
            frame = records.FRAME_TIMING.zeros()
            frame["begin_ns"] = frame["end_ns"] = now = now_ns()
            frame["cpu_ns"], frame["missed"], frame["source"] = 4_000_000, missed, 1
            frames.publish(frame, now)
        eventually(
            lambda: [app["frames"] for app in daemon.status()["apps"]] == [2], "both frames"
        )
        answer = api.get("/metrics")

    figures = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text) for sample in family.samples
    }
    assert figures["sensorium_process_live", "service"] == 1
    assert figures["sensorium_process_restarts_total", "capture"] == 0
    assert figures["sensorium_part_live", "head", "fast"] == 1
    assert figures["sensorium_channel_records_total", "head_state"] > 0
    assert 0 <= figures["sensorium_channel_age_seconds", "health"] < 60
    # Labels come in the order of their names: device, engine, precision.
    assert figures["sensorium_engine_loaded", "CPU", "silero-vad", "FP32"] == 1
    assert figures["sensorium_engine_loaded", "", "minilm", ""] == 0
    told = {sample.name: sample for family in text_string_to_metric_families(answer.text)
            for sample in family.samples if sample.name.startswith("sensorium_app_")}
    assert told["sensorium_app_frames_total"].value == told[
        "sensorium_app_frames_missed_total"].value == 2
    assert told["sensorium_app_frames_total"].labels == {
        "app": "game", "pid": str(os.getpid()), "source": "app",
    }  # fmt: skip
    assert figures["sensorium_app_frame_cpu_seconds", "game", str(os.getpid()), "0.99", "app"] == (
        0.004
    )
    assert "sensorium_app_frames_late_total" not in told
    assert figures["sensorium_governor_level",] >= 0
    assert figures["sensorium_governor_held_seconds_total",] >= 0
    assert 0 <= figures["sensorium_governor_processor_share",] < 1
    governor = api.get("/v1/governor", params={"most": 3}).json()
    assert governor["governor"]["enabled"]
    assert len(governor["steps"]) <= 3
    steps = [name for name in figures if name[0] == "sensorium_governor_steps_total"]
    assert len(steps) <= len(governor["counts"])
    for most in ("-1", "129", "x", "00000009"):
        assert api.get("/v1/governor", params={"most": most}).status_code == 400
    assert "gallery" not in answer.text


def test_a_name_that_points_elsewhere_stays_in_the_folder(
    api: httpx.Client, daemon: Daemon
) -> None:
    assert api.put("/v1/vocabularies/%2e%2e", json=VOCABULARY).json()["name"] == ".."
    assert len(list((daemon.config_dir / "vocabularies").iterdir())) == 1
    assert api.delete("/v1/vocabularies/%2e%2e").status_code == 204


def test_every_operation_answers_as_the_document_says(api: httpx.Client, daemon: Daemon) -> None:
    address = json.loads((daemon.runtime_dir / "api.json").read_text())
    headers = {"Authorization": f"Bearer {address['token']}"}
    document = schemathesis.openapi.from_url(f"{address['url']}/openapi.json", headers=headers)
    from hypothesis import HealthCheck, Phase, given, settings

    checked: list[str] = []
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.path == "/v1/events":
            continue  # a stream without an end: see test_events

        @settings(
            max_examples=8, deadline=None, database=None, derandomize=True,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answers(case: schemathesis.Case) -> None:
            # What keeps a scene's or vocabulary's rules no schema says.
            case.call_and_validate(
                headers=headers, timeout=30, excluded_checks=[positive_data_acceptance]
            )

        answers()
        checked.append(operation.label)

    assert len(checked) > 8
    assert api.get("/v1/status").status_code == 200

