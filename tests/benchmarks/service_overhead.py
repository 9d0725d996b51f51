"""What an inference by the local API's Unix socket takes beyond the engine's own call.

    python tests/benchmarks/service_overhead.py [--json FILE]

A real daemon serves; the bare call is the same engine, loaded in this process with as many threads.
All cases take turns. The client writes and reads a socket by hand, so that the figures are the
service's and not a client library's. `echo` does next to nothing with a tensor of any size:

- in: the tensor goes in and 256 bytes come back; a MB is one of the request;
- in and out: the tensor comes back, too; a MB is one of either way;
- shared memory: the same through memory that the daemon made.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figures, percentiles
from fixtures import echo_engine, engines
from fixtures.daemon import Daemon
from turns import in_turns

from sensorium import folders
from sensorium.inference import store

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = "gesture-recognizer"
CONFIG = "\n[inference]\nnice = 0\nthreads = 1\n[service]\nenabled = true\n"
SIZES_MB = (1, 4, 16)
MB = 1_000_000
BUDGET_S = 12.0


class Link:
    """A connection that stays open.

    Args:
        path: Of the Unix socket.
    """

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._buffer = memoryview(bytearray(40 * MB))

    def post(self, path: str, text: bytes, rest: bytes | memoryview = b"") -> memoryview:
        """The body of an answer; valid until the next."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Length: {len(text) + len(rest)}\r\n"
            f"Inference-Header-Content-Length: {len(text)}\r\n\r\n"
        ).encode()
        self._socket.sendall(head + text + (rest if len(rest) < 65_536 else b""))
        if len(rest) >= 65_536:
            self._socket.sendall(rest)
        got, begin, length = 0, 0, -1
        while length < 0 or got < begin + length:
            got += self._socket.recv_into(self._buffer[got:])
            if length < 0:
                seen = bytes(self._buffer[:got])
                end = seen.find(b"\r\n\r\n")
                if end >= 0:
                    begin = end + 4
                    lines = seen[:end].lower().split(b"\r\n")
                    if b" 20" not in lines[0]:
                        raise SystemExit(f"{path}: {seen.decode(errors='replace')}")
                    length = next(
                        int(line[16:]) for line in lines if line.startswith(b"content-length: ")
                    )
        return self._buffer[begin : begin + length]


def request(feeds: dict[str, Any], outputs: tuple[str, ...], kind: str) -> tuple[bytes, bytes]:
    """JSON and binary data of a request; `kind` is json, binary or shared."""
    ports, end = [], 0
    for name, array in feeds.items():
        port: dict[str, Any] = {"name": name, "shape": array.shape, "datatype": "FP32"}
        if kind == "json":
            port["data"] = array.reshape(-1).tolist()
        elif kind == "binary":
            port["parameters"] = {"binary_data_size": array.nbytes}
        else:
            port["parameters"] = place(end, array.nbytes)
        end += array.nbytes
        ports.append(port)
    wanted = []
    for name in outputs:
        size = feeds["x"].nbytes if name == "y" else 4096
        wanted.append({
            "name": name,
            "parameters": place(end, size) if kind == "shared" else {"binary_data": kind != "json"},
        })
        end += size
    rest = b"".join(array.tobytes() for array in feeds.values()) if kind == "binary" else b""
    return json.dumps({"inputs": ports, "outputs": wanted}).encode(), rest


def place(offset: int, size: int) -> dict[str, Any]:
    """The parameters of a tensor in the region."""
    return {
        "shared_memory_region": "tensors", "shared_memory_offset": offset,
        "shared_memory_byte_size": size,
    }


