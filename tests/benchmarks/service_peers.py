"""The local API beside a server of KServe's SDK, on the same model and thread count.

    python -m venv peer && peer/bin/pip install kserve onnxruntime
    python tests/benchmarks/service_peers.py --peer peer/bin/python [--seconds S] [--json FILE]

Each is asked by 1, 4 and 16 connections that stay open, the next request right after the answer,
with binary tensors: what is sent and read is the same for both, by one program of one thread. They
take turns, three times. Ours by loopback TCP as the peer, and by the Unix socket. The bare call is
the same engine, called again and again by one thread of this process: with an engine that takes
long, no server can be many times as fast as another one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import selectors
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figures, percentiles
from fixtures.daemon import Daemon

from sensorium.inference import manifest as manifests
from sensorium.inference import store
from sensorium.inference.feeds import FeedCheck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONNECTIONS = (1, 4, 16)
TURNS = 3
ENGINES = ("silero-vad", "speech-embedding")
PEER = Path(__file__).parent / "programs" / "kserve_peer.py"
THREADS = 1
CONFIG = f"\n[service]\nenabled = true\ntcp = true\n[inference]\nnice = 0\nthreads = {THREADS}\n"


def main() -> None:
    """Measures and prints."""
    options = _options()
    figures = Figures(
        "The local API beside KServe's SDK",
        ("engine", "connections", "server", "requests/s", "p50, ms", "p99, ms"),
    )
    for engine in ENGINES:
        _compare(engine, options, figures)
    figures.show()


def _compare(name: str, options: argparse.Namespace, figures: Figures) -> None:
    folder = store.built_folder(name)
    manifest = manifests.read(folder / manifests.FILE_NAME, "")
    rate, took = _bare(name, manifest, options.seconds)
    found = percentiles(took)
    figures.row(
        name, "", "none: the bare call", round(rate), round(found["p50"], 2), round(found["p99"], 2)
    )
    with (
        tempfile.TemporaryDirectory() as room,
        Daemon(Path(room), CONFIG) as daemon,
        _peer(options.peer, folder / manifest.file) as port,
    ):
        api = json.loads((daemon.runtime_dir / "api.json").read_text())
        token = {"Authorization": f"Bearer {api['token']}"}
        ours = int(api["url"].rpartition(":")[2])
        body, length = _request(manifest)
        servers = {
            "KServe, TCP": (_tcp(port), _head("peer", body, length, {})),
            "ours, TCP": (_tcp(ours), _head(name, body, length, token)),
            "ours, Unix socket": (_unix(api["socket"]), _head(name, body, length, {})),
        }
        for count in CONNECTIONS:
            rates: dict[str, list[float]] = {server: [] for server in servers}
            times: dict[str, list[float]] = {server: [] for server in servers}
            for _ in range(TURNS):
                for server, (connect, head) in servers.items():
                    rate, took = _load(connect, head + body, count, options.seconds)
                    rates[server].append(rate)
                    times[server] += took
            for server in servers:
                found = percentiles(times[server])
                figures.row(
                    name, count, server, round(float(np.median(rates[server]))),
                    round(found["p50"], 2), round(found["p99"], 2),
                )
            for server in ("ours, TCP", "ours, Unix socket"):
                figures.goal(
                    f"{name}, {count} connections: {server}, throughput over the peer's",
                    float(np.median(rates[server]) / np.median(rates["KServe, TCP"])), 2.0,
                    at_most=False,
                )
                figures.goal(
                    f"{name}, {count} connections: {server}, p99 over the peer's",
                    percentiles(times[server])["p99"] / percentiles(times["KServe, TCP"])["p99"],
                    1.0,
                )


def _bare(
    name: str, manifest: manifests.Manifest, seconds: float
) -> tuple[float, list[float]]:
    """As `_load`, without a server."""
    engine, feeds = store.load(name, threads=THREADS), FeedCheck(manifest).zeros()
    took: list[float] = []
    start = time.perf_counter() + 0.5
    while (begun := time.perf_counter()) < start + seconds:
        engine.run(feeds)
        if begun >= start:
            took.append((time.perf_counter() - begun) * 1e3)
    return len(took) / seconds, took


def _request(manifest: manifests.Manifest) -> tuple[bytes, int]:
    """The body of an infer request with binary tensors, and the length of its JSON."""
    names = {
        "float32": "FP32", "int64": "INT64", "int32": "INT32", "bool": "BOOL", "uint8": "UINT8"
    }
    inputs, data = [], b""
    for tensor, array in FeedCheck(manifest).zeros().items():
        raw = array.tobytes()
        data += raw
        inputs.append({
            "name": tensor, "shape": list(array.shape), "datatype": names[array.dtype.name],
            "parameters": {"binary_data_size": len(raw)},
        })
    text = json.dumps(
        {"id": "1", "inputs": inputs, "parameters": {"binary_data_output": True}}
    ).encode()
    return text + data, len(text)


def _head(model: str, body: bytes, length: int, more: dict[str, str]) -> bytes:
    headers = {
        "Host": "127.0.0.1", "Content-Type": "application/octet-stream",
        "Content-Length": str(len(body)), "Inference-Header-Content-Length": str(length), **more,
    }
    lines = [f"POST /v2/models/{model}/infer HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _load(
    connect: Callable[[], socket.socket], request: bytes, count: int, seconds: float
) -> tuple[float, list[float]]:
    """Requests a second, and how long each took in ms; the first half second is not counted."""
    took: list[float] = []
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(count):
            link = stack.enter_context(connect())
            link.sendall(request)
            state = {
                "begun": time.perf_counter(), "data": b"", "whole": 0, "link": link,
            }
            selector.register(link, selectors.EVENT_READ, state)
        start = time.perf_counter() + 0.5
        end = start + seconds
        while (now := time.perf_counter()) < end:
            for key, _ in selector.select(1.0):
                if _answered(key.data):
                    done = time.perf_counter()
                    if now >= start:
                        took.append((done - key.data["begun"]) * 1e3)
                    key.data["begun"] = time.perf_counter()
                    key.data["link"].sendall(request)
    return len(took) / seconds, took


def _answered(state: dict[str, Any]) -> bool:
    data = state["link"].recv(1 << 20)
    if not data:
        raise SystemExit("a server closed the connection")
    state["data"] += data
    if not state["whole"]:
        head, there, _ = state["data"].partition(b"\r\n\r\n")
        if not there:
            return False
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise SystemExit(f"a server said {state['data'][:400]!r}")
        fields = dict(
            line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line
        )
        state["whole"] = len(head) + 4 + int(fields[b"content-length"])
    if len(state["data"]) < state["whole"]:
        return False
    state["data"], state["whole"] = b"", 0
    return True


def _tcp(port: int) -> Callable[[], socket.socket]:
    def connect() -> socket.socket:
        link = socket.create_connection(("127.0.0.1", port), 60)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link

    return connect


def _unix(path: str) -> Callable[[], socket.socket]:
    def connect() -> socket.socket:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(60)
        link.connect(path)
        return link

    return connect


@contextlib.contextmanager
def _peer(python: str, file: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [python, PEER.resolve(), file, str(port), str(THREADS)], cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            end = time.monotonic() + 120
            while time.monotonic() < end:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.2)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    parser.add_argument("--peer", required=True, help="a Python that has kserve and onnxruntime")
    parser.add_argument("--seconds", type=float, default=4.0)
    options, _ = parser.parse_known_args()
    return options


if __name__ == "__main__":
    main()
