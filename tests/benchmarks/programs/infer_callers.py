"""Connections in one process that post a request again as soon as it is answered.

    python infer_callers.py SOCKET COUNT FILE

FILE holds the whole HTTP request. It says "ready" when each connection has its first answer; at the
end of its input it prints one JSON object: answers, seconds, p50 and p99 of an answer's time in ms.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from pathlib import Path

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Caller:
    """One connection, with a request on its way."""

    def __init__(self, path: str, request: bytes) -> None:
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.link.connect(path)
        self._request = request
        self.post()

    def post(self) -> None:
        self._data = b""
        self.begun = time.perf_counter()
        self.link.sendall(self._request)

    def answered(self) -> bool:
        """Takes what is there; whether the answer is whole now."""
        data = self.link.recv(65536)
        if not data:
            sys.exit("the service closed a connection")
        self._data += data
        head, blank, body = self._data.partition(b"\r\n\r\n")
        if not blank:
            return False
        length = _LENGTH.search(head)
        if head.split(b" ", 2)[1] != b"200" or length is None:
            sys.exit(self._data.decode(errors="replace"))
        return len(body) >= int(length[1])


def main() -> None:
    """Connects, posts until the input ends, prints."""
    path, count, file = sys.argv[1:]
    request = Path(file).read_bytes()
    selector = selectors.DefaultSelector()
    callers = [Caller(path, request) for _ in range(int(count))]
    for caller in callers:
        selector.register(caller.link, selectors.EVENT_READ, caller)
    for caller in callers:
        while not caller.answered():
            pass
        caller.post()
    selector.register(sys.stdin, selectors.EVENT_READ)
    print("ready", flush=True)
    took: list[float] = []
    start = time.perf_counter()
    while True:
        for key, _ in selector.select():
            caller = key.data
            if caller is None:
                seconds = time.perf_counter() - start
                took.sort()
                print(json.dumps({
                    "answers": len(took), "seconds": seconds,
                    "p50_ms": took[len(took) // 2], "p99_ms": took[len(took) * 99 // 100],
                }))
                return
            if caller.answered():
                took.append((time.perf_counter() - caller.begun) * 1e3)
                caller.post()


if __name__ == "__main__":
    main()
