"""Clients that others wrote, against a real daemon's engines: tritonclient, and bodies by hand."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tritonclient.http as triton
from fixtures import served
from fixtures.inference_calls import FEEDS, NAMES, direct, infer, inputs
from fixtures.inference_daemon import bearer, by_socket, by_triton, inference_daemon
from tritonclient.utils import InferenceServerException

from sensorium.inference import store

if TYPE_CHECKING:

    import httpx
    from fixtures.daemon import Daemon

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="a Unix socket and /dev/shm"),
]

a_daemon = pytest.fixture(inference_daemon, name="daemon", scope="module")
a_socket = pytest.fixture(by_socket, name="unix")
a_client = pytest.fixture(by_triton, name="client")
a_token = pytest.fixture(bearer, name="token")


def test_health_metadata_and_extensions(client: triton.InferenceServerClient, token) -> None:
    assert client.is_server_live()
    assert client.is_server_ready(headers=token())
    server = client.get_server_metadata(headers=token())
    assert server["name"] == "sensorium"
    assert {"binary_tensor_data", "system_shared_memory"} <= set(server["extensions"])
    for name in NAMES:
        assert client.is_model_ready(name, headers=token())
        assert client.is_model_ready(name, "1", headers=token())
        model = client.get_model_metadata(name, headers=token())
        assert {port["name"] for port in model["inputs"]} == FEEDS[name].keys()
    assert client.get_model_metadata("minilm", headers=token())["inputs"][0]["shape"] == [1, -1]
    assert not client.is_model_ready("minilm", "2", headers=token())
    assert not client.is_model_ready("nothing", headers=token())
    with pytest.raises(InferenceServerException, match="token is missing"):
        client.get_server_metadata()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("binary", [True, False])
def test_outputs_are_those_of_the_engine_itself(
    client: triton.InferenceServerClient, token, name: str, binary: bool
) -> None:
    expected = direct(name, FEEDS[name])
    outputs = [triton.InferRequestedOutput(output, binary_data=binary) for output in expected]

    result = client.infer(
        name, inputs(FEEDS[name], binary=binary), outputs=outputs, request_id="7", headers=token()
    )

    assert result.get_response()["id"] == "7"
    for output, array in expected.items():
        assert result.as_numpy(output).dtype == array.dtype
        assert np.array_equal(result.as_numpy(output), array)


def test_a_plugin_can_show_the_token(client: triton.InferenceServerClient, token) -> None:
    class Shows(triton.InferenceServerClientPlugin):
        def __call__(self, request) -> None:
            request.headers.update(token())

    client.register_plugin(Shows())

    assert client.is_model_ready("minilm")


def test_a_classification_has_the_cards_labels(
    client: triton.InferenceServerClient, token
) -> None:
    scores = direct("gesture-recognizer", FEEDS["gesture-recognizer"])["scores"][0]
    asked = [triton.InferRequestedOutput("scores", class_count=2)]

    result = client.infer(
        "gesture-recognizer", inputs(FEEDS["gesture-recognizer"]), outputs=asked, headers=token()
    )

    best = result.as_numpy("scores")[0, 0].decode().split(":")
    labels = store.find_card("gesture-recognizer").engine.labels
    assert best[1:] == [str(scores.argmax()), labels[scores.argmax()]]
    assert float(best[0]) == pytest.approx(scores.max())


def test_load_unload_and_statistics(client: triton.InferenceServerClient, token) -> None:
    client.load_model("silero-vad", headers=token(), query_params={"keep_warm": "true"})
    index = {one["name"]: one for one in client.get_model_repository_index(headers=token())}
    assert index["silero-vad"]["state"] == "READY"
    assert index["silero-vad"]["keep_warm"] is True
    assert index["yolov3-tiny"]["reason"] == "sensorium-engines build yolov3-tiny"
    client.infer("silero-vad", inputs(FEEDS["silero-vad"]), headers=token())
    stats = client.get_inference_statistics("silero-vad", headers=token())["model_stats"][0]
    assert stats["inference_stats"]["success"]["count"] == stats["inference_count"] > 0
    assert client.get_inference_statistics(headers=token())["model_stats"]

    client.unload_model("silero-vad", headers=token())

    assert not client.is_model_ready("silero-vad", headers=token())
    client.load_model("silero-vad", headers=token())
    assert client.is_model_ready("silero-vad", headers=token())
    for name, config in (("nothing", None), ("yolov3-tiny", None), ("minilm", "{}")):
        with pytest.raises(InferenceServerException):
            client.load_model(name, headers=token(), config=config)


@pytest.mark.parametrize(
    "path",
    ["/v2/models/../infer", "/v2/models/%2e%2e/infer", "/v2/models/..%2f..%2fetc/infer",
     "/v2/models/%00/infer", "/v2/models/%ed%a0%80/infer", "/v2/models/minilm/versions/2/infer",
     "/v2/models/" + "x" * 3000 + "/infer"],
)
def test_names_that_are_none_are_not_found(daemon: Daemon, path: str) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(served.address(daemon)["socket"])
        text = json.dumps({"inputs": []})
        link.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
        )
        said = b"".join(iter(lambda: link.recv(65536), b"")).decode()

    assert said.startswith("HTTP/1.1 404")
    assert json.loads(said.split("\r\n\r\n", 1)[1])["remedy"]


def test_urgency_and_deadlines_are_checked(unix: httpx.Client) -> None:
    assert infer(unix, "minilm", FEEDS["minilm"], priority=1, timeout=10_000_000).is_success
    assert infer(unix, "minilm", FEEDS["minilm"], priority=77).status_code == 400
    assert infer(unix, "minilm", FEEDS["minilm"], timeout=-5).status_code == 400


def test_curl_needs_no_more_than_the_socket(daemon: Daemon) -> None:
    said = subprocess.run(
        ["curl", "-sf", "--unix-socket", served.address(daemon)["socket"],
         "http://localhost/v2/models/minilm"],
        capture_output=True, text=True, check=True,
    )

    assert json.loads(said.stdout)["outputs"][0]["name"] == "embedding"
