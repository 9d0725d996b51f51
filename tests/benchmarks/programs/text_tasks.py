"""Gives a daemon's local API a text to embed, again and again at a fixed rate.

    python text_tasks.py SOCKET HZ

It ends with its input, and prints one JSON object: answers, failed, p50 and p99 of an answer's time
in ms.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import sys
import time

BODY = json.dumps({"inputs": ["Move the red box behind the lamp.", "Where did I put the map?"]})


class UnixConnection(http.client.HTTPConnection):
    """HTTP by a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect(self._path)


def main() -> None:
    """Asks until the input ends, prints."""
    path, hz = sys.argv[1], float(sys.argv[2])
    link = UnixConnection(path)
    took: list[float] = []
    failed, due = 0, time.monotonic()
    while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
        due = max(due + 1 / hz, time.monotonic())
        begun = time.perf_counter()
        try:
            link.request("POST", "/v1/tasks/embed", BODY, {"Content-Type": "application/json"})
            answer = link.getresponse()
            answer.read()
            failed += answer.status != 200
        except (OSError, http.client.HTTPException):
            link.close()
            failed += 1
            continue
        took.append(1000 * (time.perf_counter() - begun))
    took.sort()
    print(json.dumps({
        "answers": len(took), "failed": failed,
        "p50_ms": took[len(took) // 2] if took else None,
        "p99_ms": took[int(0.99 * len(took))] if took else None,
    }))


if __name__ == "__main__":
    main()
