"""`python -m sensorium.process HANDLE`: a child of the supervisor; not for people."""

from __future__ import annotations

import sys

from sensorium.process.child import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