class Shared:
    """A call whose tensors go through memory that the daemon made."""

    def __init__(
        self, link: Link, memory: mmap.mmap, path: str, feeds: dict[str, Any], output: str,
        size: int,
    ) -> None:
        self._link, self._memory, self._path = link, memory, path
        self._feeds = [array.tobytes() for array in feeds.values()]
        self._text, _ = request(feeds, (output,), "shared")
        self._begin = sum(map(len, self._feeds))
        self._size = size

    def __call__(self) -> np.ndarray:
        end = 0
        for content in self._feeds:
            self._memory[end : end + len(content)] = content
            end += len(content)
        self._link.post(self._path, self._text)
        return np.frombuffer(self._memory, np.float32, self._size // 4, self._begin).copy()


def cases(
    link: Link, memory: mmap.mmap, name: str, feeds: dict[str, Any], output: str
) -> dict[str, Callable[[], Any]]:
    """The bare call and those by the socket."""
    path, engine = f"/v2/models/{name}/infer", store.load(name)

    def bare() -> np.ndarray:
        return engine.run(feeds)[output].copy()

    found: dict[str, Callable[[], Any]] = {"bare": bare}
    if name == SMALL:
        found["json"] = partial(link.post, path, *request(feeds, (output,), "json"))
    found["binary"] = partial(link.post, path, *request(feeds, (output,), "binary"))
    found["shared memory"] = Shared(link, memory, path, feeds, output, bare().nbytes)
    answer = bytes(found["binary"]())[-bare().nbytes :]
    assert answer == bare().tobytes()
    assert found["shared memory"]().tobytes() == answer
    return found


def measure(figures: Figures, running: Daemon) -> None:
    """All rows."""
    link = Link(json.loads((running.runtime_dir / "api.json").read_text())["socket"])
    size = 2 * max(SIZES_MB) * MB + 8192
    key = json.loads(bytes(link.post("/v1/shared-memory", b'{"byte_size": %d}' % size)))["key"]
    wish = json.dumps({"key": key, "byte_size": size}).encode()
    link.post("/v2/systemsharedmemory/region/tensors/register", wish)
    handle = os.open(f"/dev/shm/{key}", os.O_RDWR)
    noise = np.random.default_rng(2)
    small = {
        "hand": noise.random((1, 21, 3)).astype(np.float32),
        "handedness": np.ones((1, 1), np.float32),
    }
    with mmap.mmap(handle, size) as memory:
        os.close(handle)
        added = rows(figures, "small", 0, in_turns(
            cases(link, memory, SMALL, small, "scores"), BUDGET_S
        ))
        figures.goal("small tensor, binary: adds ms p50", added["binary"], 1.0)
        for megabytes in SIZES_MB:
            tensor = {"x": noise.random((1, megabytes * MB // 256, 64)).astype(np.float32)}
            for output, moved, label in (("first", 1, "in"), ("y", 2, "in and out")):
                added = rows(figures, f"{megabytes} MB {label}", moved * megabytes, in_turns(
                    cases(link, memory, echo_engine.NAME, tensor, output), BUDGET_S
                ))
                figures.goal(
                    f"{megabytes} MB {label}, binary: adds ms a MB",
                    added["binary"] / (moved * megabytes), 1.3,
                )


def rows(
    figures: Figures, label: str, moved: int, spent: dict[str, list[int]]
) -> dict[str, float]:
    """Adds a row for each case; how much each adds, in ms p50."""
    bare = percentiles(spent["bare"])["p50"]
    added = {}
    for name, times in spent.items():
        of_case = percentiles(times)
        added[name] = (of_case["p50"] - bare) / 1e6
        figures.row(
            label, name, of_case["p50"] / 1e6, of_case["p99"] / 1e6, added[name],
            added[name] / moved if moved else "",
        )
    return added


def main() -> None:
    """Starts a daemon and measures."""
    figures = Figures(
        "An inference by the Unix socket beside the bare call",
        ("tensors", "way", "p50 ms", "p99 ms", "adds ms p50", "adds ms a MB"),
    )
    engines.ensure_built(SMALL)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = folder / "cache" / "engines"
        built.mkdir(parents=True)
        (built / SMALL).symlink_to(folders.cache_dir() / "engines" / SMALL)
        os.environ["SENSORIUM_CACHE_DIR"] = str(folder / "cache")
        os.environ["SENSORIUM_DATA_DIR"] = str(folder / "data")
        echo_engine.write()
        with Daemon(folder, CONFIG, cache=folder / "cache") as running:
            measure(figures, running)
    figures.show()


if __name__ == "__main__":
    main()
