"""Clients that others wrote, against a real daemon's engines: tritonclient, and bodies by hand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import tritonclient.http as triton
from fixtures import served
from fixtures.batched_engine import feeds
from tritonclient.http._utils import _get_inference_request
from tritonclient.utils import InferenceServerException, shared_memory

from sensorium.inference import store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.daemon import Daemon

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="a Unix socket and /dev/shm"),
]
NAMES = ("minilm", "silero-vad", "gesture-recognizer")
NOISE = np.random.default_rng(5)
FEEDS = {
    "minilm": {"input_ids": np.array([[101, 7592, 2088, 102]], np.int64)},
    "silero-vad": {
        "input": NOISE.standard_normal((1, 576)).astype(np.float32) * 0.1,
        "state": np.zeros((2, 1, 128), np.float32),
    },
    "gesture-recognizer": {
        "hand": NOISE.random((1, 21, 3)).astype(np.float32),
        "handedness": np.ones((1, 1), np.float32),
    },
}
DATATYPES = {"float32": "FP32", "int64": "INT64"}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    config = f"{served.CONFIG}queue = 8\nmax_body_mib = 8\n"
    with served.daemon(tmp_path_factory.mktemp("inference"), *NAMES, config=config) as running:
        yield running


@pytest.fixture
def unix(daemon: Daemon) -> Iterator[httpx.Client]:
    with served.unix(daemon) as client:
        yield client


@pytest.fixture
def client(daemon: Daemon) -> Iterator[triton.InferenceServerClient]:
    made = triton.InferenceServerClient(served.address(daemon)["url"].removeprefix("http://"))
    yield made
    made.close()


@pytest.fixture
def token(daemon: Daemon) -> Bearer:
    return Bearer(served.address(daemon)["token"])


class Bearer:
    """New headers with the token for each call: tritonclient writes into those it is given."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


