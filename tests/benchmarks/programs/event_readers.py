"""Many clients of /v1/events in one process, which takes what comes and counts it.

    python event_readers.py SOCKET KIND COUNT QUERY APP

KIND is sse or websocket. It says "ready" when all are answered; at the end of its input it prints
one JSON object: events of each client, seconds.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

_UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
RECORD = b'{"event":"record"'


def main() -> None:
    """Connects, counts until the input ends, prints."""
    path, kind, count, query, app = sys.argv[1:]
    selector = selectors.DefaultSelector()
    counts: dict[socket.socket, int] = {}
    for _ in range(int(count)):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.connect(path)
        more = _UPGRADE if kind == "websocket" else ""
        link.sendall(
            f"GET /v1/events?{query} HTTP/1.1\r\nHost: localhost\r\nSensorium-App: {app}\r\n"
            f"{more}\r\n".encode()
        )
        first = link.recv(65536)
        if first.split(b" ")[1] not in (b"200", b"101"):
            sys.exit(first.decode(errors="replace"))
        counts[link] = first.count(RECORD)
        selector.register(link, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    print("ready", flush=True)
    begun = time.monotonic()
    for link in counts:
        counts[link] = 0
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                seconds = time.monotonic() - begun
                print(json.dumps({"events": sorted(counts.values()), "seconds": seconds}))
                return
            data = key.fileobj.recv(65536)
            if not data:
                sys.exit("the service closed a stream")
            counts[key.fileobj] += data.count(RECORD)


if __name__ == "__main__":
    main()
