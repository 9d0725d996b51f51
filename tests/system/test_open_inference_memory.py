"""Tensors of the Open Inference Protocol in shared memory that the daemon made."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
import tritonclient.http as triton
from fixtures import served
from fixtures.inference_calls import FEEDS, direct, inputs
from fixtures.inference_daemon import bearer, by_socket, by_triton, inference_daemon
from tritonclient.utils import InferenceServerException, shared_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.daemon import Daemon

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="a Unix socket and /dev/shm"),
]

a_daemon = pytest.fixture(inference_daemon, name="daemon", scope="module")
a_socket = pytest.fixture(by_socket, name="unix")
a_client = pytest.fixture(by_triton, name="client")
a_token = pytest.fixture(bearer, name="token")


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