def direct(name: str, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    engine = store.load(name)
    try:
        return {output: array.copy() for output, array in engine.run(given).items()}
    finally:
        engine.close()


def inputs(given: dict[str, np.ndarray], *, binary: bool = True) -> list[triton.InferInput]:
    made = []
    for name, array in given.items():
        one = triton.InferInput(name, list(array.shape), DATATYPES[array.dtype.name])
        one.set_data_from_numpy(array, binary_data=binary)
        made.append(one)
    return made


def infer(unix: httpx.Client, name: str, given: dict[str, np.ndarray], **options: Any):
    body, length = _get_inference_request(
        inputs(given), "", None, 0, False, False, options.get("priority", 0),
        options.get("timeout"), options.get("parameters"),
    )
    headers = {"Inference-Header-Content-Length": str(length)}
    return unix.post(f"/v2/models/{name}/infer", content=body, headers=headers)


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


class Memory:
    """Memory that the daemon made, attached by tritonclient."""

    def __init__(self, client: triton.InferenceServerClient, token, daemon: Daemon) -> None:
        self.url = served.address(daemon)["url"]
        self.token = token
        made = httpx.post(f"{self.url}/v1/shared-memory", json={"byte_size": 8192}, headers=token())
        self.key = made.json()["key"]
        self.handle = shared_memory.create_shared_memory_region("tensors", self.key, 8192)
        client.register_system_shared_memory("tensors", self.key, 8192, headers=token())
        self.client = client

    def infer(self) -> np.ndarray:
        given = FEEDS["gesture-recognizer"]
        shared_memory.set_shared_memory_region(self.handle, [given["hand"]])
        shared_memory.set_shared_memory_region(self.handle, [given["handedness"]], offset=1024)
        ports = inputs(given)
        ports[0].set_shared_memory("tensors", given["hand"].nbytes)
        ports[1].set_shared_memory("tensors", 4, offset=1024)
        output = triton.InferRequestedOutput("scores")
        output.set_shared_memory("tensors", 32, offset=2048)
        self.client.infer("gesture-recognizer", ports, outputs=[output], headers=self.token())
        return shared_memory.get_contents_as_numpy(self.handle, np.float32, (1, 8), 2048).copy()

    def close(self) -> None:
        shared_memory.destroy_shared_memory_region(self.handle)
        self.client.unregister_system_shared_memory(headers=self.token())
        httpx.delete(f"{self.url}/v1/shared-memory/{self.key}", headers=self.token())


@pytest.fixture
def memory(client: triton.InferenceServerClient, token, daemon: Daemon) -> Iterator[Memory]:
    made = Memory(client, token, daemon)
    yield made
    made.close()


def test_tensors_in_shared_memory(memory: Memory) -> None:
    expected = direct("gesture-recognizer", FEEDS["gesture-recognizer"])["scores"]
    path = Path("/dev/shm") / memory.key

    assert path.stat().st_mode & 0o777 == 0o600
    assert np.array_equal(memory.infer(), expected)
    status = memory.client.get_system_shared_memory_status(headers=memory.token())
    assert status == [{"name": "tensors", "key": memory.key, "offset": 0, "byte_size": 8192}]
    # Who unlinks it takes away its name, not our memory.
    path.unlink()
    assert np.array_equal(memory.infer(), expected)
    path.touch()
    memory.client.unregister_system_shared_memory("tensors", headers=memory.token())
    assert memory.client.get_system_shared_memory_status(headers=memory.token()) == []


def test_a_client_that_cuts_its_memory_short_ends_nothing(
    memory: Memory, unix: httpx.Client
) -> None:
    memory.infer()
    os.truncate(Path("/dev/shm") / memory.key, 100)
    region = {"shared_memory_region": "tensors", "shared_memory_byte_size": 252}
    body = {
        "inputs": [
            {"name": "hand", "datatype": "FP32", "shape": [1, 21, 3], "parameters": region},
            {"name": "handedness", "datatype": "FP32", "shape": [1, 1], "data": [1]},
        ]
    }

    answer = httpx.post(
        f"{memory.url}/v2/models/gesture-recognizer/infer", json=body, headers=memory.token()
    )

    assert answer.status_code == 409
    assert "cut short" in answer.json()["detail"]
    assert unix.get("/v2/health/ready").status_code == 200
    os.truncate(Path("/dev/shm") / memory.key, 8192)


def test_only_what_the_daemon_made_can_be_registered(
    client: triton.InferenceServerClient, token, memory: Memory
) -> None:
    own = shared_memory.create_shared_memory_region("own", "own-key", 64)
    try:
        for key in ("own-key", "/own-key", "../etc/passwd", "", "x" * 3000):
            with pytest.raises(InferenceServerException) as caught:
                client.register_system_shared_memory("own", key, 64, headers=token())
            assert caught.value.status() in ("400", "404", "413")
        assert "POST /v1/shared-memory" in refused_key(client, token).message()
    finally:
        shared_memory.destroy_shared_memory_region(own)
    for size, offset in ((8193, 0), (1, 8192), (8192, 1), (2**63 - 1, 2**63 - 1), (2**70, 0)):
        with pytest.raises(InferenceServerException) as caught:
            client.register_system_shared_memory(
                "beyond", memory.key, size, offset=offset, headers=token()
            )
        assert caught.value.status() == "400"
    with pytest.raises(InferenceServerException, match="registered already"):
        client.register_system_shared_memory("tensors", memory.key, 64, headers=token())


def refused_key(client: triton.InferenceServerClient, token) -> InferenceServerException:
    with pytest.raises(InferenceServerException) as caught:
        client.register_system_shared_memory("own", "own-key", 64, headers=token())
    return caught.value


def test_regions_are_an_apps_own_and_bounded(memory: Memory, unix: httpx.Client) -> None:
    other = {**memory.token(), "Sensorium-App": "other"}
    place = {"shared_memory_region": "tensors", "shared_memory_byte_size": 8}
    for size, offset, headers, status in (
        (4, 8192, memory.token(), 400), (4, 2**62, memory.token(), 400),
        (4, -1, memory.token(), 400), (2**63 - 1, 0, memory.token(), 400),
        (4, 0, other, 404), (5, 0, memory.token(), 400),
    ):
        parameters = {**place, "shared_memory_offset": offset, "shared_memory_byte_size": size}
        body = {
            "inputs": [
                {"name": "hand", "datatype": "FP32", "shape": [1, 21, 3], "data": [0.5] * 63},
                {"name": "handedness", "datatype": "FP32", "shape": [1, 1],
                 "parameters": parameters},
            ]
        }
        answer = httpx.post(
            f"{memory.url}/v2/models/gesture-recognizer/infer", json=body, headers=headers
        )
        assert answer.status_code == status, answer.text
    too_many = [unix.post("/v1/shared-memory", json={"byte_size": 1}) for _ in range(70)]
    assert {answer.status_code for answer in too_many} == {201, 429}
    for answer in too_many:
        if answer.status_code == 201:
            unix.delete(f"/v1/shared-memory/{answer.json()['key']}")
    for size in (0, -1, 2**40, 2**70, 1.5, "64", True, None):
        assert unix.post("/v1/shared-memory", json={"byte_size": size}).status_code == 400
    assert unix.post("/v1/shared-memory", json={"byte_size": 1 << 29}).status_code in (429, 507)


def test_what_a_killed_service_left_is_removed(daemon: Daemon, unix: httpx.Client) -> None:
    key = unix.post("/v1/shared-memory", json={"byte_size": 64}).json()["key"]
    before = served.address(daemon)["pid"]
    os.utime(Path("/dev/shm") / key, (1, 1))
    os.kill(int(before), 9)
    deadline = time.monotonic() + 60
    while (served.address(daemon)["pid"] == before or (Path("/dev/shm") / key).exists()) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.1)

    assert not (Path("/dev/shm") / key).exists()


