"""The link between the supervisor and a child that inherits its end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from sensorium.control import frames
from sensorium.control.link import pair
from sensorium.errors import ControlError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="socket pairs")

CHILD = """
import os, sys
from sensorium.control.link import Link
link = Link.inherit(int(sys.argv[1]))
while True:
    message, handles = link.receive(None)
    if message["op"] == "stop":
        break
    texts = [os.pread(handle, 100, 0).decode() for handle in handles]
    link.send({"op": "read", "texts": texts, "inherits": [os.get_inheritable(h) for h in handles]})
"""


def test_a_child_gets_messages_with_handles_and_answers() -> None:
    ours, theirs = pair()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(theirs.handle)], env=environment, **theirs.popen_options()
    ) as child:
        theirs.close()
        ours.started(child)
        handles = [os.memfd_create(f"{number}") for number in range(frames.MAX_HANDLES)]
        for number, handle in enumerate(handles):
            os.write(handle, f"text {number}".encode())
        assert ours.send({"op": "map"}, handles)
        assert ours.send({"op": "map"})
        first, second = ours.receive(60), ours.receive(60)
        assert first is not None
        assert second is not None
        assert first[0]["texts"] == [f"text {number}" for number in range(frames.MAX_HANDLES)]
        assert not any(first[0]["inherits"])
        assert second[0]["texts"] == []
        assert ours.receive(0.0) is None
        assert ours.send({"op": "stop"})
        assert child.wait(60) == 0
        with pytest.raises(ControlError, match="closed"):
            ours.receive(60)
        with pytest.raises(ControlError, match="closed"):
            ours.send({"op": "late"})
        for handle in handles:
            os.close(handle)
    ours.close()
    ours.close()


def test_an_end_that_does_not_read_holds_up_nobody() -> None:
    ours, theirs = pair()
    message = {"op": "report", "text": "x" * 1000}
    sent = 0
    while ours.send(message):
        sent += 1
    began = time.monotonic()
    assert not ours.send(message, timeout_s=0.1)
    assert time.monotonic() - began > 0.05
    reader = threading.Timer(0.2, lambda: [theirs.receive(60) for _ in range(sent)])
    reader.start()
    assert ours.send(message, timeout_s=60)
    reader.join()
    assert theirs.receive(5) == (message, ())
    for end in (ours, theirs):
        end.close()


def test_a_message_that_is_too_long_is_refused_where_it_is_sent() -> None:
    ours, theirs = pair()
    with pytest.raises(ControlError, match="longer than a frame"):
        ours.send({"text": "x" * frames.MAX_FRAME})
    assert ours.send({"text": "x" * (frames.MAX_FRAME - 20)})
    assert theirs.receive(5) is not None
    for end in (ours, theirs):
        end.close()
