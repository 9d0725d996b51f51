"""Tasks in the service process of a real daemon."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from fixtures import served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="a Unix socket"),
]


def test_a_daemon_does_tasks(tmp_path: Path) -> None:
    config = served.CONFIG + "\n[daemon]\nworkplace_or_education = true\n"
    with served.daemon(tmp_path, "minilm", config=config) as running, served.unix(running) as unix:
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
        address = served.address(running)
        asked = {"inputs": "hello"}
        with httpx.Client(base_url=address["url"]) as tcp:
            assert tcp.post("/v1/tasks/embed", json=asked).status_code == 401
            shown = {"Authorization": f"Bearer {address['token']}"}
            assert tcp.post("/v1/tasks/embed", json=asked, headers=shown).status_code == 200