def test_bodies_beyond_the_limit_are_refused_unread(unix: httpx.Client) -> None:
    told = unix.post("/v2/models/minilm/infer", content=bytes(9 << 20))
    untold = unix.post("/v2/models/minilm/infer", content=(bytes(1 << 20) for _ in range(20)))

    assert (told.status_code, untold.status_code) == (413, 413)


def test_many_large_bodies_at_once_hold_bounded_memory(
    daemon: Daemon, unix: httpx.Client
) -> None:
    status = Path(f"/proc/{served.address(daemon)['pid']}/status")

    def resident_mib() -> int:
        return int(status.read_text().split("VmRSS:")[1].split()[0]) // 1024

    before = resident_mib()
    links = []
    for _ in range(60):
        link = socket.socket(socket.AF_UNIX)
        link.connect(served.address(daemon)["socket"])
        link.settimeout(60)
        link.sendall(
            b"POST /v2/models/minilm/infer HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 8000000\r\nInference-Header-Content-Length: 2\r\n\r\n"
        )
        links.append(link)
    # All but a last byte: each is held, up to the bound of all together.
    refused = []
    for link in links:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            link.sendall(b"{}" + bytes(7_999_997))
        if select.select([link], [], [], 0.2)[0]:
            refused.append(link.recv(65536))
    held = resident_mib()
    for link in links:
        link.close()

    assert refused
    assert all(b" 429 " in answer for answer in refused)
    assert held - before < 200
    assert unix.get("/v2/health/ready").status_code == 200
    assert infer(unix, "minilm", FEEDS["minilm"]).status_code == 200


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


def test_a_spoilt_request_leaves_the_daemon_as_it_was(unix: httpx.Client) -> None:
    path = "/v2/models/minilm/infer"
    for content in (b"", b"{", b"[" * 200_000, b'{"inputs": [' + b"{}," * 1000 + b"{}]}",
                    b'{"id": "\\ud800", "inputs": [{"name": "\\ud800", "shape": [1], '
                    b'"datatype": "INT64", "data": [1]}]}'):
        answer = unix.post(path, content=content)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["error"]
    assert unix.post(path, content=b"{}", headers={"Content-Encoding": "gzip"}).status_code == 415
    assert infer(unix, "minilm", FEEDS["minilm"]).status_code == 200


