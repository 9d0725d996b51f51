"""`python -m sensorium.process.gpu_worker HANDLE`: the process that uses the GPU; not for people.

Its niceness and cores are those of the process that starts it, but it never runs in the background.
"""

from __future__ import annotations

import signal
import sys

from sensorium.control.link import Link
from sensorium.inference.worker import Worker
from sensorium.process import idle_class
from sensorium.process.priority import die_with_parent


def main(handle: str) -> None:
    """Serves the link of a handle until its other end is gone."""
    # What a signal to the whole group means is for the supervisor to say.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    die_with_parent()
    idle_class.leave()
    Worker(Link.inherit(int(handle))).serve()


if __name__ == "__main__":
    main(sys.argv[1])
