"""Tasks in the service process of a real daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
from fixtures import served, topics
from fixtures.checkout import ROOT

from sensorium_tools import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.daemon import Daemon

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="a Unix socket"),
]


class Served(NamedTuple):
    """A daemon, and its folder with `cache` and `data`."""

    daemon: Daemon
    folder: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("tasks")
    config = served.CONFIG + "\n[daemon]\nworkplace_or_education = true\n"
    with served.daemon(folder, "minilm", config=config) as daemon:
        yield Served(daemon, folder)


def test_a_daemon_does_tasks(running: Served) -> None:
    with served.unix(running.daemon) as unix:
        ready = {task["name"]: task["ready"] for task in unix.get("/v1/tasks").json()["tasks"]}
        assert ready["embed"]
        assert not ready["detect_objects"]
        answer = unix.post(
            "/v1/tasks/classify_text",
            json={
                "inputs": "The striker scored twice.",
                "parameters": {"labels": ["food", "sport"]},
            },
        ).json()
        assert answer["outputs"][0]["labels"][0]["label"] == "sport"
        refused = unix.post("/v1/tasks/text_emotion", json={"inputs": "i am happy"})
        assert refused.status_code == 403
        missing = unix.post(
            "/v1/tasks/detect_objects", content=b"x", headers={"Content-Type": "image/png"}
        )
        assert missing.status_code == 422
        assert "/v1/tasks/{name}" in unix.get("/openapi.json").json()["paths"]
        address = served.address(running.daemon)
        asked = {"inputs": "hello"}
        with httpx.Client(base_url=address["url"]) as tcp:
            assert tcp.post("/v1/tasks/embed", json=asked).status_code == 401
            shown = {"Authorization": f"Bearer {address['token']}"}
            assert tcp.post("/v1/tasks/embed", json=asked, headers=shown).status_code == 200


def test_what_is_trained_is_served_at_once(
    running: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(running.folder / "cache"))
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(running.folder / "data"))
    file = running.folder / "My Topics.csv"
    topics.write(file)
    asked = {"inputs": ["butter and bread", "\ud800", ""], "parameters": {"explain": True}}
    with served.unix(running.daemon) as unix:
        exported = ""
        for name in ("my-topics", "other"):
            # Both are trained and one is exported; then the other one alone.
            model = {"": "", "lstm": "minilm", "minilm": "lstm"}[exported]
            asked["parameters"]["classifier"] = name
            body = {"content": json.dumps(asked), "headers": {"Content-Type": "application/json"}}
            missing = unix.post("/v1/tasks/classify_text", **body)
            assert missing.status_code == 404
            assert missing.json()["remedy"]
            own = ["--model", model, "--name", name] if model else []
            assert cli.main(["train", "text-classifier", str(file), *own, "--json"]) == cli.OK
            (row,) = json.loads(capsys.readouterr().out)["engines"]
            assert row["name"] == name
            assert set(row["report"]["models"]) == ({model} if model else {"lstm", "minilm"})
            exported = row["report"]["exported"]
            answer = unix.post("/v1/tasks/classify_text", **body)
            assert answer.status_code == 200, answer.text
            first, *others = answer.json()["outputs"]
            assert first["labels"][0]["label"] == ".."
            assert first["labels"][0]["score"] > 0.6
            assert {word["word"] for word in first["explanation"]["words"]} == {
                "butter", "and", "bread"
            }
            for output in (first, *others):
                assert {label["label"] for label in output["labels"]} == set(topics.WORDS)
                assert sum(label["score"] for label in output["labels"]) == pytest.approx(1, 1e-4)
            assert name in [engine["name"] for engine in answer.json()["engines"]]
        tasks = {task["name"]: task for task in unix.get("/v1/tasks").json()["tasks"]}
        listed = {engine["name"] for engine in tasks["classify_text"]["engines"]}
        assert listed == {"minilm", "my-topics", "other"}
        for given, status, said in (
            ({"classifier": "minilm"}, 422, "no classifier of texts"),
            ({"classifier": "../my-topics"}, 404, "there is no '../my-topics'"),
            ({"classifier": "my-topics", "labels": ["a"]}, 422, "labels: has no meaning"),
            ({}, 422, "labels"),
        ):
            refused = unix.post(
                "/v1/tasks/classify_text", json={"inputs": "a", "parameters": given}
            )
            assert (refused.status_code, said in refused.json()["detail"]) == (status, True)
    assert cli.main(["train", "text-classifier", str(file)]) == cli.FAILED
    assert "--replace" in capsys.readouterr().err
    page = (running.folder / "data" / "engines" / "my-topics" / "README.md").read_text()
    assert "| `..` | 1.000 | 1.000 | 1.000 | 6 |" in page


def test_ctrl_c_leaves_nothing(running: Served) -> None:
    file = running.folder / "stopped.csv"
    topics.write(file, 400)
    command = "import sys; from sensorium_tools.cli import main; sys.exit(main(sys.argv[1:]))"
    with subprocess.Popen(
        [sys.executable, "-c", command, "train", "text-classifier", str(file)],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={
            **os.environ, "PYTHONPATH": f"{ROOT / 'runtime'}:{ROOT / 'tools'}",
            "SENSORIUM_CACHE_DIR": str(running.folder / "cache"),
            "SENSORIUM_DATA_DIR": str(running.folder / "data"),
        },
    ) as training:
        assert training.stderr is not None
        said = ""
        while "lstm: epoch 1" not in said:
            said = training.stderr.readline()
            assert said, "it ended by itself"
        training.send_signal(2)
        assert training.wait(60) == cli.INTERRUPTED
        assert "nothing half-done is left" in training.stderr.read()
    end = time.monotonic() + 60
    while _group(training.pid):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert not list((running.folder / "data").rglob("*stopped*"))
    assert not list((running.folder / "cache").rglob("*stopped*"))


def _group(leader: int) -> bool:
    """Whether a process of a group is alive."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True