def test_a_thousand_at_once_are_answered_or_told_to_come_again(daemon: Daemon) -> None:
    body = json.dumps({
        "inputs": [
            {"name": "x", "datatype": "FP32", "shape": [1, 3], "data": [2, 3, 4]},
            {"name": "line", "datatype": "INT64", "shape": [1], "data": [0]},
        ]
    })

    request = (
        "POST /v2/models/rows/infer HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )

    async def ask() -> list[tuple[int, bytes, bytes]]:
        """Five requests, one after the other."""
        reader, writer = await asyncio.open_unix_connection(served.address(daemon)["socket"])
        answers = []
        for _ in range(5):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            answers.append((int(head.split()[1]), head, await reader.readexactly(length)))
        writer.close()
        return answers

    async def flood() -> list[tuple[int, bytes, bytes]]:
        several = await asyncio.gather(*(ask() for _ in range(200)))
        return [answer for answers in several for answer in answers]

    by_status: dict[int, list[Any]] = {200: [], 429: []}
    for status, head, content in asyncio.run(flood()):
        by_status[status].append((head, json.loads(content)))

    assert by_status[200]
    assert by_status[429]
    assert all(answer["outputs"][0]["data"] == [2, 3, 4] for _, answer in by_status[200])
    assert all(b"retry-after: " in head for head, _ in by_status[429])
    with served.unix(daemon) as unix:
        assert infer(unix, "rows", feeds(1.0)).status_code == 200


def test_unload_during_inference(daemon: Daemon) -> None:
    async def mix() -> tuple[list[httpx.Response], list[httpx.Response]]:
        transport = httpx.AsyncHTTPTransport(uds=served.address(daemon)["socket"])
        body = json.dumps({
            "inputs": [
                {"name": "input_ids", "datatype": "INT64", "shape": [1, 64], "data": [101] * 64}
            ]
        })
        base = "http://localhost/v2"
        async with httpx.AsyncClient(transport=transport, timeout=120) as one:
            runs = [
                one.post(f"{base}/models/minilm/infer", content=body) for _ in range(6)
            ]
            unloads = [
                one.post(f"{base}/repository/models/minilm/unload", content=b"{}")
                for _ in range(3)
            ]
            ended = await asyncio.gather(*runs[:3], *unloads, *runs[3:])
        return ended[:3] + ended[6:], ended[3:6]

    runs, unloads = asyncio.run(mix())

    assert {answer.status_code for answer in (*runs, *unloads)} == {200}
    assert len({json.dumps(answer.json()["outputs"]) for answer in runs}) == 1


def test_callers_that_leave_are_taken_out(daemon: Daemon, unix: httpx.Client) -> None:
    links = []
    text = json.dumps({
        "inputs": [
            {"name": "input_ids", "datatype": "INT64", "shape": [1, 256], "data": [101] * 256}
        ]
    })
    for _ in range(8):
        link = socket.socket(socket.AF_UNIX)
        link.connect(served.address(daemon)["socket"])
        link.sendall(
            "POST /v2/models/minilm/infer HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
        )
        links.append(link)
    for link in links:
        link.close()

    assert infer(unix, "minilm", FEEDS["minilm"]).status_code == 200
    index = {one["name"]: one for one in unix.post("/v2/repository/index").json()}
    assert index["minilm"]["waiting"] == 0
    assert "ERROR" not in daemon.log.read_text()


def test_urgency_and_deadlines_are_checked(unix: httpx.Client) -> None:
    assert infer(unix, "minilm", FEEDS["minilm"], priority=1, timeout=10_000_000).is_success
    assert infer(unix, "minilm", FEEDS["minilm"], priority=77).status_code == 400
    assert infer(unix, "minilm", FEEDS["minilm"], timeout=-5).status_code == 400


def test_a_client_that_never_reads_holds_nobody_up(daemon: Daemon, unix: httpx.Client) -> None:
    link = socket.socket(socket.AF_UNIX)
    link.connect(served.address(daemon)["socket"])
    request = b"GET /v2/models/stats HTTP/1.1\r\nHost: localhost\r\n\r\n"
    link.setblocking(False)
    for _ in range(2000):
        try:
            link.send(request)
        except BlockingIOError:
            break

    assert unix.get("/v2/health/ready").status_code == 200
    link.close()


def test_curl_needs_no_more_than_the_socket(daemon: Daemon) -> None:
    said = subprocess.run(
        ["curl", "-sf", "--unix-socket", served.address(daemon)["socket"],
         "http://localhost/v2/models/minilm"],
        capture_output=True, text=True, check=True,
    )

    assert json.loads(said.stdout)["outputs"][0]["name"] == "embedding"
