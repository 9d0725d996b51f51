"""Looks in a child process, so that a driver that crashes cannot take doctor down."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

from sensorium.cli.launch import environment

_PATIENCE_S = 15.0


def ask(*question: str) -> dict[str, Any]:
    """Runs `sensorium.cli.doctor.probe` with a question.

    Returns:
        What it found; `error` (and `remedy`) when it could not be found out.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "sensorium.cli.doctor.probe", *question],
            capture_output=True, text=True, timeout=_PATIENCE_S, check=False,
            stdin=subprocess.DEVNULL, env=environment(),
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no answer within {_PATIENCE_S:.0f} s"}
    try:
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return {"error": _death(done)}
    return found


def _death(done: subprocess.CompletedProcess[str]) -> str:
    said = done.stderr.strip().splitlines()
    if done.returncode < 0:
        return f"it crashed ({signal.Signals(-done.returncode).name})"
    return said[-1] if said else f"it ended with {done.returncode}"
